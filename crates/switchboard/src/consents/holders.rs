//! `POST /v1/consents/_holders`: the open question. Which holders may answer me about this person?
//!
//! The answer is made of the agreement and the person's choices alone, never of the index: a holder stands in it when it may
//! answer *if* it has anything. So it tells what the person chose, as the open question of Mitz does, but not where anything
//! is held; and about a person of whom nothing is known it is what the agreement says.

use std::sync::Arc;

use actix_web::web::{Data, Json};
use kw_agreement::{
    Agreement, Allowed, ConsentVerdict, Decision, DecisionInput, DisclosureInput, PointerInput,
};
use kw_domain::Category;
use kw_ledger::{AccessRecord, Event, RecordedRelation};
use kw_protocol::consent::{HoldersQuestion, PermittedHolder, PermittedHolders};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_protocol::query::{Assurance, RelationBasis};
use kw_runtime::{Body, Party, Refusal, Trace};
use kw_store::WriteError;

use super::{Known, asserted, choices, is_chosen, known, no_number};
use crate::about;
use crate::app::{App, act, act_about, not_read};
use crate::queries::charge;
use crate::staleness::{Unwritten, again, check_generations};

const LONGEST_REASON: usize = 500;

/// Lists the holders that may answer the asking party. Decided, charged and recorded as a question about the person is.
#[utoipa::path(
    post, path = "/v1/consents/_holders", tag = "consents", request_body = HoldersQuestion,
    responses(
        (status = 200, description = "Who may answer", body = PermittedHolders),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another key epoch", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "The quota is used up", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was told", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn permitted_holders(
    app: Data<App>,
    party: Party,
    trace: Trace,
    body: Body<HoldersQuestion>,
) -> Result<Json<PermittedHolders>, Refusal> {
    let agreement = app.agreement.current();
    check_shape(&body.0)?;
    charge(&app, &agreement, &party)?;
    let mut attempt = 0;
    loop {
        attempt += 1;
        match answer(&app, &agreement, &party, &trace, &body.0).await? {
            Ok(holders) => return Ok(Json(holders)),
            Err(error) => again(&app, error, attempt).await?,
        }
    }
}

async fn answer(
    app: &App,
    agreement: &Arc<Agreement>,
    party: &Party,
    trace: &Trace,
    asked: &HoldersQuestion,
) -> Result<Result<PermittedHolders, WriteError<Unwritten>>, Refusal> {
    let (now, keyring) = (app.now(), app.keyring.load_full());
    let mut record = record_of(app, agreement, party, trace, asked);
    let Known { located, subject } = known(app, &keyring, &asked.subject).await?;
    let input = DecisionInput {
        requester: party.oin,
        supplier: party.supplier,
        purpose: &asked.purpose,
        role: &asked.actor.role,
        categories: &asked.categories,
        relation: asked.relation.basis,
        assurance: Assurance::Asserted,
        representation: None,
        at: now,
    };
    let allowed = match agreement.decide(&input) {
        Decision::Allowed(allowed) => allowed,
        Decision::Denied(reason) => return deny(app, &keyring, record, reason.as_str(), subject).await,
    };
    if asked.relation.basis == RelationBasis::Listed {
        let (tags, own) = (located.tags, party.oin);
        let found = app.store.read(move |index| index.find(&tags, now)).await.map_err(not_read)?;
        if !found.is_some_and(|found| found.pointers.iter().any(|pointer| pointer.holder == own)) {
            return deny(app, &keyring, record, "relation-not-listed", subject).await;
        }
    }
    record.categories = allowed.categories.iter().cloned().collect();
    let question = Question { requester: party.oin, asked: asked.clone(), allowed, now };
    let (reference, agreement) = (app.reference(), Arc::clone(agreement));
    let done = app
        .store
        .write("permitted_holders", move |tx| {
            check_generations(tx, &keyring.live)?;
            let stored = match subject {
                Some(subject) => tx.read().choices_of(subject, now)?,
                None => Vec::new(),
            };
            let permitted = question.permitted(&agreement, &choices(&stored));
            let mut record = record.clone();
            record.count = Some(permitted.holders.len() as u64);
            let act = match subject {
                Some(subject) => act_about(record, subject, reference)?,
                None => act(&record)?,
            };
            Ok((permitted, act))
        })
        .await;
    Ok(done.map(|done| done.value))
}

struct Question {
    requester: kw_domain::Oin,
    asked: HoldersQuestion,
    allowed: Allowed,
    now: kw_domain::Instant,
}

impl Question {
    fn permitted(&self, agreement: &Agreement, chosen: &super::Chosen) -> PermittedHolders {
        let mut valid_until = self.now.plus(agreement.consent().answer_valid);
        let mut possible: Vec<(kw_domain::Oin, &Category, ConsentVerdict)> = Vec::new();
        for partner in agreement.partners().filter(|partner| partner.oin != self.requester) {
            for category in partner.registers.intersection(&self.allowed.categories) {
                let mut verdict = ConsentVerdict::Silent;
                if is_chosen(agreement, category) {
                    let found = chosen.about(agreement, partner.oin, category, self.requester, self.now);
                    verdict = found.verdict;
                    valid_until = found.stands_until.map_or(valid_until, |until| until.min(valid_until));
                }
                possible.push((partner.oin, category, verdict));
            }
        }
        let pointers: Vec<PointerInput<'_>> = possible
            .iter()
            .map(|(holder, category, consent)| PointerInput { holder: *holder, category, consent: *consent })
            .collect();
        let disclosed = agreement.disclose(&DisclosureInput {
            requester: self.requester,
            purpose: &self.asked.purpose,
            role: &self.asked.actor.role,
            representation: None,
            at: self.now,
            pointers: &pointers,
        });
        // What the policy cannot decide is not permitted.
        let disclosed = disclosed.unwrap_or_else(|_| vec![false; possible.len()]);
        let holders = possible
            .iter()
            .zip(disclosed)
            .filter(|(_, is_disclosed)| *is_disclosed)
            .map(|((holder, category, _), _)| PermittedHolder {
                holder: *holder,
                category: (*category).clone(),
            })
            .collect();
        PermittedHolders { holders, valid_until }
    }
}

async fn deny(
    app: &App,
    keyring: &Arc<crate::app::Keyring>,
    record: AccessRecord,
    reason: &'static str,
    subject: Option<kw_domain::SubjectId>,
) -> Result<Result<PermittedHolders, WriteError<Unwritten>>, Refusal> {
    match about::commit_denial(app, keyring, record, reason, subject).await {
        Ok(()) => Err(Refusal::new(
            ProblemCode::Denied,
            "The agreement does not let your organisation ask this, or not on this ground.",
        )),
        Err(error) => Ok(Err(error)),
    }
}

fn check_shape(asked: &HoldersQuestion) -> Result<(), Refusal> {
    let mut refusal = Refusal::new(ProblemCode::Invalid, "The question cannot be decided.");
    let reason = asked.relation.reason.as_deref().unwrap_or_default();
    if asked.relation.basis != RelationBasis::Listed && reason.trim().is_empty() {
        refusal = refusal.field("/relation/reason", "expected a reason, because the ground is not 'listed'");
    }
    if reason.len() > LONGEST_REASON || reason.chars().any(char::is_control) {
        refusal = refusal
            .field("/relation/reason", format!("expected at most {LONGEST_REASON} bytes of printable text"));
    }
    refusal = no_number(refusal, "/relation/reason", reason);
    no_number(refusal, "/actor/id", asked.actor.id.as_str()).if_any()
}

fn record_of(
    app: &App,
    agreement: &Agreement,
    party: &Party,
    trace: &Trace,
    asked: &HoldersQuestion,
) -> AccessRecord {
    let mut record = app.record(agreement, Event::ConsentsRead, party.oin, Some(trace));
    record.actor = Some(asserted(&asked.actor));
    record.categories.clone_from(&asked.categories);
    record.purpose = Some(asked.purpose.clone());
    record.relation = Some(RecordedRelation {
        basis: asked.relation.basis.as_str().to_owned(),
        reason: asked.relation.reason.clone(),
    });
    record
}

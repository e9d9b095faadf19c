//! `POST /v1/consents`: a registrar or a professional lays down what a person chose.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::Data;
use kw_agreement::{Agreement, PartnerKind};
use kw_domain::{ConsentId, Oin};
use kw_ledger::{AccessRecord, Event};
use kw_protocol::consent::{Consent, ConsentChoice, RecordConsent};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Party, Refusal, Trace};
use kw_store::switchboard::consents::{MOST_CHOICES, StoredConsent};
use kw_store::{Abort, WriteError};
use serde_json::json;

use super::choices::shown;
use super::{Known, asserted, check_declaration, check_words, deny, known, no_number, standing};
use crate::about::Prospect;
use crate::app::{App, act_about};
use crate::signalling::consent_changed;
use crate::staleness::{Unwritten, again, check_generations};

const LONGEST_EVIDENCE: usize = 200;

/// Records one choice of a person. It counts from the answer on.
#[utoipa::path(
    post, path = "/v1/consents", tag = "consents", request_body = RecordConsent,
    responses(
        (status = 201, description = "It is on record", body = Consent),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another key epoch, or the person has too many choices", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was recorded", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn record_consent(
    app: Data<App>,
    party: Party,
    trace: Trace,
    body: Body<RecordConsent>,
) -> Result<HttpResponse, Refusal> {
    let agreement = app.agreement.current();
    check_shape(&app, &agreement, &body.0)?;
    let mut attempt = 0;
    loop {
        attempt += 1;
        match store(&app, &agreement, party.oin, &trace, &body.0).await? {
            Ok(consent) => return Ok(HttpResponse::Created().json(consent)),
            Err(error) => again(&app, error, attempt).await?,
        }
    }
}

async fn store(
    app: &App,
    agreement: &Arc<Agreement>,
    party: Oin,
    trace: &Trace,
    given: &RecordConsent,
) -> Result<Result<Consent, WriteError<Unwritten>>, Refusal> {
    let (now, keyring) = (app.now(), app.keyring.load_full());
    let id: ConsentId = app.entropy.id(now);
    let record = record_of(app, agreement, party, trace, id, given);
    let Known { located, subject } = known(app, &keyring, &given.subject).await?;
    if let Err(why) = check_declaration(agreement, party, &given.declared) {
        return deny(app, &keyring, record, why, subject).await;
    }
    let standing =
        match standing(app, agreement, &keyring, &given.declared, subject, given.category.as_ref()).await? {
            Ok(standing) => standing,
            Err(why) => return deny(app, &keyring, record, why, subject).await,
        };
    let prospect = Prospect::new(app, &keyring, &located, subject, now);
    let reference = app.reference();
    let template = StoredConsent {
        id,
        subject: prospect.id(),
        refused: given.verdict == ConsentChoice::Refused,
        holder: given.holder,
        holder_kind: given.holder_kind.clone(),
        category: given.category.clone(),
        requester: given.requester,
        requester_kind: given.requester_kind.clone(),
        given_by: given.declared.given_by,
        mandate: given.declared.mandate,
        evidence: given.evidence.clone(),
        recorded_by: party,
        recorded_at: now,
        valid_until: given.valid_until,
        withdrawn_at: None,
    };
    let entropy = app.entropy.clone();
    let done = app
        .store
        .write("record_consent", move |tx| {
            check_generations(tx, &keyring.live)?;
            let mut consent = template.clone();
            consent.subject = prospect.settle(tx)?;
            if tx.read().choices_of(consent.subject, now)?.len() >= MOST_CHOICES {
                return Err(Abort::Refused(too_many().into()));
            }
            tx.write().insert_consent(&consent)?;
            consent_changed(tx, &entropy, &consent, now)?;
            let act = act_about(standing.onto(record.clone()), consent.subject, reference)?;
            Ok((shown(consent), standing.link(act)))
        })
        .await;
    Ok(done.map(|done| done.value))
}

fn check_shape(app: &App, agreement: &Agreement, given: &RecordConsent) -> Result<(), Refusal> {
    let mut refusal = Refusal::new(ProblemCode::Invalid, "The choice cannot be recorded.");
    let sides = [
        ("holder", given.holder, given.holder_kind.as_deref()),
        ("requester", given.requester, given.requester_kind.as_deref()),
    ];
    for (side, party, kind) in sides {
        if party.is_some() && kind.is_some() {
            refusal = refusal.field(format!("/{side}Kind"), format!("expected no kind beside a {side}"));
        }
        if party.is_some_and(|oin| agreement.partner(oin).is_none()) {
            refusal = refusal.field(format!("/{side}"), "expected a partner of the agreement");
        }
        let is_kind = |text: &str| {
            PartnerKind::parse(text).is_ok_and(|kind| agreement.partners().any(|one| one.kind == kind))
        };
        if kind.is_some_and(|kind| !is_kind(kind)) {
            refusal =
                refusal.field(format!("/{side}Kind"), "expected the kind of a partner of the agreement");
        }
    }
    if given.category.as_ref().is_some_and(|category| !super::is_chosen(agreement, category)) {
        refusal = refusal.field(
            "/category",
            "expected a category of the agreement in which consent counts; object to a statutory registration instead",
        );
    }
    if given.valid_until.is_some_and(|until| until <= app.now()) {
        refusal = refusal.field("/validUntil", "expected a moment after now");
    }
    let evidence = given.evidence.trim();
    if evidence.is_empty()
        || given.evidence.len() > LONGEST_EVIDENCE
        || evidence.chars().any(char::is_control)
    {
        refusal =
            refusal.field("/evidence", format!("expected 1 to {LONGEST_EVIDENCE} bytes of printable text"));
    }
    refusal = no_number(refusal, "/evidence", &given.evidence);
    check_words(refusal, &given.declared).if_any()
}

fn record_of(
    app: &App,
    agreement: &Agreement,
    party: Oin,
    trace: &Trace,
    id: ConsentId,
    given: &RecordConsent,
) -> AccessRecord {
    let mut record = app.record(agreement, Event::ConsentRecorded, party, Some(trace));
    record.actor = given.declared.actor.as_ref().map(asserted);
    record.categories = given.category.iter().cloned().collect();
    record.holders = given.holder.iter().copied().collect();
    record.decision.input = Some(
        json!({
            "choice": given.verdict,
            "consent": id,
            "givenBy": given.declared.given_by,
            "holderKind": given.holder_kind,
            "requester": given.requester,
            "requesterKind": given.requester_kind,
            "validUntil": given.valid_until,
        })
        .to_string(),
    );
    record
}

fn too_many() -> Refusal {
    Refusal::new(
        ProblemCode::Conflict,
        "This person has as many choices on record as can be. Take some back that a newer one replaces.",
    )
}

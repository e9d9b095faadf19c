//! `POST /v1/queries`: a caseworker, by way of a partner's requester, asks who holds what about somebody.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::web::{Data, Json};
use kw_agreement::{Agreement, Allowed};
use kw_domain::{QueryId, SubjectId};
use kw_ledger::{AccessRecord, Event, RecordedRelation};
use kw_protocol::Bytes32;
use kw_protocol::problem::{Problem, ProblemCode};
use kw_protocol::query::{Query, QueryAnswer, Receipt};
use kw_runtime::{Body, Party, Refusal, Trace};
use kw_store::switchboard::{GivenGrant, Switchboard};
use kw_store::{Tx, WriteError};

use super::consenting::{counts, look_up};
use super::deciding::{Denied, check_ground, check_shape, decide, disclosed, refused};
use super::granting::{Draft, Terms, draft};
use super::holding::{may_withhold, until_next_step};
use super::representing::{self, Asking, Standing};
use super::reviewing::opening;
use crate::about::{self, Access};
use crate::app::{App, Keyring, not_located, not_read, recorded, recorded_actor};
use crate::grants::{Issuing, canonical_actor};
use crate::index::locate;
use crate::proving::require_actor;
use crate::staleness::{Unwritten, again};

/// Says who holds what, with one grant per pointer. Every query is an access of its own and leaves a record, answered or
/// denied; the answer leaves after that record is durable.
#[utoipa::path(
    post, path = "/v1/queries", tag = "queries", request_body = Query,
    responses(
        (status = 200, description = "The disclosed holders", body = QueryAnswer),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another key epoch", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "The quota is used up", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was granted", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn ask(
    app: Data<App>,
    party: kw_runtime::Asking,
    trace: Trace,
    body: Body<Query>,
) -> Result<Json<QueryAnswer>, Refusal> {
    let (query, agreement) = (body.0, app.agreement.current());
    check_shape(&query)?;
    charge(&app, &agreement, &party)?;
    let record = || record_of(&app, &agreement, &party, &trace, &query);
    require_actor(&app, &agreement, &party, (&query.actor, &query.subject), record).await?;
    let (began, is_held) = (Instant::now(), may_withhold(&agreement, &query));
    let mut attempt = 0;
    loop {
        attempt += 1;
        match answer(&app, &agreement, &party, &trace, &query).await? {
            Ok(answer) => {
                if is_held {
                    until_next_step(began).await;
                }
                return Ok(Json(answer));
            }
            Err(error) => again(&app, error, attempt).await?,
        }
    }
}

/// Decides, looks up, commits, signs. Looking up under generations of which one has gone would find nobody: the commit
/// checks that they still are the stored ones, and the query is answered again if not.
async fn answer(
    app: &App,
    agreement: &Agreement,
    party: &Party,
    trace: &Trace,
    query: &Query,
) -> Result<Result<QueryAnswer, WriteError<Unwritten>>, Refusal> {
    let now = app.now();
    let mut record = record_of(app, agreement, party, trace, query);
    let keyring = app.keyring.load_full();
    let located = locate(&keyring.keys, &keyring.live, &query.subject);
    let allowed = match decide(agreement, party, query, now, None, &mut record) {
        Ok(allowed) => allowed,
        // Whoever is in the index can see later who asked in vain. Nothing of that is told to the asker.
        Err(denied) => {
            let subject = match &located {
                Ok(located) => app.known_subject(located.tags).await?,
                Err(_) => None,
            };
            return deny(app, &keyring, record, denied, subject).await;
        }
    };
    let located = located.map_err(not_located)?;
    let tags = located.tags;
    let counts = counts(agreement, &allowed);
    let read = app.store.read(move |index| look_up(index, &tags, now, counts));
    let found = read.await.map_err(not_read)?;
    let subject = found.subject;
    if let Err(denied) = check_ground(agreement, query, party.oin, &found.pointers) {
        return deny(app, &keyring, record, denied, subject).await;
    }
    let standing = representing::stand(
        Asking { app, agreement, party, query, now },
        &keyring,
        &allowed,
        &record,
        &located,
        subject,
    )
    .await?;
    if let Some(denied) = standing.as_ref().and_then(|standing| standing.told(agreement, query)) {
        return deny(app, &keyring, record, denied, subject).await;
    }
    let (asked, allowed) = representing::narrowed(allowed, standing.as_ref());
    let under = standing.as_ref().map(Standing::input);
    let (pointers, weighed) = match disclosed(agreement, &allowed, query, party.oin, now, under, found) {
        Ok((pointers, weighed)) => (representing::kept(pointers, standing.as_ref()), weighed),
        Err(denied) => return deny(app, &keyring, record, denied, subject).await,
    };
    let actor = canonical_actor(&query.actor)?;
    let issuing = Issuing { agreement, issuer: app.oin, now, party };
    let representation = standing.as_ref().and_then(Standing::granted);
    let terms = Terms { issuing, allowed: &allowed, query, actor: &actor, representation };
    let drafts: Vec<Draft> = pointers
        .iter()
        .map(|pointer| draft(&terms, &keyring, &app.entropy, pointer))
        .collect::<Result<_, _>>()?;
    // An answer without holders says what the table allows, whether a mandate counts or not.
    let beside = counts.then(|| weighed.record(&record, agreement, &asked));
    let told = if drafts.is_empty() { asked } else { allowed };
    let record = completed(record, &told, &drafts);
    let grants = drafts.iter().map(|draft| recorded(&draft.claims)).collect::<Result<_, _>>()?;
    let review = opening(app, agreement, query, trace, &record);
    let given: Vec<GivenGrant> = drafts.iter().filter_map(|draft| draft.given(now)).collect();
    let also = move |tx: &mut Tx<'_, Switchboard>, subject| {
        tx.write().note_grants(&given)?;
        review.as_ref().map_or(Ok(()), |review| review.write(tx, subject))
    };
    let access = Access { record, beside, grants };
    let committed = match &standing {
        None => about::commit(app, &keyring, access, subject, &located, also).await?,
        Some(standing) => standing.commit(app, &keyring, access, subject, &located, also).await?,
    };
    let committed = match committed {
        Ok(committed) => committed,
        Err(error) => return Ok(Err(error)),
    };

    let holders = drafts
        .into_iter()
        .zip(committed.of_grants)
        .map(|(draft, receipt)| draft.issue(&keyring.keys.signer, now, app.store.origin(), &receipt))
        .collect::<Result<_, _>>()?;
    Ok(Ok(QueryAnswer {
        id: app.entropy.id::<QueryId>(now),
        decided_at: now,
        policy: agreement.hash().to_owned(),
        categories: told.categories.into_iter().collect(),
        holders,
        receipt: Receipt {
            origin: app.store.origin().to_owned(),
            index: committed.own.index,
            salt: Bytes32(committed.own.salt.0),
            record: Some(committed.record),
        },
    }))
}

/// Charges one question about a person to the party's quota.
pub(crate) fn charge(app: &App, agreement: &Agreement, party: &Party) -> Result<(), Refusal> {
    let Some(partner) = agreement.partner(party.oin) else {
        return Err(Refusal::new(ProblemCode::PartyUnknown, "Your organisation is not in the agreement."));
    };
    app.quota.charge(party.oin, agreement.query_quota(partner), app.now()).map_err(|wait: Duration| {
        Refusal::new(ProblemCode::BudgetExhausted, "Your organisation has asked as much as it may for now.")
            .retry_after(wait)
    })
}

fn record_of(app: &App, agreement: &Agreement, party: &Party, trace: &Trace, query: &Query) -> AccessRecord {
    let mut record = app.record(agreement, Event::QueryAnswered, party, Some(trace));
    record.actor = Some(recorded_actor(&query.actor));
    record.case = Some(query.case.clone());
    record.categories.clone_from(&query.categories);
    record.purpose = Some(query.purpose.clone());
    record.relation = Some(RecordedRelation {
        basis: query.relation.basis.as_str().to_owned(),
        reason: query.relation.reason.clone(),
    });
    record
}

/// Records the denial; only then is it answered.
async fn deny(
    app: &App,
    keyring: &Arc<Keyring>,
    record: AccessRecord,
    denied: Denied,
    subject: Option<SubjectId>,
) -> Result<Result<QueryAnswer, WriteError<Unwritten>>, Refusal> {
    match about::commit_denial(app, keyring, record, denied.0, subject).await {
        Ok(()) => Err(refused(denied)),
        Err(error) => Ok(Err(error)),
    }
}

fn completed(mut record: AccessRecord, allowed: &Allowed, drafts: &[Draft]) -> AccessRecord {
    record.categories = allowed.categories.iter().cloned().collect();
    record.legal_basis = Some(allowed.legal_basis.clone());
    record.processing_activity = Some(allowed.processing_activity.clone());
    record.grants = drafts.iter().filter_map(Draft::recorded).collect();
    let holders: BTreeSet<_> = record.grants.iter().map(|grant| grant.holder).collect();
    record.holders = holders.into_iter().collect();
    record
}

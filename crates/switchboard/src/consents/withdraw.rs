//! `POST /v1/consents/{id}/withdrawal`: a person, by way of a registrar or the professional's organisation, takes a choice
//! back.

use std::sync::Arc;

use actix_web::web::{Data, Json, Path};
use kw_agreement::Agreement;
use kw_domain::{ConsentId, Oin};
use kw_ledger::{AccessRecord, Event};
use kw_protocol::consent::{Consent, WithdrawConsent};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Party, Refusal, Trace};
use kw_store::{Abort, WriteError};
use serde_json::json;

use super::choices::shown;
use super::{Known, asserted, check_declaration, check_words, deny, known, standing};
use crate::app::{App, act_about, not_read};
use crate::signalling::consent_changed;
use crate::staleness::{Unwritten, again, check_generations};

/// Takes one choice back. It does not count from the answer on.
#[utoipa::path(
    post, path = "/v1/consents/{id}/withdrawal", tag = "consents", request_body = WithdrawConsent,
    params(("id" = String, Path, description = "The choice")),
    responses(
        (status = 200, description = "It does not count any more", body = Consent),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "This person has no such choice that counts", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another key epoch", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was changed", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn withdraw_consent(
    app: Data<App>,
    party: Party,
    trace: Trace,
    id: Path<String>,
    body: Body<WithdrawConsent>,
) -> Result<Json<Consent>, Refusal> {
    let id = ConsentId::parse(&id).map_err(|_| not_found())?;
    let refusal = Refusal::new(ProblemCode::Invalid, "The choice cannot be taken back.");
    check_words(refusal, &body.0.declared).if_any()?;
    let agreement = app.agreement.current();
    let mut attempt = 0;
    loop {
        attempt += 1;
        match store(&app, &agreement, party.oin, &trace, id, &body.0).await? {
            Ok(consent) => return Ok(Json(consent)),
            Err(error) => again(&app, error, attempt).await?,
        }
    }
}

async fn store(
    app: &App,
    agreement: &Arc<Agreement>,
    party: Oin,
    trace: &Trace,
    id: ConsentId,
    given: &WithdrawConsent,
) -> Result<Result<Consent, WriteError<Unwritten>>, Refusal> {
    let (now, keyring) = (app.now(), app.keyring.load_full());
    let record = record_of(app, agreement, party, trace, id, given);
    let Known { subject, .. } = known(app, &keyring, &given.subject).await?;
    if let Err(why) = check_declaration(agreement, party, &given.declared) {
        return deny(app, &keyring, record, why, subject).await;
    }
    let found = app.store.read(move |index| index.consent(id)).await.map_err(not_read)?;
    let category = found.and_then(|consent| consent.category);
    let standing =
        match standing(app, agreement, &keyring, &given.declared, subject, category.as_ref()).await? {
            Ok(standing) => standing,
            Err(why) => return deny(app, &keyring, record, why, subject).await,
        };
    let Some(subject) = subject else { return Err(not_found()) };
    let is_registrar = agreement.consent().registrars.contains(&party);
    let (reference, entropy) = (app.reference(), app.entropy.clone());
    let done = app
        .store
        .write("withdraw_consent", move |tx| {
            check_generations(tx, &keyring.live)?;
            let found = tx.read().consent(id)?.filter(|consent| {
                // A professional's organisation takes back what it recorded itself; a registrar, what the person asks.
                consent.subject == subject
                    && consent.withdrawn_at.is_none()
                    && (is_registrar || consent.recorded_by == party)
            });
            let mut consent = found.ok_or_else(|| Abort::Refused(Unwritten::Refused(not_found())))?;
            tx.write().withdraw_consent(id, now)?;
            consent_changed(tx, &entropy, &consent, now)?;
            consent.withdrawn_at = Some(now);
            let mut record = record.clone();
            record.categories = consent.category.iter().cloned().collect();
            record.holders = consent.holder.iter().copied().collect();
            let act = act_about(standing.onto(record), subject, reference)?;
            Ok((shown(consent), standing.link(act)))
        })
        .await;
    Ok(done.map(|done| done.value))
}

fn record_of(
    app: &App,
    agreement: &Agreement,
    party: Oin,
    trace: &Trace,
    id: ConsentId,
    given: &WithdrawConsent,
) -> AccessRecord {
    let mut record = app.record(agreement, Event::ConsentWithdrawn, party, Some(trace));
    record.actor = given.declared.actor.as_ref().map(asserted);
    let input = json!({ "consent": id, "givenBy": given.declared.given_by });
    record.decision.input = Some(input.to_string());
    record
}

fn not_found() -> Refusal {
    Refusal::new(
        ProblemCode::NotFound,
        "This person has no such choice that counts. Search the person's choices to see which there are.",
    )
}

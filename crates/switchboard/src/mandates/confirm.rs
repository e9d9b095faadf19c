//! `POST /v1/mandates/{id}/confirmations`: a registrar says that a person it identified agrees with a mandate.

use actix_web::web::{Data, Json, Path};
use kw_agreement::Agreement;
use kw_domain::MandateId;
use kw_ledger::Event;
use kw_protocol::mandate::{ConfirmMandate, Mandate};
use kw_protocol::problem::Problem;
use kw_runtime::{Body, Party, Refusal, Trace};
use kw_store::WriteError;

use super::finding::tags;
use super::recording::{References, act_about_sides, describe};
use super::rules::{confirm, registers, rules};
use super::telling::tell;
use super::view::{ended, mandate_id, not_found, shown};
use crate::app::App;
use crate::staleness::{Unwritten, again, check_generations};

/// Confirms a mandate for one of its sides; with the last confirmation that its kind and age band demand, it counts.
#[utoipa::path(
    post, path = "/v1/mandates/{id}/confirmations", tag = "mandates", request_body = ConfirmMandate,
    params(("id" = String, Path, description = "The mandate")),
    responses(
        (status = 200, description = "The mandate as it is now", body = Mandate),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not a registrar of any kind", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such mandate of this person", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another key epoch, or the mandate has ended", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was confirmed", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn confirm_mandate(
    app: Data<App>,
    party: Party,
    trace: Trace,
    id: Path<String>,
    body: Body<ConfirmMandate>,
) -> Result<Json<Mandate>, Refusal> {
    let (id, asked, agreement) = (mandate_id(&id)?, body.0, app.agreement.current());
    let mut attempt = 0;
    loop {
        attempt += 1;
        match store(&app, &agreement, &party, &trace, id, &asked).await? {
            Ok(answer) => return answer.map(Json),
            Err(error) => again(&app, error, attempt).await?,
        }
    }
}

async fn store(
    app: &App,
    agreement: &std::sync::Arc<Agreement>,
    party: &Party,
    trace: &Trace,
    id: MandateId,
    asked: &ConfirmMandate,
) -> Result<Result<Result<Mandate, Refusal>, WriteError<Unwritten>>, Refusal> {
    let now = app.now();
    let record = app.record(agreement, Event::MandateConfirmed, party.oin, Some(trace));
    let keyring = app.keyring.load_full();
    let (wanted, side, references) = (tags(&keyring, &asked.subject)?, asked.side, References::draw(app));
    let (agreement, registrar) = (std::sync::Arc::clone(agreement), party.oin);
    let entropy = app.entropy.clone();
    let done = app
        .store
        .write("confirm_mandate", move |tx| {
            check_generations(tx, &keyring.live)?;
            let person = tx.read().find_subject(&wanted)?;
            let found =
                tx.read().mandate(id)?.filter(|mandate| registers(&agreement, registrar, mandate.kind));
            let Some(mandate) = found.filter(|mandate| person == Some(mandate.subject(side))) else {
                // Whoever was named may see it; nothing of it is told to the asker.
                let record = record.clone().denied("mandate-not-found");
                return Ok((Err(not_found()), act_about_sides(record, references.sides(person, None))?));
            };
            let mut record = record.clone();
            describe(&mut record, &mandate);
            if let Ok(confirmed) = confirm(&mandate, rules(&agreement, mandate.kind), side, now) {
                tx.write().update_mandate(&confirmed)?;
                if confirmed.status != mandate.status {
                    tell(tx, &entropy, &confirmed, now)?;
                }
                Ok((Ok(shown(&confirmed)), act_about_sides(record, references.of(&mandate))?))
            } else {
                let record = record.denied("mandate-ended");
                Ok((Err(ended(mandate.status)), act_about_sides(record, references.of(&mandate))?))
            }
        })
        .await;
    Ok(done.map(|done| done.value))
}

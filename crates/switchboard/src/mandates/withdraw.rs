//! `POST /v1/mandates/{id}/withdrawal`: either side, or the registrar, takes a mandate back. It counts at once.

use std::sync::Arc;

use actix_web::web::{Data, Json, Path};
use kw_agreement::{Agreement, RetentionClass};
use kw_domain::MandateId;
use kw_ledger::Event;
use kw_protocol::mandate::{Mandate, WithdrawMandate};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Party, Refusal, Trace};
use kw_store::WriteError;
use kw_store::switchboard::mandates::StoredMandate;

use super::finding::tags;
use super::recording::{References, act_about_sides, describe};
use super::rules::{By, is_provider, registers, withdraw};
use super::telling::tell;
use super::view::{mandate_id, not_found, shown};
use crate::app::App;
use crate::staleness::{Unwritten, again, check_generations};

/// Ends a mandate: for one of its sides, whom the caller identified, or for the registrar itself. One that has ended stays as
/// it is.
#[utoipa::path(
    post, path = "/v1/mandates/{id}/withdrawal", tag = "mandates", request_body = WithdrawMandate,
    params(("id" = String, Path, description = "The mandate")),
    responses(
        (status = 200, description = "What is left of it", body = Mandate),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such mandate of this person", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another key epoch", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was withdrawn", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn withdraw_mandate(
    app: Data<App>,
    party: Party,
    trace: Trace,
    id: Path<String>,
    body: Body<WithdrawMandate>,
) -> Result<Json<Mandate>, Refusal> {
    let (id, asked, agreement) = (mandate_id(&id)?, body.0, app.agreement.current());
    if asked.side.is_some() != asked.subject.is_some() {
        return Err(Refusal::new(ProblemCode::Invalid, "It is not clear who takes the mandate back.")
            .field("/subject", "expected a side with its person, or none of the two"));
    }
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
    agreement: &Arc<Agreement>,
    party: &Party,
    trace: &Trace,
    id: MandateId,
    asked: &WithdrawMandate,
) -> Result<Result<Result<Mandate, Refusal>, WriteError<Unwritten>>, Refusal> {
    let now = app.now();
    let record = app.record(agreement, Event::MandateEnded, party.oin, Some(trace));
    let keyring = app.keyring.load_full();
    let wanted = asked.subject.as_ref().map(|subject| tags(&keyring, subject)).transpose()?;
    let (side, references, kept_for) =
        (asked.side, References::draw(app), agreement.retention(RetentionClass::Access));
    let (agreement, caller, entropy) = (Arc::clone(agreement), party.oin, app.entropy.clone());
    let done = app
        .store
        .write("withdraw_mandate", move |tx| {
            check_generations(tx, &keyring.live)?;
            let person = match &wanted {
                Some(wanted) => tx.read().find_subject(wanted)?,
                None => None,
            };
            let found = tx.read().mandate(id)?;
            let by = found.as_ref().and_then(|mandate| match side {
                None => (mandate.registrar == caller).then_some(By::Registrar),
                Some(side) => (person == Some(mandate.subject(side))
                    && identifies(&agreement, caller, mandate))
                .then_some(By::Side(side)),
            });
            let (Some(mandate), Some(by)) = (found, by) else {
                let record = record.clone().denied("mandate-not-found");
                return Ok((Err(not_found()), act_about_sides(record, references.sides(person, None))?));
            };
            let left = withdraw(&mandate, by, now, kept_for);
            if left != mandate {
                tx.write().update_mandate(&left)?;
                tell(tx, &entropy, &left, now)?;
            }
            let mut record = record.clone();
            describe(&mut record, &left);
            Ok((Ok(shown(&left)), act_about_sides(record, references.of(&mandate))?))
        })
        .await;
    Ok(done.map(|done| done.value))
}

/// Whether this party's word says who the person is: a registrar of this kind, or the provider of statements.
fn identifies(agreement: &Agreement, caller: kw_domain::Oin, mandate: &StoredMandate) -> bool {
    registers(agreement, caller, mandate.kind) || is_provider(agreement, caller)
}

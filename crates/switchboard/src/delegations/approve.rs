//! `POST /v1/delegations/{id}/approvals`: one of the two people it takes.

use actix_web::web::{Data, Json, Path};
use kw_ledger::Event;
use kw_protocol::delegation::{ApproveDelegation, Delegation};
use kw_protocol::problem::Problem;
use kw_runtime::{Body, Party, Refusal, Trace};
use kw_store::Abort;

use super::rules::approved;
use super::{changed, delegation_id, not_found, shown};
use crate::app::{App, act, not_written, recorded_actor};
use crate::proving::require_signed_in;

/// Approves one of the caller's own mandates. The second approval, by another person, makes it count.
#[utoipa::path(
    post, path = "/v1/delegations/{id}/approvals", tag = "delegations", request_body = ApproveDelegation,
    params(("id" = String, Path, description = "The mandate")),
    responses(
        (status = 200, description = "The mandate as it is now", body = Delegation),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not one of yours", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It does not wait for this approval", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn approve(
    app: Data<App>,
    party: Party,
    trace: Trace,
    id: Path<String>,
    body: Body<ApproveDelegation>,
) -> Result<Json<Delegation>, Refusal> {
    let (id, now, agreement) = (delegation_id(&id)?, app.now(), app.agreement.current());
    require_signed_in(&app, &agreement, party.oin, &body.0.actor).await?;
    let mut record = app.record(&agreement, Event::DelegationApproved, &party, Some(&trace));
    record.actor = Some(recorded_actor(&body.0.actor));
    let (principal, person) = (party.oin, body.0.actor.id);
    let telling = app.clone();
    let done = app
        .store
        .write("approve_delegation", move |tx| {
            let found = tx.read().delegation(id)?.filter(|found| found.principal == principal);
            let found = found.ok_or_else(|| Abort::Refused(not_found()))?;
            let next = approved(&found, &person, now).map_err(Abort::Refused)?;
            tx.write().update_delegation(&next)?;
            tx.write().emit(&changed(&telling, &next, now))?;
            let mut record = record.clone();
            record.holders = vec![next.supplier];
            Ok((next, act(&record)?))
        })
        .await
        .map_err(not_written)?;
    Ok(Json(shown(&done.value, now)))
}

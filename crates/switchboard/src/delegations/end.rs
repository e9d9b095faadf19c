//! `POST /v1/delegations/{id}/end`: partner or supplier ends a mandate, at once.

use actix_web::web::{Data, Json, Path};
use kw_ledger::Event;
use kw_protocol::delegation::{Delegation, EndDelegation};
use kw_protocol::problem::Problem;
use kw_protocol::query::Assurance;
use kw_runtime::acting::Side;
use kw_runtime::{Body, Refusal, Trace};
use kw_store::Abort;

use super::rules::ended;
use super::{changed, delegation_id, not_found, shown};
use crate::app::{App, act, not_written, recorded_actor};
use crate::proving::require_signed_in;

/// Ends a mandate that the caller gave or was given. The supplier's next request is refused.
#[utoipa::path(
    post, path = "/v1/delegations/{id}/end", tag = "delegations", request_body = EndDelegation,
    params(("id" = String, Path, description = "The mandate")),
    responses(
        (status = 200, description = "The mandate as it is now", body = Delegation),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not one of yours", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It has ended already", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn end(
    app: Data<App>,
    side: Side,
    trace: Trace,
    id: Path<String>,
    body: Body<EndDelegation>,
) -> Result<Json<Delegation>, Refusal> {
    let (id, now, agreement) = (delegation_id(&id)?, app.now(), app.agreement.current());
    // A supplier has no identity provider in the agreement: its people are vouched for by its certificate only.
    let mut actor = body.0.actor;
    if side.is_supplier {
        actor.assurance = Assurance::Asserted;
    } else {
        require_signed_in(&app, &agreement, side.oin, &actor).await?;
    }
    let mut record = app.record(&agreement, Event::DelegationEnded, side.oin, Some(&trace));
    record.actor = Some(recorded_actor(&actor));
    let telling = app.clone();
    let done = app
        .store
        .write("end_delegation", move |tx| {
            let own =
                |found: &kw_store::StoredDelegation| [found.principal, found.supplier].contains(&side.oin);
            let found = tx.read().delegation(id)?.filter(own).ok_or_else(|| Abort::Refused(not_found()))?;
            let next = ended(&found, now).map_err(Abort::Refused)?;
            tx.write().update_delegation(&next)?;
            tx.write().emit(&changed(&telling, &next, now))?;
            let mut record = record.clone();
            // A supplier ends it for the partner, which must find it among what was done in its name.
            record.on_behalf_of = side.is_supplier.then_some(next.principal);
            record.holders = vec![next.supplier];
            Ok((next, act(&record)?))
        })
        .await
        .map_err(not_written)?;
    Ok(Json(shown(&done.value, now)))
}

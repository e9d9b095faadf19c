//! `POST /v1/pointers/{id}/withdrawals`: a partner takes a pointer back.

use actix_web::web::{Data, Json, Path};
use kw_ledger::Event;
use kw_protocol::pointer::{Pointer, WithdrawPointer};
use kw_protocol::problem::Problem;
use kw_runtime::{Body, Refusal, Registering, Trace};

use super::changing::change;
use super::view::pointer_id;
use crate::app::{App, rules};
use crate::lifecycle;

/// Withdraws one of the caller's own pointers, with the reason.
#[utoipa::path(
    post, path = "/v1/pointers/{id}/withdrawals", tag = "pointers", request_body = WithdrawPointer,
    params(("id" = String, Path, description = "The pointer")),
    responses(
        (status = 200, description = "What is left of it", body = Pointer),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not one of yours", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Its state does not allow it", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn withdraw_pointer(
    app: Data<App>,
    party: Registering,
    trace: Trace,
    id: Path<String>,
    body: Body<WithdrawPointer>,
) -> Result<Json<Pointer>, Refusal> {
    let (id, now, reason, agreement) = (pointer_id(&id)?, app.now(), body.0.reason, app.agreement.current());
    change(&app, &trace, &party, id, Event::PointerWithdrawn, move |pointer| {
        lifecycle::withdraw(pointer, reason, rules(&agreement, &pointer.category), now)
    })
    .await
}

//! `POST /v1/pointers/{id}/renewals`: a partner still holds the data.

use actix_web::web::{Data, Json, Path};
use kw_ledger::Event;
use kw_protocol::pointer::{Pointer, RenewPointer};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Refusal, Registering, Trace};

use super::changing::change;
use super::view::{own_pointer, pointer_id};
use crate::app::App;
use crate::lifecycle;

/// Extends one of the caller's own active pointers, up to the category's cap from now.
#[utoipa::path(
    post, path = "/v1/pointers/{id}/renewals", tag = "pointers", request_body = RenewPointer,
    params(("id" = String, Path, description = "The pointer")),
    responses(
        (status = 200, description = "The pointer as it is now", body = Pointer),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not one of yours", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Its state does not allow it", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn renew_pointer(
    app: Data<App>,
    party: Registering,
    trace: Trace,
    id: Path<String>,
    body: Body<RenewPointer>,
) -> Result<Json<Pointer>, Refusal> {
    let id = pointer_id(&id)?;
    let now = app.now();
    let pointer = own_pointer(&app, party.oin, id).await?;
    let agreement = app.agreement.current();
    let Some(rules) = agreement.category(&pointer.category) else {
        return Err(Refusal::new(ProblemCode::Denied, "The category is no longer in the agreement."));
    };
    let cap = rules.max_validity.after(now);
    let valid_until = body.0.valid_until.unwrap_or(cap);
    if valid_until > cap || valid_until <= now {
        return Err(Refusal::new(ProblemCode::Invalid, "The pointer cannot be extended to that moment.")
            .field("/validUntil", format!("expected a moment after now and not after {cap}")));
    }
    change(&app, &trace, &party, id, Event::PointerRenewed, move |pointer| {
        lifecycle::renew(pointer, valid_until)
    })
    .await
}

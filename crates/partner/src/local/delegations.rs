//! `/v1/delegations`: the organisation's people give suppliers mandates, and take them back.
//!
//! The switchboard keeps the register and its records; this passes on who asks.

use actix_web::web::{Json, Path};
use kw_domain::DelegationId;
use kw_protocol::delegation::{ApproveDelegation, Delegation, Delegations, EndDelegation, RequestDelegation};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Refusal};

use crate::app::Own;

/// The mandates that the organisation gave, or was given.
#[utoipa::path(
    get, path = "/v1/delegations", operation_id = "listDelegations", tag = "local", security(("token" = [])),
    responses(
        (status = 200, description = "The mandates, newest first.", body = Delegations),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(own: Own) -> Result<Json<Delegations>, Refusal> {
    own.0.pass_on(|switchboard| async move { switchboard.delegations().await }).await.map(Json)
}

/// Asks that a supplier may act for the organisation.
#[utoipa::path(
    post, path = "/v1/delegations", operation_id = "requestDelegation", tag = "local", security(("token" = [])),
    request_body = RequestDelegation,
    responses(
        (status = 200, description = "The mandate, not yet approved.", body = Delegation),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn request(own: Own, body: Body<RequestDelegation>) -> Result<Json<Delegation>, Refusal> {
    own.0.pass_on(|switchboard| async move { switchboard.request_delegation(&body.0).await }).await.map(Json)
}

/// Approves a mandate; it takes two people.
#[utoipa::path(
    post, path = "/v1/delegations/{id}/approvals", operation_id = "approveDelegation", tag = "local",
    security(("token" = [])), request_body = ApproveDelegation,
    params(("id" = String, Path, description = "The mandate")),
    responses(
        (status = 200, description = "The mandate as it is now.", body = Delegation),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn approve(
    own: Own,
    id: Path<String>,
    body: Body<ApproveDelegation>,
) -> Result<Json<Delegation>, Refusal> {
    let id = delegation(&id)?;
    own.0
        .pass_on(|switchboard| async move { switchboard.approve_delegation(id, &body.0).await })
        .await
        .map(Json)
}

/// Ends a mandate at once.
#[utoipa::path(
    post, path = "/v1/delegations/{id}/end", operation_id = "endDelegation", tag = "local",
    security(("token" = [])), request_body = EndDelegation,
    params(("id" = String, Path, description = "The mandate")),
    responses(
        (status = 200, description = "The mandate as it is now.", body = Delegation),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn end(
    own: Own,
    id: Path<String>,
    body: Body<EndDelegation>,
) -> Result<Json<Delegation>, Refusal> {
    let id = delegation(&id)?;
    own.0.pass_on(|switchboard| async move { switchboard.end_delegation(id, &body.0).await }).await.map(Json)
}

fn delegation(text: &str) -> Result<DelegationId, Refusal> {
    DelegationId::parse(text)
        .map_err(|_| Refusal::new(ProblemCode::NotFound, "Your organisation has no mandate with this id."))
}

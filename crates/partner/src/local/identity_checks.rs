//! `/v1/identity-checks`: two people of the holder say whether a requester means the right person.

use actix_web::HttpResponse;
use actix_web::web::Path;
use kw_domain::IdentityCheckId;
use kw_protocol::identity_check::{IdentityCheck, IdentityCheckSearch, IdentityChecks, IdentityConfirmation};
use kw_protocol::problem::Problem;
use kw_runtime::{Body, Refusal, Trace};

use crate::app::Own;

/// Lists the checks that are kept.
#[utoipa::path(
    post,
    path = "/v1/identity-checks/_search",
    operation_id = "search-identity-checks",
    tag = "local",
    security(("token" = [])),
    request_body = IdentityCheckSearch,
    responses(
        (status = 200, description = "The checks, those that were asked first first.", body = IdentityChecks),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn search(own: Own, body: Body<IdentityCheckSearch>) -> Result<HttpResponse, Refusal> {
    let checks = own.0.identity_checks.list(body.0.waiting).await?;
    Ok(HttpResponse::Ok().json(IdentityChecks { checks }))
}

/// Takes one person's word. The second has to be somebody else's; one denial ends the check.
#[utoipa::path(
    post,
    path = "/v1/identity-checks/{id}/confirmations",
    operation_id = "confirm-identity",
    tag = "local",
    security(("token" = [])),
    params(("id" = String, Path, description = "The check")),
    request_body = IdentityConfirmation,
    responses(
        (status = 200, description = "How far the check has come.", body = IdentityCheck),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`denied`: the same person twice", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`illegal-transition`: it is decided", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn confirm(
    own: Own,
    trace: Trace,
    id: Path<IdentityCheckId>,
    body: Body<IdentityConfirmation>,
) -> Result<HttpResponse, Refusal> {
    own.0.require_staff(&body.0.actor).await?;
    let check = own.0.identity_checks.confirm(id.into_inner(), &body.0, &trace).await?;
    Ok(HttpResponse::Ok().json(check))
}

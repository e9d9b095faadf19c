//! `POST /v1/lookups`: a caseworker's system asks who holds what, and leaves it at the holders.

use std::time::Duration;

use actix_web::HttpResponse;
use kw_protocol::dossier::{DossierRequest, Lookup};
use kw_protocol::problem::Problem;
use kw_runtime::{Body, Refusal};

use super::dossiers::question;
use crate::app::Own;
use crate::refusals;

/// Asks who holds what about one person. An access like any other.
#[utoipa::path(
    post,
    path = "/v1/lookups",
    operation_id = "lookUp",
    tag = "local",
    security(("token" = [])),
    request_body = DossierRequest,
    responses(
        (status = 200, description = "The disclosed holders.", body = Lookup),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`actor-unproven`, `denied`", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`budget-exhausted`, `too-many`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn look_up(own: Own, body: Body<DossierRequest>) -> Result<HttpResponse, Refusal> {
    let question = question(&own.0, &body.0)?;
    own.0.require_actor(&question.actor).await?;
    let clients = own.0.services()?;
    let lookup =
        clients.requester.lookup(&question, DEADLINE).await.map_err(|error| refusals::of_request(&error))?;
    Ok(HttpResponse::Ok().json(lookup))
}

const DEADLINE: Duration = Duration::from_secs(5);

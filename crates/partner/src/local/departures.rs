//! `/v1/departures`: the organisation leaves the chain, hands its work over, or takes another's over.
//!
//! The switchboard keeps the departures and their records; this passes on who decides.

use actix_web::web::{Json, Path};
use kw_domain::DepartureId;
use kw_protocol::departure::{Departure, DepartureAct, Departures, RequestDeparture};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Refusal};

use crate::app::Own;

/// The departures that concern the organisation, and those of others that took effect.
#[utoipa::path(
    get, path = "/v1/departures", operation_id = "listDepartures", tag = "local", security(("token" = [])),
    responses(
        (status = 200, description = "The departures, newest first.", body = Departures),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(own: Own) -> Result<Json<Departures>, Refusal> {
    own.0.pass_on(|switchboard| async move { switchboard.departures().await }).await.map(Json)
}

/// One departure, with its report when it concerns the organisation.
#[utoipa::path(
    get, path = "/v1/departures/{id}", operation_id = "readDeparture", tag = "local", security(("token" = [])),
    params(("id" = String, Path, description = "The departure")),
    responses(
        (status = 200, description = "The departure.", body = Departure),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn read(own: Own, id: Path<String>) -> Result<Json<Departure>, Refusal> {
    let id = departure(&id)?;
    own.0.pass_on(|switchboard| async move { switchboard.departure(id).await }).await.map(Json)
}

/// Asks to leave, with a successor or without.
#[utoipa::path(
    post, path = "/v1/departures", operation_id = "requestDeparture", tag = "local", security(("token" = [])),
    request_body = RequestDeparture,
    responses(
        (status = 200, description = "The departure, not yet approved.", body = Departure),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: there is one already", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn request(own: Own, body: Body<RequestDeparture>) -> Result<Json<Departure>, Refusal> {
    own.0.pass_on(|switchboard| async move { switchboard.request_departure(&body.0).await }).await.map(Json)
}

/// Approves the own departure, as one of two people, or consents to take over another's work.
#[utoipa::path(
    post, path = "/v1/departures/{id}/approvals", operation_id = "approveDeparture", tag = "local",
    security(("token" = [])), request_body = DepartureAct,
    params(("id" = String, Path, description = "The departure")),
    responses(
        (status = 200, description = "The departure as it is now.", body = Departure),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn approve(
    own: Own,
    id: Path<String>,
    body: Body<DepartureAct>,
) -> Result<Json<Departure>, Refusal> {
    let id = departure(&id)?;
    own.0
        .pass_on(|switchboard| async move { switchboard.approve_departure(id, &body.0).await })
        .await
        .map(Json)
}

/// Withdraws what the successor has not taken over, and closes the departure.
#[utoipa::path(
    post, path = "/v1/departures/{id}/finish", operation_id = "finishDeparture", tag = "local",
    security(("token" = [])), request_body = DepartureAct,
    params(("id" = String, Path, description = "The departure")),
    responses(
        (status = 200, description = "The departure as it is now.", body = Departure),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn finish(
    own: Own,
    id: Path<String>,
    body: Body<DepartureAct>,
) -> Result<Json<Departure>, Refusal> {
    let id = departure(&id)?;
    own.0
        .pass_on(|switchboard| async move { switchboard.finish_departure(id, &body.0).await })
        .await
        .map(Json)
}

/// Calls a departure off, or says that the organisation is back.
#[utoipa::path(
    post, path = "/v1/departures/{id}/end", operation_id = "endDeparture", tag = "local",
    security(("token" = [])), request_body = DepartureAct,
    params(("id" = String, Path, description = "The departure")),
    responses(
        (status = 200, description = "The departure as it is now.", body = Departure),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn end(
    own: Own,
    id: Path<String>,
    body: Body<DepartureAct>,
) -> Result<Json<Departure>, Refusal> {
    let id = departure(&id)?;
    own.0.pass_on(|switchboard| async move { switchboard.end_departure(id, &body.0).await }).await.map(Json)
}

fn departure(text: &str) -> Result<DepartureId, Refusal> {
    DepartureId::parse(text)
        .map_err(|_| Refusal::new(ProblemCode::NotFound, "There is no departure with this id."))
}

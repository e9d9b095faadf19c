//! `GET /v1/delegations`: the mandates that the caller gave or was given.

use actix_web::web::{Data, Json};
use kw_protocol::delegation::Delegations;
use kw_protocol::problem::Problem;
use kw_runtime::Refusal;
use kw_runtime::acting::Side;

use super::shown;
use crate::app::{App, not_read};

/// A supplier serves a chain, a partner has a few suppliers: more than this is no list any more.
const MOST: u32 = 500;

/// The mandates that the caller gave or was given, newest first.
#[utoipa::path(
    get, path = "/v1/delegations", tag = "delegations",
    responses(
        (status = 200, description = "The mandates", body = Delegations),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(app: Data<App>, side: Side) -> Result<Json<Delegations>, Refusal> {
    let now = app.now();
    let found = app.store.read(move |index| index.delegations_of(side.oin, MOST)).await.map_err(not_read)?;
    Ok(Json(Delegations { delegations: found.iter().map(|one| shown(one, now)).collect() }))
}

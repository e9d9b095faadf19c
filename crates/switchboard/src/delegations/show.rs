//! `GET /v1/delegations/{id}`: one mandate that the caller gave or was given: where its signal points.

use actix_web::web::{Data, Json, Path};
use kw_protocol::delegation::Delegation;
use kw_protocol::problem::Problem;
use kw_runtime::Refusal;
use kw_runtime::acting::Side;

use super::{delegation_id, not_found, shown};
use crate::app::{App, not_read};

/// One mandate that the caller gave or was given.
#[utoipa::path(
    get, path = "/v1/delegations/{id}", tag = "delegations",
    params(("id" = String, Path, description = "The mandate: `about` of its signal")),
    responses(
        (status = 200, description = "The mandate as it is now", body = Delegation),
        (status = 404, description = "Not one of yours", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show(app: Data<App>, side: Side, id: Path<String>) -> Result<Json<Delegation>, Refusal> {
    let (id, now) = (delegation_id(&id)?, app.now());
    let found = app.store.read(move |index| index.delegation(id)).await.map_err(not_read)?;
    let own = found.filter(|found| [found.principal, found.supplier].contains(&side.oin));
    own.map(|found| Json(shown(&found, now))).ok_or_else(not_found)
}

//! `GET /v1/keys`: the public keys in use. A convenience for operators; clients trust only what the agreement lists.

use actix_web::HttpResponse;
use actix_web::web::Data;
use kw_protocol::evaluation::PublicKeys;
use kw_protocol::problem::Problem;

use crate::app::App;
use crate::caller::Caller;

/// The public halves of the keys in use.
#[utoipa::path(
    get,
    path = "/v1/keys",
    operation_id = "listKeys",
    tag = "keys",
    responses(
        (status = 200, description = "All live keys.", body = PublicKeys),
        (status = 401, description = "`certificate-refused`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`party-unknown`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(_: Caller, app: Data<App>) -> HttpResponse {
    let keys = app.keys.current().public_keys(&app.agreement.current());
    HttpResponse::Ok().json(PublicKeys { keys })
}

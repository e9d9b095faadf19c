//! `GET /.well-known/jwks.json`: holders fetch the keys that grants are verified with.

use actix_web::HttpResponse;
use actix_web::web::Data;

use crate::app::App;
use crate::signer::PublishedKeys;

/// The grant keys (RFC 7517), those to come included.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", tag = "public", security(()),
    responses((status = 200, description = "The keys", body = PublishedKeys))
)]
pub(crate) async fn read_jwks(app: Data<App>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("Cache-Control", "public, max-age=300"))
        .insert_header(("Access-Control-Allow-Origin", "*"))
        .json(app.keyring.load().keys.signer.jwks())
}

//! What everybody may know: the grant keys and the API's description.

mod jwks;
mod openapi;

use actix_web::web::{self, ServiceConfig};

pub(crate) use jwks::__path_read_jwks;

/// The routes of the public listener.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/.well-known/jwks.json").get(jwks::read_jwks))
        .service(web::resource("/v1/openapi.json").get(openapi::read_openapi));
}

//! The doors: the service listener for clients, the public one for people's browsers.

mod browser;
mod clients;
mod page;

use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use kw_protocol::authorisation::{
    AUTHORIZE_PATH, CALLBACK_PATH, COLLECTIONS_PATH, CONSENTS_PATH, PAR_PATH, TOKENS_PATH,
};
use kw_runtime::http::BodyLimit;
use kw_web::Pages;

pub use browser::{
    __path_authorize, __path_call_back, __path_consent, __path_metadata, __path_show_consent, authorize,
    call_back, consent, metadata, show_consent,
};
pub use clients::{__path_collect, __path_push, __path_redeem, collect, push, redeem};

use crate::AuthorisationServer;
use crate::steps::FORM_LIMIT;

/// Adds what personal environments call, over mutual TLS. The application's data must hold what `Party` needs.
pub fn service_routes(config: &mut ServiceConfig, server: Data<AuthorisationServer>) {
    let form = || web::PayloadConfig::new(FORM_LIMIT);
    config
        .app_data(server)
        .service(web::resource(PAR_PATH).app_data(form()).route(web::post().to(push)))
        .service(web::resource(TOKENS_PATH).app_data(form()).route(web::post().to(redeem)))
        .service(web::resource(COLLECTIONS_PATH).app_data(BodyLimit(SMALL)).route(web::post().to(collect)));
}

/// Adds what people's browsers call, over TLS without client certificates.
pub fn public_routes(config: &mut ServiceConfig, server: Data<AuthorisationServer>) {
    config
        .app_data(server)
        .configure(Pages::routes)
        .service(web::resource(AUTHORIZE_PATH).wrap(from_fn(page::explain)).route(web::get().to(authorize)))
        .service(web::resource(CALLBACK_PATH).wrap(from_fn(page::explain)).route(web::get().to(call_back)))
        .service(
            web::resource(format!("{CONSENTS_PATH}/{{id}}"))
                .wrap(from_fn(page::explain))
                .app_data(BodyLimit(SMALL))
                .app_data(web::PayloadConfig::new(SMALL))
                .route(web::get().to(show_consent))
                .route(web::post().guard(page::is_form()).to(page::decide))
                .route(web::post().to(consent)),
        )
        .service(web::resource(METADATA_PATH).route(web::get().to(metadata)));
}

/// RFC 8414 §3.
const METADATA_PATH: &str = "/.well-known/oauth-authorization-server";
/// For bodies that hold a word or two, in bytes.
const SMALL: usize = 1024;

//! The API description of both listeners.

use actix_web::HttpResponse;
use kw_runtime::http::API_VERSION;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ketenwijzer partner",
        description = "Pulls for other partners over mutual TLS, and the local API for the partner's own systems.",
        license(name = "EUPL-1.2", identifier = "EUPL-1.2")
    ),
    tags(
        (name = "pulls", description = "The service listener: mutual TLS"),
        (name = "local", description = "The local listener: loopback, bearer token")
    ),
    paths(
        kw_adapter::pulls::pull,
        crate::local::dossiers::assemble,
        crate::local::lookups::look_up,
        crate::local::registrations::register,
        crate::local::withdrawals::withdraw,
        crate::local::syncs::synchronise,
        crate::local::status::show,
    ),
    modifiers(&Conventions),
    security(("mutualTls" = []))
)]
struct Description;

struct Conventions;

impl Modify for Conventions {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        API_VERSION.clone_into(&mut document.info.version);
        let components = document.components.get_or_insert_default();
        let description =
            "A certificate whose subject.serialNumber is the OIN of an active partner.".to_owned();
        components.add_security_scheme(
            "mutualTls",
            SecurityScheme::MutualTls { deprecated: None, description: Some(description), extensions: None },
        );
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The content of the partner's token file, on a loopback address only."))
            .build();
        components.add_security_scheme("token", SecurityScheme::Http(token));
    }
}

/// The OpenAPI document of this process.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

/// `GET /v1/openapi.json` on the public listener.
pub(crate) async fn show() -> HttpResponse {
    HttpResponse::Ok().json(openapi())
}

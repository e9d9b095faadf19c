//! The API description.

use actix_web::HttpResponse;
use kw_runtime::http::API_VERSION;
use utoipa::openapi::security::SecurityScheme;
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ketenwijzer pseudonymiser",
        description = "Evaluates blinded subjects under the keys of one chain, within budgets (docs/pseudonym.md).",
        license(name = "EUPL-1.2", identifier = "EUPL-1.2")
    ),
    paths(crate::evaluations::post, crate::public_keys::list),
    modifiers(&Conventions),
    security(("mutualTls" = []))
)]
struct Description;

struct Conventions;

impl Modify for Conventions {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        API_VERSION.clone_into(&mut document.info.version);
        let description =
            "A certificate whose subject.serialNumber is the OIN of an active partner.".to_owned();
        document.components.get_or_insert_default().add_security_scheme(
            "mutualTls",
            SecurityScheme::MutualTls { deprecated: None, description: Some(description), extensions: None },
        );
    }
}

/// The OpenAPI document of this service.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

/// `GET /v1/openapi.json` on the public listener.
pub(crate) async fn show() -> HttpResponse {
    HttpResponse::Ok().json(openapi())
}

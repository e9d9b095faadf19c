//! The published description of the user API.

use actix_web::HttpResponse;
use kw_runtime::http::API_VERSION;
use utoipa::openapi::header::Header;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ObjectBuilder, Ref, RefOr, Type};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ketenwijzer personal environment",
        description = "A person's own dossiers, and those of the people they represent: each about exactly one person. \
                       For the person's browser and app, over HTTPS with a session that begins at the chain's provider.",
        contact(name = "Ketenwijzer", email = "maintainers@ketenwijzer.example", url = "https://ketenwijzer.example"),
        license(name = "EUPL-1.2", identifier = "EUPL-1.2")
    ),
    servers((url = "https://personal.example", description = "The public listener")),
    tags(
        (name = "sessions", description = "Signing in, and the one dossier of a session"),
        (name = "dossiers", description = "Dossiers of exactly one person each"),
        (name = "users", description = "Several users of one dossier (scenario 2)"),
        (name = "collections", description = "Collecting at holders, and confirming the dossier"),
        (name = "documents", description = "Reading"),
        (name = "public", description = "For everybody")
    ),
    paths(
        crate::sessions::begin,
        crate::sessions::come_back,
        crate::sessions::show,
        crate::sessions::end,
        crate::sessions::bind,
        crate::sessions::represented,
        crate::dossiers::list,
        crate::dossiers::found,
        crate::dossiers::destroy,
        crate::users::invite,
        crate::users::accept,
        crate::users::list,
        crate::users::end,
        crate::collections::list,
        crate::collections::start,
        crate::collections::come_back,
        crate::collections::show,
        crate::collections::confirm,
        crate::documents::list,
        crate::documents::read,
        show,
    ),
    modifiers(&Conventions),
    security(("session" = []))
)]
struct Description;

struct Conventions;

impl Modify for Conventions {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        API_VERSION.clone_into(&mut document.info.version);
        let components = document.components.get_or_insert_default();
        let session = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The token of a session, from the end of a sign-in."))
            .build();
        components.add_security_scheme("session", SecurityScheme::Http(session));
        let mut version = Header::new(ObjectBuilder::new().schema_type(Type::String).build());
        version.description = Some("The full version of this API.".to_owned());
        components.headers.insert(VERSION_HEADER.to_owned(), RefOr::T(version));
        for item in document.paths.paths.values_mut() {
            let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.delete];
            for response in
                operations.into_iter().flatten().flat_map(|one| one.responses.responses.values_mut())
            {
                if let RefOr::T(response) = response {
                    let reference = Ref::new(format!("#/components/headers/{VERSION_HEADER}"));
                    response.headers.insert(VERSION_HEADER.to_owned(), RefOr::Ref(reference));
                }
            }
        }
    }
}

/// The document as it is served, and as docs/openapi/personal.json holds it.
pub fn document() -> String {
    let mut text = Description::openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// The description of this API, for everybody.
#[utoipa::path(
    get, path = "/v1/openapi.json", operation_id = "showDescription", tag = "public", security(()),
    responses((status = 200, description = "This document.", body = Object))
)]
pub(crate) async fn show() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(document())
}

const VERSION_HEADER: &str = "API-Version";

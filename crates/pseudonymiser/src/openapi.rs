//! The API description.

use actix_web::HttpResponse;
use kw_runtime::http::API_VERSION;
use utoipa::openapi::header::Header;
use utoipa::openapi::security::SecurityScheme;
use utoipa::openapi::server::Server;
use utoipa::openapi::{ObjectBuilder, Ref, RefOr, Type};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ketenwijzer pseudonymiser",
        description = "Evaluates blinded subjects under the keys of one chain, within budgets (docs/pseudonym.md).",
        contact(name = "Ketenwijzer", email = "maintainers@ketenwijzer.example", url = "https://ketenwijzer.example"),
        license(name = "EUPL-1.2", identifier = "EUPL-1.2")
    ),
    servers((url = "https://pseudonymiser.example:8443/v1", description = "Version 1 of the chain's pseudonymiser")),
    tags(
        (name = "evaluations", description = "Blind evaluation"),
        (name = "keys", description = "The live keys"),
        (name = "access-log", description = "What auditors of the agreement read"),
        (name = "log", description = "The log for whoever checks it (C2SP tlog-tiles)"),
        (name = "public", description = "The public listener")
    ),
    paths(
        crate::evaluations::post,
        crate::public_keys::list,
        kw_logbook::inspection::search,
        kw_logbook::inspection::request,
        kw_logbook::inspection::approve,
        kw_logbook::inspection::list,
        kw_logbook::serving::checkpoint,
        kw_logbook::serving::witnessed_checkpoint,
        kw_logbook::serving::tile,
        show,
    ),
    modifiers(&Conventions),
    security(("mutualTls" = []))
)]
struct Description;

struct Conventions;

impl Modify for Conventions {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        API_VERSION.clone_into(&mut document.info.version);
        let description =
            "A certificate whose subject.serialNumber is the OIN of an active partner; for the log, of any party of the agreement; for the access log, of an auditor.".to_owned();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme(
            "mutualTls",
            SecurityScheme::MutualTls { deprecated: None, description: Some(description), extensions: None },
        );
        let mut version = Header::new(ObjectBuilder::new().schema_type(Type::String).build());
        version.description = Some("The full version of this API.".to_owned());
        components.headers.insert(VERSION_HEADER.to_owned(), RefOr::T(version));
        for (path, item) in &mut document.paths.paths {
            // Paths stand here as they are requested, so their base is the listener and not its version.
            item.servers = Some(vec![listener(path)]);
            let operations = [&mut item.get, &mut item.post];
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

fn listener(path: &str) -> Server {
    let (url, description) = if path == "/v1/openapi.json" {
        ("https://pseudonymiser.example:8444", "The public listener: no client certificate")
    } else {
        ("https://pseudonymiser.example:8443", "The service listener: mutual TLS")
    };
    let mut server = Server::new(url);
    server.description = Some(description.to_owned());
    server
}

/// The OpenAPI document of this service.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

/// The description of this API, for everybody.
#[utoipa::path(
    get,
    path = "/v1/openapi.json",
    operation_id = "showDescription",
    tag = "public",
    security(()),
    responses((status = 200, description = "This document.", body = Object))
)]
pub(crate) async fn show() -> HttpResponse {
    HttpResponse::Ok().json(openapi())
}

const VERSION_HEADER: &str = "API-Version";

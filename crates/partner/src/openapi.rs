//! The API descriptions: one of what other parties can reach, one of the local API. They have paths in common that mean
//! different things.

use actix_web::HttpResponse;
use kw_runtime::http::API_VERSION;
use utoipa::openapi::header::Header;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::server::Server;
use utoipa::openapi::{ObjectBuilder, Ref, RefOr, Type};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ketenwijzer partner",
        description = "What other parties of the chain, and people's browsers, can ask of a partner.",
        contact(name = "Ketenwijzer", email = "maintainers@ketenwijzer.example", url = "https://ketenwijzer.example"),
        license(name = "EUPL-1.2", identifier = "EUPL-1.2")
    ),
    servers((url = "https://partner.example:8443/v1", description = "Version 1 of the partner's process")),
    tags(
        (name = "pulls", description = "The service listener: mutual TLS"),
        (name = "feedback", description = "The service listener: doubts about what this holder says"),
        (name = "access-log", description = "The service listener: what auditors of the agreement read"),
        (name = "access-statements", description = "The service listener: what the own log says about a person"),
        (name = "authorisation", description = "The service listener: what personal environments call"),
        (name = "authorisation-browser", description = "The public listener: what people's browsers call"),
        (name = "events", description = "The service listener: what the switchboard delivers"),
        (name = "log", description = "The service listener: the log for whoever checks it (C2SP tlog-tiles)"),
        (name = "witness", description = "The service listener: cosigning the logs of others (C2SP tlog-witness)"),
        (name = "public", description = "The public listener")
    ),
    paths(
        kw_adapter::pulls::pull,
        kw_adapter::feedback::report,
        kw_adapter::feedback::show,
        kw_adapter::feedback::annotate,
        kw_logbook::inspection::search,
        kw_logbook::inspection::request,
        kw_logbook::inspection::approve,
        kw_logbook::inspection::list,
        kw_logbook::serving::checkpoint,
        kw_logbook::serving::witnessed_checkpoint,
        kw_logbook::serving::tile,
        kw_logbook::witness::add_checkpoint,
        kw_logbook::witness::newest,
        kw_adapter::statements::state,
        kw_authorisation::endpoints::push,
        kw_authorisation::endpoints::redeem,
        kw_authorisation::endpoints::collect,
        kw_authorisation::endpoints::authorize,
        kw_authorisation::endpoints::call_back,
        kw_authorisation::endpoints::show_consent,
        kw_authorisation::endpoints::consent,
        kw_authorisation::endpoints::metadata,
        crate::deliveries::agree,
        crate::deliveries::receive,
        show,
    ),
    modifiers(&Conventions),
    security(("mutualTls" = []))
)]
struct Description;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ketenwijzer partner, local API",
        description = "What the partner's own systems ask of its process (docs/partner-api.md).",
        contact(name = "Ketenwijzer", email = "maintainers@ketenwijzer.example", url = "https://ketenwijzer.example"),
        license(name = "EUPL-1.2", identifier = "EUPL-1.2")
    ),
    servers((url = "http://127.0.0.1:9444/v1", description = "The local listener: loopback only")),
    tags(
        (name = "local", description = "Loopback, bearer token"),
        (name = "public", description = "For everybody on this machine")
    ),
    paths(
        crate::local::access_reports::report,
        crate::local::accesses::search,
        crate::local::canaries::list,
        crate::local::canaries::make,
        crate::local::canaries::ask,
        crate::local::canaries::export,
        crate::local::canaries::import,
        crate::local::canaries::retire,
        crate::local::consents::record,
        crate::local::consents::search,
        crate::local::consents::withdraw,
        crate::local::objections::submit,
        crate::local::objections::search,
        crate::local::objections::decide,
        crate::local::dossiers::assemble,
        crate::local::feedback_received::list,
        crate::local::feedback_received::show,
        crate::local::feedback_received::annotate,
        crate::local::feedback_received::attachment,
        crate::local::feedback_sent::report,
        crate::local::feedback_sent::list,
        crate::local::feedback_sent::show,
        crate::local::feedback_sent::withdraw,
        crate::local::feedback_sent::annotate,
        crate::local::feedback_sent::corrections,
        crate::local::identity_checks::search,
        crate::local::identity_checks::confirm,
        crate::local::lookups::look_up,
        crate::local::mandates::register,
        crate::local::mandates::confirm,
        crate::local::mandates::withdraw,
        crate::local::mandates::search,
        crate::local::matches::list,
        crate::local::matches::figures,
        crate::local::matches::read,
        crate::local::matches::contact,
        crate::local::matches::coordinated,
        crate::local::registrations::register,
        crate::local::relations::declare,
        crate::local::relations::end,
        crate::local::delegations::list,
        crate::local::delegations::request,
        crate::local::delegations::approve,
        crate::local::delegations::end,
        crate::local::departures::list,
        crate::local::departures::request,
        crate::local::departures::read,
        crate::local::departures::approve,
        crate::local::departures::finish,
        crate::local::departures::end,
        crate::local::reviews::search,
        crate::local::reviews::judge,
        crate::local::signals::read,
        crate::local::withdrawals::withdraw,
        crate::local::syncs::synchronise,
        crate::local::status::show,
        show_local,
    ),
    modifiers(&Conventions),
    security(("token" = []))
)]
struct LocalDescription;

struct Conventions;

impl Modify for Conventions {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        API_VERSION.clone_into(&mut document.info.version);
        let components = document.components.get_or_insert_default();
        let description =
            "A certificate whose subject.serialNumber is the OIN of an active partner; for the log, of any party of the agreement; for the access log, of an auditor.".to_owned();
        components.add_security_scheme(
            "mutualTls",
            SecurityScheme::MutualTls { deprecated: None, description: Some(description), extensions: None },
        );
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The content of the partner's token file, on a loopback address only."))
            .build();
        components.add_security_scheme("token", SecurityScheme::Http(token));
        let mut version = Header::new(ObjectBuilder::new().schema_type(Type::String).build());
        version.description = Some("The full version of this API.".to_owned());
        components.headers.insert(VERSION_HEADER.to_owned(), RefOr::T(version));
        for (path, item) in &mut document.paths.paths {
            // Paths stand here as they are requested, so their base is the listener and not its version.
            if document.servers.iter().flatten().all(|server| server.url.starts_with("https:")) {
                item.servers = Some(vec![listener(path)]);
            }
            let operations = [&mut item.get, &mut item.post];
            for (status, response) in
                operations.into_iter().flatten().flat_map(|one| &mut one.responses.responses)
            {
                let RefOr::T(response) = response else { continue };
                let reference = Ref::new(format!("#/components/headers/{VERSION_HEADER}"));
                response.headers.insert(VERSION_HEADER.to_owned(), RefOr::Ref(reference));
                // Every refusal is problem details, those of the operations of other crates too.
                if status.starts_with(['4', '5'])
                    && let Some(content) = response.content.shift_remove("application/json")
                {
                    response.content.insert("application/problem+json".to_owned(), content);
                }
            }
        }
    }
}

fn listener(path: &str) -> Server {
    let (url, description) = match path {
        "/v1/access-statements"
        | "/v1/authorisation/par"
        | "/v1/authorisation/tokens"
        | "/v1/collections"
        | "/v1/events"
        | "/v1/feedback-reports"
        | "/v1/feedback-reports/{id}"
        | "/v1/feedback-reports/{id}/annotations"
        | "/v1/pulls" => ("https://partner.example:8443", "The service listener: mutual TLS"),
        _ if ["/v1/access-log/", "/log/", "/witness/"].iter().any(|prefix| path.starts_with(prefix)) => {
            ("https://partner.example:8443", "The service listener: mutual TLS")
        }
        _ => ("https://partner.example:8444", "The public listener: no client certificate"),
    };
    let mut server = Server::new(url);
    server.description = Some(description.to_owned());
    server
}

/// The OpenAPI document of what others can reach.
pub fn openapi() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

/// The OpenAPI document of the local API.
pub fn local_openapi() -> utoipa::openapi::OpenApi {
    LocalDescription::openapi()
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

/// The description of the local API, for programs on this machine.
#[utoipa::path(
    get,
    path = "/v1/openapi.json",
    operation_id = "showLocalDescription",
    tag = "public",
    security(()),
    responses((status = 200, description = "This document.", body = Object))
)]
pub(crate) async fn show_local() -> HttpResponse {
    HttpResponse::Ok().json(local_openapi())
}

const VERSION_HEADER: &str = "API-Version";

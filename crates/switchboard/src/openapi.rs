//! The published description of the switchboard's API.

use kw_runtime::http::API_VERSION;
use utoipa::openapi::header::Header;
use utoipa::openapi::security::SecurityScheme;
use utoipa::openapi::server::Server;
use utoipa::openapi::{ObjectBuilder, Ref, RefOr, Type};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ketenwijzer switchboard",
        description = "Pointers and queries of a chain. Mutual TLS; the party is the OIN of the client certificate.",
        contact(name = "Ketenwijzer", email = "maintainers@ketenwijzer.example", url = "https://ketenwijzer.example"),
        license(name = "EUPL-1.2", url = "https://eupl.eu/1.2/en/")
    ),
    servers((url = "https://switchboard.example:8443/v1", description = "Version 1 of the chain's switchboard")),
    tags(
        (name = "access-reports", description = "What the records say about one person, for that person"),
        (name = "delegations", description = "Which supplier may act for which partner"),
        (name = "departures", description = "Partners that leave, hand their work over or vanished"),
        (name = "mandates", description = "Who may act for whom"),
        (name = "matches", description = "Holders who have something about the same person"),
        (name = "alarms", description = "Parties whose questions look like a search through all numbers"),
        (name = "feedback", description = "Where feedback reports stand, and whose pulls a correction concerns"),
        (name = "consents", description = "What persons choose about disclosure"),
        (name = "objections", description = "Objections to statutory registrations"),
        (name = "pointers", description = "A partner's own pointers"),
        (name = "queries", description = "Who holds what"),
        (name = "relations", description = "Persons who belong together, for family match"),
        (name = "reviews", description = "Questions on a motivated or emergency ground, and what their reviewers found"),
        (name = "signals", description = "What a party is told"),
        (name = "subscriptions", description = "Who is told at its own address, and what could not be delivered"),
        (name = "access-log", description = "What auditors of the agreement read"),
        (name = "log", description = "The log for whoever checks it (C2SP tlog-tiles)"),
        (name = "witness", description = "Cosigning the logs of others (C2SP tlog-witness)"),
        (name = "operator", description = "The admin listener: for the operator on this machine"),
        (name = "public", description = "The public listener")
    ),
    paths(
        crate::access_reports::make,
        crate::delegations::list,
        crate::delegations::request,
        crate::delegations::show,
        crate::delegations::approve,
        crate::delegations::end,
        crate::departures::approve,
        crate::departures::end,
        crate::departures::finish,
        crate::departures::list_departures,
        crate::departures::read_departure,
        crate::departures::request,
        crate::mandates::register_mandate,
        crate::mandates::check_mandate,
        crate::mandates::search_mandates,
        crate::mandates::read_mandate,
        crate::mandates::confirm_mandate,
        crate::mandates::withdraw_mandate,
        crate::matches::list_matches,
        crate::matches::read_figures,
        crate::matches::read_match,
        crate::matches::say_contact,
        crate::matches::say_coordinated,
        crate::alarms::list_alarms,
        crate::alarms::read_alarm,
        crate::consents::record_consent,
        crate::consents::check_consent,
        crate::consents::permitted_holders,
        crate::consents::search_consents,
        crate::consents::withdraw_consent,
        crate::feedback::tell_status,
        crate::feedback::read_route,
        crate::feedback::tell_correction,
        crate::feedback::read_correction,
        crate::objections::submit_objection,
        crate::objections::read_objection,
        crate::objections::search_objections,
        crate::objections::decide_objection,
        crate::pointers::list_pointers,
        crate::pointers::register_pointer,
        crate::pointers::register_many,
        crate::pointers::digest_pointers,
        crate::pointers::withdraw_many,
        crate::pointers::read_pointer,
        crate::pointers::renew_pointer,
        crate::pointers::supersede_pointer,
        crate::pointers::withdraw_pointer,
        crate::pointers::read_upload,
        crate::pointers::renew_lease,
        crate::queries::ask,
        crate::relations::declare_relation,
        crate::relations::end_relation,
        crate::reviews::search_reviews,
        crate::reviews::read_notice,
        crate::reviews::give_verdict,
        crate::signals::read_signals,
        crate::subscriptions::list_subscriptions,
        crate::subscriptions::create_subscription,
        crate::subscriptions::read_subscription,
        crate::subscriptions::end_subscription,
        crate::subscriptions::verify_subscription,
        crate::subscriptions::list_dead_letters,
        crate::subscriptions::replay_dead_letters,
        kw_logbook::inspection::search,
        kw_logbook::inspection::request,
        kw_logbook::inspection::approve,
        kw_logbook::inspection::list,
        kw_logbook::serving::checkpoint,
        kw_logbook::serving::witnessed_checkpoint,
        kw_logbook::serving::tile,
        kw_logbook::witness::add_checkpoint,
        kw_logbook::witness::newest,
        crate::operator::read_state,
        crate::operator::read_agreement,
        crate::operator::hand_in_approval,
        crate::operator::list_versions,
        crate::operator::read_version,
        crate::public::read_jwks,
    ),
    modifiers(&Conventions),
    security(("mutualTls" = []))
)]
struct Api;

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
    let (url, description) = if path.starts_with("/.well-known/") {
        ("https://switchboard.example:8444", "The public listener: no client certificate")
    } else if path.starts_with("/v1/operator/") {
        ("http://127.0.0.1:9464", "The admin listener: this machine only")
    } else {
        ("https://switchboard.example:8443", "The service listener: mutual TLS")
    };
    let mut server = Server::new(url);
    server.description = Some(description.to_owned());
    server
}

/// The document as it is served, and as docs/openapi/switchboard.json holds it.
pub fn document() -> String {
    let mut text = Api::openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

const VERSION_HEADER: &str = "API-Version";

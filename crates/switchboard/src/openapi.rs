//! The published description of the switchboard's API.

use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ketenwijzer switchboard",
        version = "1.0.0",
        description = "Pointers and queries of a chain. Mutual TLS; the party is the OIN of the client certificate.",
        contact(name = "Ketenwijzer", email = "maintainers@ketenwijzer.example", url = "https://ketenwijzer.example"),
        license(name = "EUPL-1.2", url = "https://eupl.eu/1.2/en/")
    ),
    servers((url = "https://switchboard.example:8443", description = "The chain's switchboard")),
    tags(
        (name = "pointers", description = "A partner's own pointers"),
        (name = "queries", description = "Who holds what"),
        (name = "public", description = "The public listener")
    ),
    paths(
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
        crate::public::read_jwks,
    )
)]
struct Api;

/// The document as it is served, and as docs/openapi/switchboard.json holds it.
pub fn document() -> String {
    let mut text = Api::openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

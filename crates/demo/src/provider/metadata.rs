//! What everybody may know of the provider (OpenID Connect Discovery 1.0).

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::{Value, json};

use super::Provider;

pub(super) const PATH: &str = "/.well-known/openid-configuration";

pub(super) async fn discover(provider: Data<Provider>) -> HttpResponse {
    let issuer = &provider.issuer;
    HttpResponse::Ok().json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["openid", "onbehalfof", "onbehalfofchild", "represented"],
        "claims_supported": ["sub", "acr", "auth_time", "acting_subject", "legal_subject", "representation", "represented", "name",
            "urn:nl-eid-gdi:1.0:ActingSubjectID", "urn:nl-eid-gdi:1.0:LegalSubjectID", "urn:nl-eid-gdi:1.1:RepresentationType", "mandate"],
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    }))
}

pub(super) async fn jwks(provider: Data<Provider>) -> HttpResponse {
    let keys: Vec<Value> = provider.keys().iter().map(|key| key.public_jwk()).collect();
    HttpResponse::Ok().json(json!({ "keys": keys }))
}

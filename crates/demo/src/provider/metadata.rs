//! What everybody may know of the provider (OpenID Connect Discovery 1.0).

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::{Value, json};

use super::Provider;
use crate::openid::metadata;

pub(super) async fn discover(provider: Data<Provider>) -> HttpResponse {
    metadata(
        &provider.issuer,
        json!({
            "subject_types_supported": ["pairwise"],
            "scopes_supported": ["openid", "onbehalfof", "onbehalfofchild", "represented"],
            "claims_supported": ["sub", "acr", "auth_time", "acting_subject", "legal_subject", "representation", "represented", "name",
                "urn:nl-eid-gdi:1.0:ActingSubjectID", "urn:nl-eid-gdi:1.0:LegalSubjectID", "urn:nl-eid-gdi:1.1:RepresentationType", "mandate"],
        }),
    )
}

pub(super) async fn jwks(provider: Data<Provider>) -> HttpResponse {
    let keys: Vec<Value> = provider.keys().iter().map(|key| key.public_jwk()).collect();
    HttpResponse::Ok().json(json!({ "keys": keys }))
}

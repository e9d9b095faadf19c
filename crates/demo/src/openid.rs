//! What the two providers of this demonstration share of OpenID Connect: code flow, PKCE with S256, `private_key_jwt`, ES256.

mod clients;
mod expiring;
mod parameters;
mod question;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use kw_protocol::IdToken;
use serde_json::{Value, json};
use url::Url;

pub(crate) use clients::{BadKey, Clients};
pub(crate) use expiring::{Expiring, Full};
pub(crate) use parameters::{Parameters, TokenFailure};
pub(crate) use question::{Question, Redemption, scopes};

pub(crate) const METADATA: &str = "/.well-known/openid-configuration";

/// What everybody may know of a provider (OpenID Connect Discovery 1.0): what is the same for both, and what is not.
pub(crate) fn metadata(issuer: &str, own: Value) -> HttpResponse {
    let mut all = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
        "code_challenge_methods_supported": ["S256"],
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    });
    if let (Some(all), Value::Object(own)) = (all.as_object_mut(), own) {
        all.extend(own);
    }
    HttpResponse::Ok().json(all)
}

/// The answer of the token endpoint. The access token opens nothing: there is no other endpoint. OpenID Connect wants one.
pub(crate) fn token_answer(id_token: &IdToken, access_token: &str) -> HttpResponse {
    let answer = json!({
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": 60,
        "id_token": id_token,
    });
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_TYPE, "application/json"))
        .body(answer.to_string())
}

/// The client's redirect address with an answer in it (RFC 6749 §4.1.2; `iss`: RFC 9207).
pub(crate) fn redirect_to(
    redirect_uri: &str,
    answer: &[(&str, &str)],
    state: Option<&str>,
    issuer: &str,
) -> String {
    // It is one of those that were configured; one that is no URL is not sent anything.
    let Ok(mut url) = Url::parse(redirect_uri) else { return redirect_uri.to_owned() };
    url.query_pairs_mut()
        .extend_pairs(answer)
        .extend_pairs(state.map(|state| ("state", state)))
        .append_pair("iss", issuer);
    url.into()
}

/// Sends a browser on.
pub(crate) fn see_other(address: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, address))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

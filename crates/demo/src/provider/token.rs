//! `POST /token`: a client changes a code into a statement (OpenID Connect Core §3.1.3).

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{Bytes, Data};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::Provider;
use super::oauth::{Parameters, TokenFailure};

/// States who signed in, once for each code, after it is on record.
pub(super) async fn exchange(provider: Data<Provider>, body: Bytes) -> HttpResponse {
    match answer(&provider, &body).await {
        Ok(body) => HttpResponse::Ok()
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header((CONTENT_TYPE, "application/json"))
            .body(body),
        Err(failure) => failure.answer(),
    }
}

async fn answer(provider: &Provider, body: &[u8]) -> Result<String, TokenFailure> {
    let now = provider.now();
    let form = Parameters::parse(body).ok_or(TokenFailure::Request)?;
    let client = provider.client_of(&form, now)?;
    match form.get("grant_type") {
        Some("authorization_code") => {}
        Some(_) => return Err(TokenFailure::GrantType),
        None => return Err(TokenFailure::Request),
    }
    let (Some(code), Some(redirect_uri), Some(verifier)) =
        (form.get("code"), form.get("redirect_uri"), form.get("code_verifier"))
    else {
        return Err(TokenFailure::Request);
    };
    let code = provider.state().take(code, now).ok_or(TokenFailure::Grant)?;
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
    let fits = code.request.client == client.id
        && code.request.redirect_uri == redirect_uri
        && code.request.challenge == challenge
        // RFC 7636 §4.1.
        && (43..=128).contains(&verifier.len());
    if !fits {
        return Err(TokenFailure::Grant);
    }
    let (claims, record) = provider.state_for(client, &code, now).await.map_err(|_| TokenFailure::Server)?;
    let key = provider.keys().last().cloned().ok_or(TokenFailure::Server)?;
    let id_token = key.sign(&claims).map_err(|_| TokenFailure::Server)?;
    provider.transactions.add(&record).map_err(|_| TokenFailure::Server)?;
    // The access token opens nothing: there is no other endpoint. OpenID Connect wants one in the answer.
    let answer = json!({
        "access_token": provider.opaque(),
        "token_type": "Bearer",
        "expires_in": 60,
        "id_token": id_token,
    });
    Ok(answer.to_string())
}

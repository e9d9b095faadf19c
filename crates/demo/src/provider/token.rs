//! `POST /token`: a client changes a code into a statement (OpenID Connect Core §3.1.3).

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data};

use super::Provider;
use crate::openid::{Parameters, Redemption, TokenFailure, token_answer};

/// States who signed in, once for each code, after it is on record.
pub(super) async fn exchange(provider: Data<Provider>, body: Bytes) -> HttpResponse {
    answer(&provider, &body).await.unwrap_or_else(TokenFailure::answer)
}

async fn answer(provider: &Provider, body: &[u8]) -> Result<HttpResponse, TokenFailure> {
    let now = provider.now();
    let form = Parameters::parse(body).ok_or(TokenFailure::Request)?;
    let (id, client) = provider.clients.asking(&form, &provider.issuer, now)?;
    let redemption = Redemption::read(&form)?;
    let code = provider.state().take(redemption.code, now).ok_or(TokenFailure::Grant)?;
    if !redemption.answers(&code.request.question, id) {
        return Err(TokenFailure::Grant);
    }
    let (claims, record) = provider.state_for(client, &code, now).await.map_err(|_| TokenFailure::Server)?;
    let key = provider.keys().last().cloned().ok_or(TokenFailure::Server)?;
    let id_token = key.sign(&claims).map_err(|_| TokenFailure::Server)?;
    provider.transactions.add(&record).map_err(|_| TokenFailure::Server)?;
    Ok(token_answer(&id_token, &provider.opaque()))
}

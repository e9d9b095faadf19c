//! `POST /token`: a client changes a code into a statement (OpenID Connect Core §3.1.3).

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data};
use serde::Serialize;

use super::StaffProvider;
use crate::openid::{Parameters, Redemption, TokenFailure, token_answer};

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    auth_time: i64,
    nonce: &'a str,
    name: &'a str,
    roles: &'a [String],
}

/// States who signed in, once for each code.
pub(super) async fn exchange(provider: Data<StaffProvider>, body: Bytes) -> HttpResponse {
    answer(&provider, &body).unwrap_or_else(TokenFailure::answer)
}

fn answer(provider: &StaffProvider, body: &[u8]) -> Result<HttpResponse, TokenFailure> {
    let now = provider.now();
    let form = Parameters::parse(body).ok_or(TokenFailure::Request)?;
    let (id, client) = provider.clients.asking(&form, &provider.issuer, now)?;
    let redemption = Redemption::read(&form)?;
    let code = provider.state().codes.take(redemption.code, now).ok_or(TokenFailure::Grant)?;
    if !redemption.answers(&code.question, id) {
        return Err(TokenFailure::Grant);
    }
    let member = client.member(&code.member).ok_or(TokenFailure::Grant)?;
    let claims = Claims {
        iss: &provider.issuer,
        sub: &member.id,
        aud: id,
        iat: now.as_seconds(),
        exp: now.plus(WORKING_DAY).as_seconds(),
        auth_time: code.at.as_seconds(),
        nonce: &code.question.nonce,
        name: &member.name,
        roles: &member.roles,
    };
    let id_token = provider.key.sign(&claims).map_err(|_| TokenFailure::Server)?;
    Ok(token_answer(&id_token, &provider.opaque()))
}

/// What was stated proves to others who asks, for as long as somebody works at it.
const WORKING_DAY: Duration = Duration::from_hours(8);

//! What a personal environment calls, with its certificate.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, RETRY_AFTER};
use actix_web::web::{Bytes, Data, Json};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use kw_protocol::authorisation::{
    Collected, CollectionRequest, OauthError, OauthErrorCode, PushedAuthorisation, PushedRequest, Token,
    TokenRequest,
};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::http::require_media_type;
use kw_runtime::{Body, Party, Refusal, Trace};

use crate::AuthorisationServer;
use crate::server::Client;
use crate::steps::OauthRefusal;

/// Pushes a request for authorisation (RFC 9126).
#[utoipa::path(
    post,
    path = "/v1/authorisation/par",
    operation_id = "pushAuthorisation",
    tag = "authorisation",
    request_body(content = PushedRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 201, description = "The request is kept; its URI works once.", body = PushedAuthorisation),
        (status = 400, description = "`invalid_request`, `invalid_scope`, `unsupported_response_type`", body = OauthError),
        (status = 401, description = "`invalid_client`; or the problem `certificate-refused`", body = OauthError),
        (status = 403, description = "`unauthorized_client`; or the problem `party-unknown`", body = OauthError),
        (status = 413, description = "`too-large`", body = Problem),
        (status = 415, description = "`unsupported-media-type`", body = Problem),
        (status = 500, description = "`server_error`", body = OauthError),
        (status = 503, description = "`temporarily_unavailable`", body = OauthError),
    )
)]
pub async fn push(
    party: Party,
    trace: Trace,
    server: Data<AuthorisationServer>,
    request: HttpRequest,
    body: Bytes,
) -> Result<HttpResponse, Refused> {
    require_media_type(&request, FORM)?;
    let pushed = server.push(&client(&party, &trace), &body).await?;
    Ok(HttpResponse::Created().json(pushed))
}

/// Exchanges a code for a token (RFC 6749 §4.1.3).
#[utoipa::path(
    post,
    path = "/v1/authorisation/tokens",
    operation_id = "redeemCode",
    tag = "authorisation",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A token for this certificate and one person.", body = Token),
        (status = 400, description = "`invalid_request`, `invalid_grant`, `unsupported_grant_type`", body = OauthError),
        (status = 401, description = "`invalid_client`; or the problem `certificate-refused`", body = OauthError),
        (status = 403, description = "The problem `party-unknown`", body = Problem),
        (status = 413, description = "`too-large`", body = Problem),
        (status = 415, description = "`unsupported-media-type`", body = Problem),
        (status = 500, description = "`server_error`", body = OauthError),
        (status = 503, description = "`temporarily_unavailable`", body = OauthError),
    )
)]
pub async fn redeem(
    party: Party,
    trace: Trace,
    server: Data<AuthorisationServer>,
    request: HttpRequest,
    body: Bytes,
) -> Result<Json<Token>, Refused> {
    require_media_type(&request, FORM)?;
    Ok(Json(server.redeem(&client(&party, &trace), &body).await?))
}

/// Collects one category with a token.
#[utoipa::path(
    post,
    path = "/v1/collections",
    operation_id = "collect",
    tag = "authorisation",
    params(("Authorization" = String, Header, description = "`Bearer` and the token, which only the certificate that got it may use.")),
    request_body = CollectionRequest,
    responses(
        (status = 200, description = "The document, or none; with proofs of whom it is about.", body = Collected),
        (status = 400, description = "`invalid`", body = Problem),
        (status = 401, description = "`token-refused`, `certificate-refused`", body = Problem),
        (status = 403, description = "`party-unknown`, `denied`, `consent-withheld`, `representation-ended`, `birth-date-mismatch`, `birth-date-unknown`", body = Problem),
        (status = 413, description = "`too-large`", body = Problem),
        (status = 415, description = "`unsupported-media-type`", body = Problem),
        (status = 500, description = "`fault`", body = Problem),
        (status = 502, description = "`document-malformed`", body = Problem),
        (status = 503, description = "`source-unavailable`, `unavailable`", body = Problem),
    )
)]
pub async fn collect(
    party: Party,
    trace: Trace,
    server: Data<AuthorisationServer>,
    request: HttpRequest,
    body: Body<CollectionRequest>,
) -> Result<Json<Collected>, Refusal> {
    let Some(token) = bearer(&request) else {
        let detail = "Send the token as Authorization: Bearer.";
        return Err(Refusal::new(ProblemCode::TokenRefused, detail));
    };
    server.collect(&client(&party, &trace), token, &body.0).await.map(Json)
}

fn bearer(request: &HttpRequest) -> Option<&str> {
    let mut given = request.headers().get_all(AUTHORIZATION);
    let (value, None) = (given.next()?.to_str().ok()?, given.next()) else { return None };
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && token.len() <= 128).then_some(token)
}

fn client(party: &Party, trace: &Trace) -> Client {
    Client {
        oin: party.oin,
        certificate: party.certificate_sha256,
        trace: trace.trace_id(),
        transaction: trace.transaction,
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

/// A refusal of an OAuth endpoint: in the RFC's form, or in ours where no form was read.
#[derive(Debug)]
pub enum Refused {
    /// RFC 6749 §5.2.
    Oauth(OauthError),
    /// RFC 9457.
    Problem(Refusal),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Oauth(error) => f.write_str(error.error.as_str()),
            Self::Problem(refusal) => refusal.fmt(f),
        }
    }
}

impl From<OauthRefusal> for Refused {
    fn from(refused: OauthRefusal) -> Self {
        Self::Oauth(refused.0)
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Problem(refusal)
    }
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Oauth(error) => {
                StatusCode::from_u16(error.error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
            Self::Problem(refusal) => refusal.status_code(),
        }
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            Self::Oauth(error) => {
                let mut response = HttpResponse::build(self.status_code());
                if error.error == OauthErrorCode::TemporarilyUnavailable {
                    response.insert_header((RETRY_AFTER, "1"));
                }
                response.json(error)
            }
            Self::Problem(refusal) => refusal.error_response(),
        }
    }
}

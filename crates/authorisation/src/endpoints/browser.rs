//! What a person's browser calls. Nothing sensitive stands in an address: a request URI, a state and a code are each good
//! for one step, once, and the birth date never comes here.

use actix_web::http::header::{
    self, CONTENT_SECURITY_POLICY, COOKIE, HeaderValue, LOCATION, ORIGIN, REFERRER_POLICY, SET_COOKIE,
};
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use kw_domain::AuthorisationId;
use kw_protocol::authorisation::{
    AUTHORIZE_PATH, CONSENTS_PATH, ConsentDecision, ConsentView, Decided, PAR_PATH, TOKENS_PATH,
};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Refusal, Trace};
use kw_web::wants_page;
use serde::Deserialize;
use serde_json::json;

use super::page;
use crate::AuthorisationServer;
use crate::rules::phase::Phase;
use crate::steps::CallbackQuery;

/// What a browser brings from the personal environment.
#[derive(Deserialize)]
pub struct AuthorizeQuery {
    client_id: String,
    request_uri: String,
}

/// Begins: sends the browser to the provider.
#[utoipa::path(
    get,
    path = "/v1/authorisation/authorize",
    operation_id = "authorize",
    tag = "authorisation-browser",
    security(()),
    params(
        ("client_id" = String, Query, description = "The personal environment."),
        ("request_uri" = String, Query, description = "From the pushed request; works once."),
    ),
    responses(
        (status = 303, description = "To the provider, with a cookie that ties this browser to the authorisation."),
        (status = 400, description = "`invalid`: unknown, used, too old or another client's", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    )
)]
pub async fn authorize(
    server: Data<AuthorisationServer>,
    query: Query<AuthorizeQuery>,
) -> Result<HttpResponse, Refusal> {
    let sent = server.send(&query.client_id, &query.request_uri).await?;
    // `__Host-`: from this host only, over TLS only, for the whole host. Lax: the provider sends the browser back by a link.
    let age = (Phase::Authenticating.lasts() + Phase::Asking.lasts()).as_secs();
    let cookie = format!(
        "{}={}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={age}",
        cookie_name(sent.id),
        *sent.cookie
    );
    let mut response = see_other(&sent.location)?;
    Ok(response.insert_header((SET_COOKIE, secret_header(&cookie)?)).finish())
}

/// Goes on: takes the provider's answer.
#[utoipa::path(
    get,
    path = "/v1/authorisation/callback",
    operation_id = "callBack",
    tag = "authorisation-browser",
    security(()),
    params(
        ("state" = String, Query, description = "As it was sent to the provider."),
        ("code" = Option<String>, Query, description = "The provider's code."),
        ("iss" = Option<String>, Query, description = "Who answers (RFC 9207)."),
        ("error" = Option<String>, Query, description = "Why there is no code."),
    ),
    responses(
        (status = 303, description = "To the question, or to why there is none."),
        (status = 400, description = "`invalid`: another browser's, used or too old", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    )
)]
pub async fn call_back(
    server: Data<AuthorisationServer>,
    trace: Trace,
    request: HttpRequest,
    query: Query<CallbackQuery>,
) -> Result<HttpResponse, Refusal> {
    let id = server.state(&query, &|id| cookie_of(&request, id), &trace).await?;
    Ok(see_other(&format!("{CONSENTS_PATH}/{id}"))?.finish())
}

/// Shows what the person is asked: who, for whom, which holder, which recipient, which data.
#[utoipa::path(
    get,
    path = "/v1/authorisation/consents/{id}",
    operation_id = "showConsent",
    tag = "authorisation-browser",
    security(()),
    params(("id" = String, Path, description = "The authorisation.")),
    responses(
        (status = 200, description = "The question, or why there is none.", body = ConsentView),
        (status = 404, description = "`not-found`: over, or another browser's", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    )
)]
pub async fn show_consent(
    server: Data<AuthorisationServer>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Refusal> {
    // A browser gets a page, whose form comes back here.
    if wants_page(&request) {
        return page::show(&server, &request, &id).await;
    }
    let id = parse(&id)?;
    let (view, _) = server.show(id, cookie_of(&request, id).as_deref(), None).await?;
    Ok(guarded(HttpResponse::Ok()).json(view))
}

/// Takes the person's decision.
#[utoipa::path(
    post,
    path = "/v1/authorisation/consents/{id}",
    operation_id = "decideConsent",
    tag = "authorisation-browser",
    security(()),
    params(("id" = String, Path, description = "The authorisation.")),
    request_body = ConsentDecision,
    responses(
        (status = 200, description = "Where the browser goes: with a code, or with `access_denied`.", body = Decided),
        (status = 400, description = "`invalid`", body = Problem),
        (status = 403, description = "`denied`: sent from another site, or the agreement changed", body = Problem),
        (status = 404, description = "`not-found`: decided, over, or another browser's", body = Problem),
        (status = 413, description = "`too-large`", body = Problem),
        (status = 415, description = "`unsupported-media-type`", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    )
)]
pub async fn consent(
    server: Data<AuthorisationServer>,
    trace: Trace,
    request: HttpRequest,
    id: Path<String>,
    body: Body<ConsentDecision>,
) -> Result<HttpResponse, Refusal> {
    let id = parse(&id)?;
    // The cookie is not sent along from another site; a browser that says where the page is from is believed too.
    if let Some(origin) = request.headers().get(ORIGIN)
        && !server.is_own_origin(origin.to_str().unwrap_or_default())
    {
        return Err(Refusal::new(ProblemCode::Denied, "Decide on the holder's own page."));
    }
    let decided =
        server.decide_consent(id, cookie_of(&request, id).as_deref(), body.0.decision, &trace).await?;
    Ok(guarded(HttpResponse::Ok()).json(decided))
}

/// What this authorisation server is (RFC 8414).
#[utoipa::path(
    get,
    path = "/.well-known/oauth-authorization-server",
    operation_id = "showAuthorisationServer",
    tag = "authorisation-browser",
    security(()),
    responses(
        (status = 200, description = "Issuer, endpoints and what is supported.", body = Object),
        (status = 503, description = "`unavailable`", body = Problem),
    )
)]
pub async fn metadata(server: Data<AuthorisationServer>) -> Result<HttpResponse, Refusal> {
    let (issuer, service) = server.endpoints()?;
    Ok(HttpResponse::Ok().json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}{AUTHORIZE_PATH}"),
        "token_endpoint": format!("{service}{TOKENS_PATH}"),
        "pushed_authorization_request_endpoint": format!("{service}{PAR_PATH}"),
        "require_pushed_authorization_requests": true,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["tls_client_auth"],
        "tls_client_certificate_bound_access_tokens": true,
        "authorization_response_iss_parameter_supported": true,
    })))
}

pub(super) fn parse(id: &str) -> Result<AuthorisationId, Refusal> {
    AuthorisationId::parse(id)
        .map_err(|_| Refusal::new(ProblemCode::NotFound, "There is nothing to decide here."))
}

/// One cookie for each authorisation, so that two of them in one browser do not get into each other's way.
fn cookie_name(id: AuthorisationId) -> String {
    format!("__Host-ketenwijzer-{id}")
}

pub(super) fn cookie_of(request: &HttpRequest, id: AuthorisationId) -> Option<String> {
    let wanted = cookie_name(id);
    let headers = request.headers().get_all(COOKIE).filter_map(|value| value.to_str().ok());
    let mut values = headers
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == wanted)
        .map(|(_, value)| value.to_owned());
    // Two of one name: one of them was put there by somebody else.
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value),
        _ => None,
    }
}

fn see_other(location: &str) -> Result<HttpResponseBuilder, Refusal> {
    let mut response = guarded(HttpResponse::SeeOther());
    response.insert_header((LOCATION, secret_header(location)?));
    Ok(response)
}

/// Nothing of an address goes to another site, and nothing of a page is framed or run.
fn guarded(mut response: HttpResponseBuilder) -> HttpResponseBuilder {
    response
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"))
        .insert_header((header::CACHE_CONTROL, "no-store"));
    response
}

fn secret_header(text: &str) -> Result<HeaderValue, Refusal> {
    HeaderValue::from_str(text).map_err(|_| Refusal::fault("an address cannot stand in a header"))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn id() -> AuthorisationId {
        AuthorisationId::from_bytes([7; 16])
    }

    fn cookie(header: &str) -> Option<String> {
        cookie_of(&TestRequest::get().insert_header((COOKIE, header)).to_http_request(), id())
    }

    #[test]
    fn the_cookie_of_this_authorisation_is_found_among_others() {
        let name = cookie_name(id());
        let other = cookie_name(AuthorisationId::from_bytes([8; 16]));
        assert_eq!(cookie(&format!("a=b; {other}=x; {name}=value")).as_deref(), Some("value"));
        assert_eq!(cookie(&format!("{other}=x")), None);
        assert_eq!(cookie(""), None);
    }

    #[test]
    fn two_cookies_of_one_name_are_none() {
        let name = cookie_name(id());
        assert_eq!(cookie(&format!("{name}=mine; {name}=planted")), None);
    }
}

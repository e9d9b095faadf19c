//! `GET /authorize`: a client sends a person's browser here to sign in (OpenID Connect Core §3.1.2).

use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_protocol::authorisation::RepresentationScope;
use kw_protocol::problem::ProblemCode;
use kw_runtime::Refusal;
use url::Url;

use super::oauth::Parameters;
use super::state::Request;
use super::{Audience, Client, Provider, pages};

/// Begins a sign-in. Without a known client and a redirect address of its own the browser is sent nowhere.
pub(super) async fn authorize(
    provider: Data<Provider>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    let unknown = || {
        let detail =
            "The client or its redirect address is not known here, so there is nowhere to send you back to.";
        Refusal::new(ProblemCode::Invalid, detail)
    };
    let parameters = Parameters::parse(request.query_string().as_bytes()).ok_or_else(unknown)?;
    let client = parameters.get("client_id").and_then(|id| provider.clients.find(id)).ok_or_else(unknown)?;
    let redirect_uri = parameters
        .get("redirect_uri")
        .filter(|uri| client.redirect_uris.iter().any(|known| known == uri))
        .ok_or_else(unknown)?;
    let asked = match read(&parameters, client, redirect_uri) {
        Ok(asked) => asked,
        Err(error) => {
            return Ok(sent_back(
                redirect_uri,
                &[("error", error)],
                parameters.get("state"),
                &provider.issuer,
            ));
        }
    };
    let (id, state) = (provider.opaque(), asked.state.clone());
    let browser = pages::is_browser(&request).then(|| provider.opaque());
    if provider.state().begin(id.clone(), asked, browser.clone(), provider.now()).is_err() {
        let error = [("error", "temporarily_unavailable")];
        return Ok(sent_back(redirect_uri, &error, state.as_deref(), &provider.issuer));
    }
    Ok(match browser {
        Some(browser) => pages::entrance(&provider, &id, &browser),
        None => see_other(&format!("{}/interactions/{id}", provider.issuer)),
    })
}

/// What is asked, or the error that the client gets (RFC 6749 §4.1.2.1).
fn read(parameters: &Parameters, client: &Client, redirect_uri: &str) -> Result<Request, &'static str> {
    if parameters.get("request").is_some() {
        return Err("request_not_supported");
    }
    if parameters.get("request_uri").is_some() {
        return Err("request_uri_not_supported");
    }
    match parameters.get("response_type") {
        Some("code") => {}
        Some(_) => return Err("unsupported_response_type"),
        None => return Err("invalid_request"),
    }
    if parameters.get("response_mode").is_some_and(|mode| mode != "query") {
        return Err("invalid_request");
    }
    let scope: Vec<&str> = parameters.get("scope").unwrap_or_default().split(' ').collect();
    let asks = |word: &str| scope.contains(&word);
    let mut representation = RepresentationScope::ALL.into_iter().filter(|one| asks(one.as_str()));
    let (first, second) = (representation.next(), representation.next());
    // Only a personal environment has a list to make of whom the person may act for.
    let may_list = matches!(client.audience, Audience::Personal(_));
    if !asks("openid") || second.is_some() || (asks("represented") && !may_list) {
        return Err("invalid_scope");
    }
    let challenge = parameters
        .get("code_challenge")
        .filter(|challenge| matches!(URL_SAFE_NO_PAD.decode(challenge), Ok(hash) if hash.len() == 32))
        .filter(|_| parameters.get("code_challenge_method") == Some("S256"));
    let nonce = parameters.get("nonce").filter(|nonce| nonce.len() <= LONGEST);
    let (Some(challenge), Some(nonce)) = (challenge, nonce) else { return Err("invalid_request") };
    let state = parameters.get("state");
    if state.is_some_and(|state| state.len() > LONGEST) {
        return Err("invalid_request");
    }
    Ok(Request {
        client: client.id.clone(),
        redirect_uri: redirect_uri.to_owned(),
        state: state.map(str::to_owned),
        nonce: nonce.to_owned(),
        challenge: challenge.to_owned(),
        representation: first,
        represented: asks("represented"),
    })
}

/// The client's redirect address with an answer in it (RFC 6749 §4.1.2; `iss`: RFC 9207).
pub(super) fn redirect_to(
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

fn sent_back(redirect_uri: &str, answer: &[(&str, &str)], state: Option<&str>, issuer: &str) -> HttpResponse {
    see_other(&redirect_to(redirect_uri, answer, state, issuer))
}

fn see_other(address: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, address))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

impl Provider {
    /// A name that cannot be guessed: 192 bits.
    pub(super) fn opaque(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.entropy.draw::<24>())
    }
}

const LONGEST: usize = 512;

//! `GET /authorize`: a client sends a person's browser here to sign in (OpenID Connect Core §3.1.2).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_protocol::authorisation::RepresentationScope;
use kw_protocol::problem::ProblemCode;
use kw_runtime::Refusal;

use super::state::Request;
use super::{Audience, Client, Provider, pages};
use crate::openid::{Parameters, Question, redirect_to, scopes, see_other};

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
    let (id, state) = (provider.opaque(), asked.question.state.clone());
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
    let question = Question::read(parameters, &client.id, redirect_uri)?;
    let asks = |word: &str| scopes(parameters).any(|scope| scope == word);
    let mut representation = RepresentationScope::ALL.into_iter().filter(|one| asks(one.as_str()));
    let (first, second) = (representation.next(), representation.next());
    // Only a personal environment has a list to make of whom the person may act for.
    let may_list = matches!(client.audience, Audience::Personal(_));
    if second.is_some() || (asks("represented") && !may_list) {
        return Err("invalid_scope");
    }
    Ok(Request { question, representation: first, represented: asks("represented") })
}

fn sent_back(redirect_uri: &str, answer: &[(&str, &str)], state: Option<&str>, issuer: &str) -> HttpResponse {
    see_other(&redirect_to(redirect_uri, answer, state, issuer))
}

impl Provider {
    /// A name that cannot be guessed: 192 bits.
    pub(super) fn opaque(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.entropy.draw::<24>())
    }
}

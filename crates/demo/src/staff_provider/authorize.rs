//! A browser comes to sign somebody in, and goes back with a code (OpenID Connect Core §3.1.2).

use actix_web::http::StatusCode;
use actix_web::http::header::SET_COOKIE;
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use kw_protocol::problem::ProblemCode;
use kw_web::{Frame, Pages, Problems, cookie, form_token, is_own, sent_form};
use url::Url;

use super::{Client, Code, SIGN_IN, StaffProvider, UnderWay};
use crate::openid::{Parameters, Question, redirect_to, see_other};

/// `GET /authorize`. Without a known client and a redirect address of its own the browser is sent nowhere.
pub(super) async fn begin(provider: Data<StaffProvider>, request: HttpRequest) -> HttpResponse {
    let unknown = || provider.pages.failure(&request, ProblemCode::Invalid);
    let Some(parameters) = Parameters::parse(request.query_string().as_bytes()) else { return unknown() };
    let client = parameters.get("client_id").and_then(|id| provider.clients.find(id));
    let redirect_uri = parameters.get("redirect_uri");
    let (Some(client), Some(redirect_uri)) = (client, redirect_uri) else { return unknown() };
    if !client.redirect_uris.iter().any(|known| known == redirect_uri) {
        return unknown();
    }
    let back = |error: &str| {
        see_other(&redirect_to(redirect_uri, &[("error", error)], parameters.get("state"), &provider.issuer))
    };
    if parameters.get("prompt") == Some("none") {
        return back("login_required");
    }
    let question = match Question::read(&parameters, &client.id, redirect_uri) {
        Ok(question) => question,
        Err(error) => return back(error),
    };
    let (id, browser) = (provider.opaque(), provider.opaque());
    let cookie = cookie::set(&cookie_name(&id), &browser, false, Some(SIGN_IN.as_secs()));
    let under_way = UnderWay { question, browser, failures: 0 };
    if provider.state().under_way.keep(id.clone(), under_way, provider.now()).is_err() {
        return back("temporarily_unavailable");
    }
    let mut onwards = see_other(&format!("/sign-ins/{id}"));
    onwards.headers_mut().append(SET_COOKIE, cookie);
    onwards
}

/// `GET /sign-ins/{id}`: who are you?
pub(super) async fn show(
    provider: Data<StaffProvider>,
    request: HttpRequest,
    id: Path<String>,
) -> HttpResponse {
    provider.page(&request, &id, "", Problems::default())
}

/// `POST /sign-ins/{id}`. After five mistakes the sign-in is over.
pub(super) async fn sign_in(
    provider: Data<StaffProvider>,
    request: HttpRequest,
    id: Path<String>,
    body: Bytes,
) -> HttpResponse {
    let now = provider.now();
    let over = || provider.pages.failure(&request, ProblemCode::SignedOut);
    let browser = cookie::read(&request, &cookie_name(&id)).unwrap_or_default();
    let form = is_own(&request, &provider.issuer).then(|| sent_form(&body, &browser)).flatten();
    let Some(form) = form else { return provider.pages.failure(&request, ProblemCode::Denied) };
    let field = |name: &str| form.get(name).map_or("", |value| value.trim());
    let (given, secret) = (field("member"), field("secret"));
    let mut state = provider.state();
    let found = state.under_way.find(&id, now).filter(|under_way| under_way.browser == browser);
    let Some(under_way) = found else {
        drop(state);
        return over();
    };
    let client = provider.clients.find(&under_way.question.client);
    let member = client.and_then(|client| client.member(given));
    let Some(member) = member.filter(|member| !secret.is_empty() && member.secret == secret) else {
        under_way.failures += 1;
        if under_way.failures >= MOST_FAILURES {
            state.under_way.take(&id, now);
        }
        drop(state);
        let mut problems = Problems::default();
        if member.is_none() {
            problems.add("member", "staff-choose");
        } else {
            problems.add("secret", "staff-wrong");
        }
        return provider.page(&request, &id, given, problems);
    };
    let Some(UnderWay { question, .. }) = state.under_way.take(&id, now) else {
        drop(state);
        return over();
    };
    let code = provider.opaque();
    let answer = [("code", code.as_str())];
    let back = redirect_to(&question.redirect_uri, &answer, question.state.as_deref(), &provider.issuer);
    let member = member.id.clone();
    if state.codes.keep(code, Code { question, member, at: now }, now).is_ok() {
        return see_other(&back);
    }
    drop(state);
    provider.pages.failure(&request, ProblemCode::TooMany)
}

#[derive(Template)]
#[template(path = "staff-sign-in.html")]
struct Page<'a> {
    f: &'a Frame,
    client: &'a Client,
    given: &'a str,
    problems: Problems,
}

impl StaffProvider {
    fn page(&self, request: &HttpRequest, id: &str, given: &str, problems: Problems) -> HttpResponse {
        let browser = cookie::read(request, &cookie_name(id)).unwrap_or_default();
        let question = (self.state().under_way.find(id, self.now()))
            .filter(|under_way| under_way.browser == browser)
            .map(|under_way| under_way.question.clone());
        let known = question.and_then(|question| {
            let client = self.clients.find(&question.client)?;
            let origin = Url::parse(&question.redirect_uri).ok()?.origin().ascii_serialization();
            Some((client, origin))
        });
        let Some((client, origin)) = known else {
            return self.pages.failure(request, ProblemCode::SignedOut);
        };
        let frame = self.pages.frame(request, "staff-name").with_token(form_token(&browser));
        let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let page = Page { f: &frame, client, given, problems };
        match frame.page_with(status, &page) {
            Ok(page) => Pages::guarded(page, Some(&origin)),
            Err(_) => HttpResponse::InternalServerError().finish(),
        }
    }
}

/// A sign-in goes on in the browser where it began. Two at a time are two cookies.
fn cookie_name(id: &str) -> String {
    format!("staff-{}", id.get(..8).unwrap_or_default())
}

const MOST_FAILURES: u32 = 5;

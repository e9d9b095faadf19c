//! The same for a person at a browser: pages for signing in and choosing for whom. A sign-in that a browser began goes on
//! in that browser only; a form that another page sends changes nothing.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION, SET_COOKIE};
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use kw_domain::MandateId;
use kw_protocol::problem::ProblemCode;
use kw_runtime::Refusal;
use kw_web::{Frame, Outcome, Pages, Problems, cookie, form_token, is_own, sent_form, wants_page};
use url::Url;
use zeroize::Zeroizing;

use super::Provider;
use super::interactions::{Signing, over};
use super::state::{Interaction, Request};
use super::wire::{Choice, Choices, OfferedMandate};
use crate::openid::redirect_to;

/// Where the pages of a sign-in are; its name follows.
pub(super) const PATH: &str = "/sign-in";

#[derive(Template)]
#[template(path = "provider-sign-in.html")]
struct SignInPage<'a> {
    f: &'a Frame,
    problems: &'a Problems,
    client: String,
    for_another: bool,
    username: &'a str,
    people: Vec<(&'a str, &'a str)>,
}

#[derive(Template)]
#[template(path = "provider-choose.html")]
struct ChoosePage<'a> {
    f: &'a Frame,
    problems: &'a Problems,
    client: String,
    name: &'a str,
    people: &'a [OfferedMandate],
}

#[derive(Template)]
#[template(path = "provider-ended.html")]
struct EndedPage<'a> {
    f: &'a Frame,
    client: String,
    back: String,
}

/// What a browser that comes with a request is given: a secret of its own, and the way to the page.
pub(super) fn entrance(provider: &Provider, id: &str, browser: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, format!("{}{PATH}/{id}", provider.issuer)))
        .insert_header((SET_COOKIE, cookie::set(&cookie_name(id), browser, true, Some(COOKIE_LIVES))))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

/// `GET /sign-in/{id}`: what is asked of the person now.
pub(super) async fn show(provider: Data<Provider>, request: HttpRequest, id: Path<String>) -> HttpResponse {
    let page = match At::of(&provider, &request, &id) {
        Ok(at) => at.page(StatusCode::OK, "", &Problems::new()).await,
        Err(refusal) => Err(refusal),
    };
    page.unwrap_or_else(|refusal| provider.pages.failure(&request, refusal.code()))
}

/// `POST /sign-in/{id}`: name and secret.
pub(super) async fn authenticate(
    provider: Data<Provider>,
    request: HttpRequest,
    id: Path<String>,
    body: Bytes,
) -> HttpResponse {
    let done = async {
        let (at, fields) = At::with_form(&provider, &request, &id, &body)?;
        let given = |name: &str| fields.get(name).map_or("", |value| value.trim());
        match provider.authenticate(&id, Some(&at.browser), given("username"), given("secret")) {
            Signing::Done(Choices::Own) => {
                let own = Choice { mandate: None, own: true };
                Ok(away(&provider.complete(&id, Some(&at.browser), own).await?, &at))
            }
            Signing::Done(Choices::Mandate) => Ok(see_other(&format!("{PATH}/{}", *id))),
            Signing::Wrong => {
                let mut problems = Problems::new();
                problems.add("username", "demo-wrong");
                at.page(StatusCode::UNPROCESSABLE_ENTITY, given("username"), &problems).await
            }
            Signing::Ended => at.ended(),
            Signing::Over => Err(over()),
        }
    };
    done.await.unwrap_or_else(|refusal: Refusal| provider.pages.failure(&request, refusal.code()))
}

/// `POST /sign-in/{id}/choice`: for whom.
pub(super) async fn choose(
    provider: Data<Provider>,
    request: HttpRequest,
    id: Path<String>,
    body: Bytes,
) -> HttpResponse {
    let done = async {
        let (at, fields) = At::with_form(&provider, &request, &id, &body)?;
        let choice = match fields.get("for").map(|value| value.as_str()) {
            Some("self") => Some(Choice { mandate: None, own: true }),
            Some(text) => text.parse::<MandateId>().ok().map(|one| Choice { mandate: Some(one), own: false }),
            None => None,
        };
        let mut problems = Problems::new();
        let Some(choice) = choice else {
            problems.add("for", "demo-choose-one");
            return at.page(StatusCode::UNPROCESSABLE_ENTITY, "", &problems).await;
        };
        match provider.complete(&id, Some(&at.browser), choice).await {
            Ok(back) => Ok(away(&back, &at)),
            // It was taken back while the person was reading.
            Err(refusal) if refusal.code() == ProblemCode::Denied => {
                problems.add("for", "demo-choose-gone");
                at.page(StatusCode::UNPROCESSABLE_ENTITY, "", &problems).await
            }
            Err(refusal) => Err(refusal),
        }
    };
    done.await.unwrap_or_else(|refusal: Refusal| provider.pages.failure(&request, refusal.code()))
}

/// `POST /sign-in/{id}/cancel`: back to whoever asked, without a statement.
pub(super) async fn cancel(
    provider: Data<Provider>,
    request: HttpRequest,
    id: Path<String>,
    body: Bytes,
) -> HttpResponse {
    match At::with_form(&provider, &request, &id, &body) {
        Ok((at, _)) => {
            provider.state().end(&id);
            away(&at.refused(), &at)
        }
        Err(refusal) => provider.pages.failure(&request, refusal.code()),
    }
}

/// A sign-in under way, in the browser that began it.
struct At<'a> {
    provider: &'a Provider,
    request: &'a HttpRequest,
    id: &'a str,
    browser: String,
    under_way: Interaction,
}

impl<'a> At<'a> {
    fn of(provider: &'a Provider, request: &'a HttpRequest, id: &'a str) -> Result<Self, Refusal> {
        let browser = cookie::read(request, &cookie_name(id)).ok_or_else(over)?;
        let under_way = provider.under_way(id, Some(&browser))?;
        Ok(Self { provider, request, id, browser, under_way })
    }

    fn with_form(
        provider: &'a Provider,
        request: &'a HttpRequest,
        id: &'a str,
        body: &[u8],
    ) -> Result<(Self, BTreeMap<String, Zeroizing<String>>), Refusal> {
        let at = Self::of(provider, request, id)?;
        let fields = sent_form(body, &at.browser).filter(|_| is_own(request, &provider.issuer));
        let elsewhere = || Refusal::new(ProblemCode::Denied, "This form is of another page.");
        Ok((at, fields.ok_or_else(elsewhere)?))
    }

    fn asked(&self) -> &Request {
        &self.under_way.request
    }

    fn frame(&self, title: &str) -> Frame {
        let frame = self.provider.pages.frame(self.request, title);
        // Wherever a form was sent to, the page is this one.
        frame.at(format!("{PATH}/{}", self.id)).with_token(form_token(&self.browser))
    }

    async fn page(
        &self,
        status: StatusCode,
        username: &str,
        problems: &Problems,
    ) -> Result<HttpResponse, Refusal> {
        let client = self.provider.name_of(&self.asked().question.client);
        let account = self.under_way.account.as_ref();
        let account = account.and_then(|(name, _)| self.provider.account(name));
        let made = if let Some(account) = account.filter(|_| self.asked().representation.is_some()) {
            let people = self.provider.people_for(&account.name, self.asked()).await?;
            let f = self.frame("demo-choose");
            let page =
                ChoosePage { f: &f, problems, client, name: &account.given_name, people: &people.mandates };
            f.page_with(status, &page)
        } else {
            let f = self.frame("demo-sign-in");
            let people = self.provider.accounts.iter();
            let page = SignInPage {
                f: &f,
                problems,
                client,
                for_another: self.asked().representation.is_some(),
                username,
                people: people.map(|one| (one.name.as_str(), one.secret.as_str())).collect(),
            };
            f.page_with(status, &page)
        };
        self.out(made)
    }

    /// It is over: nothing is left but the way back.
    fn ended(&self) -> Result<HttpResponse, Refusal> {
        let f = self.frame("demo-ended");
        let client = self.provider.name_of(&self.asked().question.client);
        self.out(f.page_with(StatusCode::FORBIDDEN, &EndedPage { f: &f, client, back: self.refused() }))
    }

    fn out(&self, made: Outcome) -> Result<HttpResponse, Refusal> {
        let page = made.map_err(|_| Refusal::fault("a page of the provider cannot be made"))?;
        let mut page = Pages::guarded(page, self.client_origin().as_deref());
        page.headers_mut()
            .insert(CACHE_CONTROL, actix_web::http::header::HeaderValue::from_static("no-store"));
        Ok(page)
    }

    /// Forms lead there in the end.
    fn client_origin(&self) -> Option<String> {
        Some(Url::parse(&self.asked().question.redirect_uri).ok()?.origin().ascii_serialization())
    }

    fn refused(&self) -> String {
        let (asked, answer) = (self.asked(), [("error", "access_denied")]);
        redirect_to(
            &asked.question.redirect_uri,
            &answer,
            asked.question.state.as_deref(),
            &self.provider.issuer,
        )
    }
}

impl Provider {
    /// Whoever asks, as people know it.
    fn name_of(&self, client: &str) -> String {
        self.register.name_of(client).unwrap_or_else(|| client.to_owned())
    }
}

/// Back to whoever asked. The sign-in is over, and so is its cookie.
fn away(address: &str, at: &At<'_>) -> HttpResponse {
    let mut response = see_other(address);
    response.headers_mut().append(SET_COOKIE, cookie::set(&cookie_name(at.id), "", true, Some(0)));
    Pages::guarded(response, at.client_origin().as_deref())
}

fn see_other(address: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, address))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

/// One for each sign-in, so that two of them in one browser do not get into each other's way.
fn cookie_name(id: &str) -> String {
    format!("__Host-kw-provider-{id}")
}

/// Whether a page is wanted, for a request that both a program and a browser make.
pub(super) fn is_browser(request: &HttpRequest) -> bool {
    wants_page(request)
}

/// As long as a sign-in may take.
const COOKIE_LIVES: u64 = 10 * 60;

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn every_page_says_everything_in_both_languages() {
        let own = (include_str!("../../locales/nl.ftl"), include_str!("../../locales/en.ftl"));
        let mistakes = kw_web::testing::mistakes(Path::new(env!("CARGO_MANIFEST_DIR")), own);
        assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
    }
}

//! The question as a page (RFC0055: the holder asks): who, for whom, which holder, which recipient, which data.

use std::sync::LazyLock;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::guard::{Guard, fn_guard};
use actix_web::http::header::{self, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, LOCATION};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data, Path};
use actix_web::{Error, HttpRequest, HttpResponse};
use askama::Template;
use kw_agreement::Language as AgreementLanguage;
use kw_protocol::authorisation::{ConsentQuestion, ConsentVerdict, ConsentView};
use kw_protocol::problem::ProblemCode;
use kw_runtime::{Refusal, Trace};
use kw_web::{Frame, Language, Pages, form_token, sent_form, wants_page};
use url::Url;

use super::browser::{cookie_of, parse};
use crate::AuthorisationServer;

const WORDS: (&str, &str) = (include_str!("../../locales/nl.ftl"), include_str!("../../locales/en.ftl"));
/// The texts are in the program; a test reads them.
static PAGES: LazyLock<Option<Pages>> = LazyLock::new(|| Pages::new("authorisation", WORDS).ok());

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage<'a> {
    f: &'a Frame,
    q: &'a ConsentQuestion,
    acting: Option<&'a str>,
    minutes: u64,
}

#[derive(Template)]
#[template(path = "consent-ended.html")]
struct EndedPage<'a> {
    f: &'a Frame,
    reason: &'static str,
    back: &'a str,
}

/// The page of this authorisation, for the browser that has its cookie.
pub(super) async fn show(
    server: &AuthorisationServer,
    request: &HttpRequest,
    id: &str,
) -> Result<HttpResponse, Refusal> {
    let (id, pages) = (parse(id)?, pages()?);
    let cookie = cookie_of(request, id);
    let frame = pages.frame(request, "authorisation-consent");
    let language = match frame.language {
        Language::Dutch => AgreementLanguage::Dutch,
        Language::English => AgreementLanguage::English,
    };
    let (view, client) = server.show(id, cookie.as_deref(), Some(language)).await?;
    let made = match &view {
        ConsentView::Asked(question) => {
            let f = frame.with_token(form_token(cookie.as_deref().unwrap_or_default()));
            let acting = question.acting.name.as_deref();
            let minutes = question.expires_in.div_ceil(60);
            f.page(&ConsentPage { f: &f, q: question, acting, minutes })
        }
        ConsentView::Ended(ended) => {
            let f = pages.frame(request, "authorisation-ended");
            f.page(&EndedPage { f: &f, reason: ended.reason.as_str(), back: &ended.redirect_to })
        }
    };
    let page = made.map_err(|_| Refusal::fault("the page of a question cannot be made"))?;
    Ok(out(page, &client))
}

/// The person's decision, from the form of that page.
pub(super) async fn decide(
    server: Data<AuthorisationServer>,
    trace: Trace,
    request: HttpRequest,
    id: Path<String>,
    body: Bytes,
) -> Result<HttpResponse, Refusal> {
    let id = parse(&id)?;
    let cookie = cookie_of(&request, id);
    let elsewhere = || Refusal::new(ProblemCode::Denied, "Decide on the holder's own page.");
    if let Some(origin) = request.headers().get(header::ORIGIN)
        && !server.is_own_origin(origin.to_str().unwrap_or_default())
    {
        return Err(elsewhere());
    }
    let fields = cookie.as_deref().and_then(|cookie| sent_form(&body, cookie)).ok_or_else(elsewhere)?;
    let verdict = match fields.get("decision").map(|value| value.as_str()) {
        Some("given") => ConsentVerdict::Given,
        Some("refused") => ConsentVerdict::Refused,
        _ => return Err(Refusal::new(ProblemCode::Invalid, "Say yes or no.")),
    };
    let decided = server.decide_consent(id, cookie.as_deref(), verdict, &trace).await?;
    let location = HeaderValue::from_str(&decided.redirect_to)
        .map_err(|_| Refusal::fault("an address cannot stand in a header"))?;
    let response = HttpResponse::SeeOther().insert_header((LOCATION, location)).finish();
    Ok(out(response, &decided.redirect_to))
}

/// A browser that gets no page is told why in one; a program gets the problem.
pub(super) async fn explain(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let answer = next.call(request).await?.map_into_boxed_body();
    let refused = answer.response().error().and_then(|error| error.as_error::<Refusal>()).map(Refusal::code);
    match (refused, pages()) {
        (Some(code), Ok(pages)) if wants_page(answer.request()) => {
            let page = pages.failure(answer.request(), code);
            Ok(answer.into_response(page))
        }
        _ => Ok(answer),
    }
}

/// Whether a page sent it: a form, and not JSON.
pub(super) fn is_form() -> impl Guard {
    fn_guard(|context| {
        let kind = context.head().headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        kind.is_some_and(|kind| kind.split(';').next() == Some("application/x-www-form-urlencoded"))
    })
}

fn pages() -> Result<&'static Pages, Refusal> {
    PAGES.as_ref().ok_or_else(|| Refusal::fault("the words of the pages cannot be read"))
}

/// Its form leads to the client in the end.
fn out(page: HttpResponse, client: &str) -> HttpResponse {
    let origin = Url::parse(client).ok().map(|url| url.origin().ascii_serialization());
    let mut page = Pages::guarded(page, origin.as_deref());
    page.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    page
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use kw_protocol::authorisation::{FailureCode, RepresentationScope};

    use super::*;

    #[test]
    fn every_page_says_everything_in_both_languages() {
        let mistakes = kw_web::testing::mistakes(Path::new(env!("CARGO_MANIFEST_DIR")), WORDS);
        assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
        assert!(PAGES.is_some());
    }

    #[test]
    fn every_reason_and_every_ground_has_its_words() {
        let says =
            |key: String| WORDS.0.contains(&format!("{key} = ")) && WORDS.1.contains(&format!("{key} = "));
        for code in FailureCode::ALL {
            assert!(says(format!("authorisation-why-{}", code.as_str())), "{code:?}");
        }
        for kind in RepresentationScope::ALL {
            assert!(says(format!("authorisation-kind-{}", kind.as_str())), "{kind:?}");
        }
    }
}

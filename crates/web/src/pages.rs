//! Pages for somebody who has no session here: the sign-in of a provider, the question of a holder.

use std::fmt;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::ACCEPT;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use kw_protocol::problem::ProblemCode;

use crate::{Frame, Messages, MessagesError, assets, headers, routes};

/// What pages are made with: a name, and what they say.
#[derive(Clone)]
pub struct Pages {
    pub(crate) name: &'static str,
    pub(crate) messages: Arc<Messages>,
    /// Whether there is a first page to go back to.
    pub(crate) home: bool,
}

impl Pages {
    /// For a service that has pages and no sessions. Its name is the message `<name>-name`; the texts are Dutch and English.
    pub fn new(name: &'static str, own: (&str, &str)) -> Result<Self, MessagesError> {
        Ok(Self { name, messages: Arc::new(Messages::new(own)?), home: false })
    }

    /// What surrounds a page with this title (a message).
    pub fn frame(&self, request: &HttpRequest, title: &str) -> Frame {
        Frame::outside(self, request).titled(title)
    }

    /// The routes that pages lean on: the files of the design, and the choice of a language.
    pub fn routes(config: &mut ServiceConfig) {
        let at = web::resource::<&str>;
        config
            .service(at("/assets/{version}/{name}").route(web::get().to(assets::serve)))
            .service(at("/language/{tag}").route(web::get().to(routes::choose_language)));
    }

    /// The page as it goes out: nothing from elsewhere, nothing to elsewhere. `form_to` is the origin to which its forms may
    /// lead in the end, beside its own.
    pub fn guarded(mut page: HttpResponse, form_to: Option<&str>) -> HttpResponse {
        headers::add(page.headers_mut(), form_to.unwrap_or_default());
        page
    }

    /// Instead of a page: why there is none, and what to do next.
    pub fn failure(&self, request: &HttpRequest, code: ProblemCode) -> HttpResponse {
        let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::guarded(FailurePage::say(&Frame::outside(self, request), code.code(), status), None)
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Whether whoever asks would rather have a page than JSON: a browser says so, a program does not.
pub fn wants_page(request: &HttpRequest) -> bool {
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.split(',').any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == "text/html"))
}

#[derive(Template)]
#[template(path = "failure.html")]
pub(crate) struct FailurePage<'a> {
    f: &'a Frame,
    title: String,
    text: String,
}

impl FailurePage<'_> {
    /// The page of a problem: the messages `problem-<code>` and `problem-<code>-next`.
    pub(crate) fn say(frame: &Frame, code: &str, status: StatusCode) -> HttpResponse {
        let frame = frame.titled(&format!("problem-{code}"));
        let page =
            FailurePage { f: &frame, title: frame.title(), text: frame.t(&format!("problem-{code}-next")) };
        let made = frame.page_with(status, &page);
        made.unwrap_or_else(|_| HttpResponse::new(StatusCode::INTERNAL_SERVER_ERROR))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_browser_wants_a_page_and_a_program_does_not() {
        let asks = |accept: &'static str| {
            wants_page(&TestRequest::get().insert_header((ACCEPT, accept)).to_http_request())
        };
        assert!(asks("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
        assert!(!asks("*/*"));
        assert!(!asks("application/json"));
        assert!(!wants_page(&TestRequest::get().to_http_request()));
    }
}

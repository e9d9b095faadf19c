//! The routes that every application has, and what surrounds all of them.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue, LOCATION, ORIGIN, SET_COOKIE};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Data, Path, PathConfig, Query, QueryConfig, ServiceConfig};
use actix_web::{Error, HttpRequest, HttpResponse};
use askama::Template;
use kw_protocol::problem::ProblemCode;
use kw_runtime::http::PlainHttp;
use serde::Deserialize;

use crate::events::FormRefused;
use crate::pages::FailurePage;
use crate::{Failure, Form, Frame, Language, Outcome, Pages, Shell, cookie, headers, language, sign_in};

impl<D: Default + Send + 'static> Shell<D> {
    /// Every route of the application: its own and the shell's.
    pub fn routes(shell: &Data<Self>, config: &mut ServiceConfig, own: impl FnOnce(&mut ServiceConfig)) {
        let at = web::resource::<&str>;
        let scope = web::scope("")
            .wrap(from_fn(surround::<D>))
            .app_data(QueryConfig::default().error_handler(|_, _| Failure::invalid().into()))
            .app_data(PathConfig::default().error_handler(|_, _| Failure::not_found().into()))
            .configure(Pages::routes)
            .service(at("/sign-in").route(web::get().to(sign_in::begin::<D>)))
            .service(at("/sign-in/callback").route(web::get().to(sign_in::come_back::<D>)))
            .service(at("/sign-out").route(web::post().to(sign_in::end::<D>)))
            .service(at("/signed-out").route(web::get().to(signed_out::<D>)))
            .service(at("/stay").route(web::post().to(stay::<D>)))
            .service(at("/session").route(web::get().to(left::<D>)))
            .configure(own)
            .default_service(web::to(nothing));
        if shell.secure {
            config.app_data(OverHttps);
        }
        config.app_data(shell.clone()).service(scope);
    }
}

/// Headers on everything, a page for every failure, and no act on the word of another site.
async fn surround<D: Default + Send + 'static>(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let shell = Shell::<D>::of(request.request())?;
    let acts = !matches!(*request.method(), Method::GET | Method::HEAD);
    let (request, mut answer) = if let Err(failure) = shell.certificate(request.request()) {
        let (request, _) = request.into_parts();
        let page = explain(&shell, &request, &failure);
        (request, page)
    } else if acts && !is_own(request.request(), &shell.address) {
        FormRefused { route: "another site" }.log();
        let (request, _) = request.into_parts();
        let page = explain(&shell, &request, &Failure::forged());
        (request, page)
    } else {
        let (request, answer) = next.call(request).await?.map_into_boxed_body().into_parts();
        let failure = answer.error().and_then(|error| error.as_error::<Failure>()).cloned();
        match failure {
            Some(failure) => {
                let page = explain(&shell, &request, &failure);
                (request, page)
            }
            None => (request, answer),
        }
    };
    headers::add(answer.headers_mut(), &shell.sign_in.origin());
    if !shell.secure {
        answer.extensions_mut().insert(PlainHttp);
    }
    Ok(ServiceResponse::new(request, answer))
}

/// Whether the browser says that a page of this origin asks. One that says nothing is judged by the form's token alone.
pub fn is_own(request: &HttpRequest, address: &str) -> bool {
    let given = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let site = given(HeaderName::from_static("sec-fetch-site")).is_none_or(|site| site == "same-origin");
    site && given(ORIGIN).is_none_or(|origin| origin == address)
}

fn explain<D: Default + Send + 'static>(
    shell: &Shell<D>,
    request: &HttpRequest,
    failure: &Failure,
) -> HttpResponse {
    let status = actix_web::ResponseError::status_code(failure);
    let code = match failure {
        Failure::SignIn { next, again } => return to_sign_in(request, next, *again),
        Failure::Problem { code } => code.code(),
        Failure::Forged => "form-refused",
    };
    FailurePage::say(&Frame::of(shell, request), code, status)
}

/// A browser goes there; htmx, which asks for a part of a page, is told to.
fn to_sign_in(request: &HttpRequest, next: &str, again: bool) -> HttpResponse {
    let again = if again { "&again=true" } else { "" };
    let address = format!("/sign-in?next={}{again}", sign_in::local(next));
    if request.headers().contains_key("hx-request") {
        let mut response = HttpResponse::new(StatusCode::UNAUTHORIZED);
        if let Ok(address) = HeaderValue::from_str(&address) {
            response.headers_mut().insert(HeaderName::from_static("hx-redirect"), address);
        }
        response
    } else {
        HttpResponse::SeeOther().insert_header((LOCATION, address)).finish()
    }
}

#[derive(Template)]
#[template(path = "signed-out.html")]
struct SignedOut<'a> {
    f: &'a Frame,
}

async fn signed_out<D: Default + Send + 'static>(shell: Data<Shell<D>>, request: HttpRequest) -> Outcome {
    let frame = Frame::outside(&shell.pages, &request).titled("web-signed-out");
    frame.page(&SignedOut { f: &frame })
}

#[derive(Deserialize)]
pub(crate) struct Back {
    #[serde(default)]
    next: String,
}

/// Among the data of an application whose browsers come over HTTPS.
struct OverHttps;

pub(crate) async fn choose_language(request: HttpRequest, tag: Path<String>, back: Query<Back>) -> Outcome {
    let language = Language::parse(&tag).ok_or_else(Failure::not_found)?;
    let secure = request.app_data::<OverHttps>().is_some();
    let cookie = cookie::set(language::COOKIE, language.tag(), secure, Some(YEAR));
    Ok(HttpResponse::SeeOther()
        .insert_header((LOCATION, sign_in::local(&back.next)))
        .insert_header((SET_COOKIE, cookie))
        .finish())
}

/// Somebody is still there.
async fn stay<D: Default + Send + 'static>(form: Form<D>) -> Outcome {
    let next = sign_in::local(form.get("next"));
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, next)).finish())
}

/// How many seconds the session goes on, and the sentence about it: 0 when there is none. A page that was left alone asks before
/// it goes.
async fn left<D: Default + Send + 'static>(shell: Data<Shell<D>>, request: HttpRequest) -> Outcome {
    let token = cookie::read(&request, &shell.cookie());
    let left = token.map(|token| shell.sessions.left(&token, shell.now())).unwrap_or_default();
    let f = Frame::outside(&shell.pages, &request);
    let ends = f.t1("web-session-ends", "time", f.time(shell.now().plus(left)));
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body(format!("{}\n{ends}", left.as_secs())))
}

async fn nothing() -> Outcome {
    Err(Failure::Problem { code: ProblemCode::NotFound })
}

const YEAR: u64 = 365 * 24 * 60 * 60;

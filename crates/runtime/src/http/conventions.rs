//! The middleware around every request.

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::{Ready, ready};
use std::rc::Rc;
use std::time::{Duration, Instant as Stopwatch};

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{Error, HttpMessage};
use futures_util::future::LocalBoxFuture;
use kw_domain::Oin;
use kw_protocol::problem::{Problem, ProblemCode};

use super::trace::{TRACEPARENT, TRANSACTION, Trace};
use super::{API_VERSION, Http};
use crate::metrics::{Counter, Histogram, Metrics};
use crate::problem::{PROBLEM_JSON, Refusal, encode};
use crate::telemetry::Audience;

/// The verified caller, left in the request by the `Party` extractor so that the request log can name it.
#[derive(Debug, Clone, Copy)]
pub struct CallerOin(pub Oin);

/// Makes every response follow the conventions: version, security and trace headers, problem details with the trace
/// id, one line in the log, one count in the metrics.
#[derive(Debug)]
pub struct Conventions {
    http: Http,
}

impl Conventions {
    pub(super) fn new(http: Http) -> Self {
        Self { http }
    }
}

impl<S, B> Transform<S, ServiceRequest> for Conventions
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<BoxBody, B>>;
    type Error = Error;
    type Transform = Conventional<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        let counts = Counts { metrics: self.http.metrics.clone(), routes: RefCell::default() };
        ready(Ok(Conventional { service: Rc::new(service), shared: Rc::new((self.http.clone(), counts)) }))
    }
}

/// A service that follows the conventions.
pub struct Conventional<S> {
    service: Rc<S>,
    shared: Rc<(Http, Counts)>,
}

impl<S, B> Service<ServiceRequest> for Conventional<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<BoxBody, B>>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let service = Rc::clone(&self.service);
        let shared = Rc::clone(&self.shared);
        Box::pin(async move {
            let (http, counts) = &*shared;
            let started = Stopwatch::now();
            let (trace, refused) = Trace::of(request.headers(), http.clock.now(), &http.entropy);
            request.extensions_mut().insert(trace);
            // Kept beside the request, which an error does not give back.
            let kept = request.request().clone();
            let answer = match refused {
                Some(refusal) => Err(refusal.into()),
                None => service.call(request).await,
            };
            let mut response = match answer {
                Ok(response) => with_problem(response, &trace),
                Err(error) => {
                    let response = ServiceResponse::new(kept, error.error_response());
                    with_problem(response, &trace).map_body(|_, body| EitherBody::left(body.boxed()))
                }
            };
            set_headers(response.headers_mut(), &trace);
            counts.finish(&response, &trace, started.elapsed());
            Ok(response)
        })
    }
}

/// Gives an error response its problem details: the handler's own with the trace id, or the general ones of its status.
fn with_problem<B>(mut response: ServiceResponse<B>, trace: &Trace) -> ServiceResponse<EitherBody<BoxBody, B>>
where
    B: MessageBody + 'static,
{
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response.map_body(|_, body| EitherBody::right(body));
    }
    let own = response.response_mut().extensions_mut().remove::<Problem>();
    let already = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == PROBLEM_JSON);
    if own.is_none() && already {
        return response.map_body(|_, body| EitherBody::right(body));
    }
    let mut problem = own.unwrap_or_else(|| general(&response).to_problem());
    problem.trace_id = Some(trace.trace_id());
    let mut response = response.map_body(|_, _| EitherBody::left(BoxBody::new(encode(&problem))));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    headers.remove(header::CONTENT_LENGTH);
    if let Ok(status) = StatusCode::from_u16(problem.status) {
        *response.response_mut().status_mut() = status;
    }
    response
}

/// What an error response of the framework says in our words.
fn general<B>(response: &ServiceResponse<B>) -> Refusal {
    let status = response.status();
    let (code, detail) = match status.as_u16() {
        401 => {
            (ProblemCode::CertificateRefused, "Identify yourself with a certificate that the chain trusts.")
        }
        403 => (ProblemCode::Denied, "The agreement does not allow this."),
        404 => (ProblemCode::NotFound, "There is nothing here."),
        405 => (ProblemCode::MethodNotAllowed, "Use one of the methods that the Allow header names."),
        409 => (ProblemCode::Conflict, "Read the stored state and decide again."),
        413 => (ProblemCode::TooLarge, "Send less at a time."),
        415 => (ProblemCode::UnsupportedMediaType, "Send the media type that the API description names."),
        429 => (ProblemCode::TooMany, "Wait before trying again."),
        503 => (ProblemCode::Unavailable, "Try again later."),
        400..=499 => (ProblemCode::Invalid, "The request is not one that this service understands."),
        _ => {
            let inside = response.response().error().map(ToString::to_string);
            return Refusal::fault(inside.unwrap_or_else(|| format!("a bare {status} answer")));
        }
    };
    Refusal::new(code, detail)
}

fn set_headers(headers: &mut HeaderMap, trace: &Trace) {
    const FIXED: [(HeaderName, HeaderValue); 4] = [
        (HeaderName::from_static("api-version"), HeaderValue::from_static(API_VERSION)),
        (header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    ];
    for (name, value) in FIXED {
        headers.insert(name, value);
    }
    // A handler may allow more for what is public: the key set, the API description.
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    for (name, value) in
        [(TRACEPARENT, trace.parent.to_string()), (TRANSACTION, trace.transaction.to_string())]
    {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

/// Method, route pattern and status.
type Key = (&'static str, String, u16);

/// Request counts and durations per route, looked up once per worker.
struct Counts {
    metrics: Metrics,
    routes: RefCell<HashMap<Key, (Counter, Histogram)>>,
}

impl Counts {
    fn finish<B>(&self, response: &ServiceResponse<B>, trace: &Trace, took: Duration) {
        let request = response.request();
        let method = known(request.method());
        let status = response.status().as_u16();
        let caller = request.extensions().get::<CallerOin>().map(|caller| caller.0);
        // The pattern, never the path: a path may hold what a caller should not have put there.
        let route = request.match_pattern().unwrap_or_else(|| "unmatched".to_owned());
        log::info!(
            target: "kw_request",
            audience = Audience::Application,
            method = method,
            route = route.as_str(),
            status = status,
            micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            caller:% = caller.as_ref().map_or("-", Oin::as_str),
            trace:% = trace.trace_id(),
            transaction:% = trace.transaction;
            "request"
        );
        self.count((method, route, status), took);
    }

    fn count(&self, key: Key, took: Duration) {
        let mut routes = self.routes.borrow_mut();
        let (count, duration) = routes.entry(key).or_insert_with_key(|(method, route, status)| {
            let labels = [("method", *method), ("route", route.as_str()), ("status", &status.to_string())];
            (
                self.metrics.counter("ketenwijzer_http_requests_total", "Requests answered.", &labels),
                self.metrics.histogram(
                    "ketenwijzer_http_request_duration_seconds",
                    "From the request's head to the response's head.",
                    &labels[..2],
                ),
            )
        });
        count.increment();
        duration.observe(took);
    }
}

/// The methods that HTTP knows; a caller can make up others without end.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::DELETE => "DELETE",
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        Method::POST => "POST",
        Method::PUT => "PUT",
        _ => "other",
    }
}

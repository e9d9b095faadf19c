//! The middleware around every request.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::future::{Ready, ready};
use std::rc::Rc;
use std::time::{Duration, Instant as Stopwatch};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, ResponseError};
use futures_util::future::LocalBoxFuture;
use kw_domain::Oin;
use kw_protocol::problem::{Problem, ProblemCode};
use kw_telemetry::{Explain, Reason, TraceId};

use super::trace::{TRACEPARENT, TRANSACTION, Trace};
use super::{API_VERSION, Http};
use crate::events::Request;
use crate::metrics::{Counter, Histogram, Metrics};
use crate::problem::{PROBLEM_JSON, Refusal, encode};

/// The media type in which a witness tells a log how large it last saw it (C2SP tlog-witness, "add-checkpoint").
pub const TREE_SIZE: &str = "text/x.tlog.size";
/// What a page for people is. One that says why there is nothing else is left as it is.
pub const PAGE: &str = "text/html; charset=utf-8";
/// The route of a request that no resource has.
const UNMATCHED: &str = "unmatched";

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
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Transform = Conventional<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        let counts = Counts { metrics: self.http.metrics.clone(), routes: RefCell::default() };
        ready(Ok(Conventional { service: Rc::new(service), shared: Rc::new((self.http.clone(), counts)) }))
    }
}

/// On a response: whoever reads it came over plain HTTP, so that it makes no promise about HTTPS (RFC 6797 §7.2).
#[derive(Debug, Clone, Copy)]
pub struct PlainHttp;

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
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let service = Rc::clone(&self.service);
        let shared = Rc::clone(&self.shared);
        Box::pin(async move {
            let (http, counts) = &*shared;
            let started = Stopwatch::now();
            let method = known(request.method());
            let (trace, malformed) = Trace::of(request.headers(), http.clock.now(), &http.entropy);
            request.extensions_mut().insert(trace);
            let (passage, refused) = match http.traffic.enter() {
                Ok(passage) => (Some(passage), malformed),
                Err(ending) => (None, Some(ending)),
            };
            let answer = match refused {
                Some(refusal) => Ok(request.into_response(refusal.error_response())),
                None => service.call(request).await.map(ServiceResponse::map_into_boxed_body),
            };
            match answer {
                Ok(response) => {
                    let (request, response) = response.into_parts();
                    let response = conventional(response, &trace);
                    let seen = Seen::in_request(&request, method, response.status());
                    counts.finish(seen, &trace, started.elapsed());
                    let response = match passage {
                        Some(passage) => response.map_body(|_, body| passage.until_the_end_of(body)),
                        None => response,
                    };
                    Ok(ServiceResponse::new(request, response))
                }
                // Handlers' errors are responses by now; this is a middleware that gave the request away.
                Err(error) => {
                    let response = conventional(error.error_response(), &trace);
                    let seen = Seen { method, route: UNMATCHED, status: response.status(), caller: None };
                    counts.finish(seen, &trace, started.elapsed());
                    Err(InternalError::from_response(error, response).into())
                }
            }
        })
    }
}

/// Gives every response its headers, and an error response its problem details: the handler's own with the trace id, or
/// the general ones of its status.
fn conventional(mut response: HttpResponse, trace: &Trace) -> HttpResponse {
    let own = response.extensions_mut().remove::<Problem>();
    if let Some(mut problem) = own.or_else(|| missing_problem(&response)) {
        problem.trace_id = Some(trace.trace_id());
        response = response.set_body(BoxBody::new(encode(&problem)));
        if let Ok(status) = StatusCode::from_u16(problem.status) {
            *response.status_mut() = status;
        }
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.remove(header::CONTENT_LENGTH);
    }
    let plain = response.extensions_mut().remove::<PlainHttp>().is_some();
    set_headers(response.headers_mut(), trace);
    if plain {
        response.headers_mut().remove(header::STRICT_TRANSPORT_SECURITY);
    }
    response
}

/// The general problem of an error response that should have one and has none.
fn missing_problem(response: &HttpResponse) -> Option<Problem> {
    let status = response.status();
    let failed = status.is_client_error() || status.is_server_error();
    let media_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    // What only handlers that know what they do send: JSON, a witness's conflict, a page.
    let meant =
        media_type.is_some_and(|kind| [PROBLEM_JSON, "application/json", TREE_SIZE, PAGE].contains(&kind));
    (failed && !meant).then(|| general(response).to_problem())
}

/// What an error response of the framework says in our words.
fn general(response: &HttpResponse) -> Refusal {
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
            return Refusal::fault(BareAnswer { status: status.as_u16(), error: response.error().is_some() });
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

/// What is told about a request: the pattern of its route and never the path, which may hold what a caller should not have
/// put there.
struct Seen {
    method: &'static str,
    route: &'static str,
    status: StatusCode,
    caller: Option<Oin>,
}

impl Seen {
    fn in_request(request: &HttpRequest, method: &'static str, status: StatusCode) -> Self {
        let caller = request.extensions().get::<CallerOin>().map(|caller| caller.0);
        let route = request.match_pattern().map_or(UNMATCHED, interned);
        Self { method, route, status, caller }
    }
}

/// An error response that no handler of ours made. What it says may hold anything.
struct BareAnswer {
    status: u16,
    error: bool,
}

impl Explain for BareAnswer {
    fn explain(&self, reason: &mut Reason) {
        reason.say("an answer without a refusal").with("status", &self.status).with("error", &self.error);
    }
}

/// The pattern as text that lives as long as the process. There are no more of them than routes.
fn interned(pattern: String) -> &'static str {
    thread_local! {
        static PATTERNS: RefCell<HashSet<&'static str>> = RefCell::default();
    }
    PATTERNS.with_borrow_mut(|known| {
        if let Some(known) = known.get(pattern.as_str()) {
            return *known;
        }
        let kept: &'static str = Box::leak(pattern.into_boxed_str());
        known.insert(kept);
        kept
    })
}

/// Method, route pattern and status.
type Key = (&'static str, &'static str, u16);

/// Request counts and durations per route, looked up once per worker.
struct Counts {
    metrics: Metrics,
    routes: RefCell<HashMap<Key, (Counter, Histogram)>>,
}

impl Counts {
    fn finish(&self, seen: Seen, trace: &Trace, took: Duration) {
        let Seen { method, route, status, caller } = seen;
        let status = status.as_u16();
        Request {
            method,
            route,
            status,
            micros: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            caller,
            trace: TraceId(trace.parent.trace_id),
            transaction: trace.transaction,
        }
        .log();
        self.count((method, route, status), took);
    }

    fn count(&self, key: Key, took: Duration) {
        let mut routes = self.routes.borrow_mut();
        let (count, duration) = routes.entry(key).or_insert_with_key(|(method, route, status)| {
            let labels = [("method", *method), ("route", *route), ("status", &status.to_string())];
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

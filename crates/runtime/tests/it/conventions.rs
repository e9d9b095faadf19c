//! What every answer has in common, whoever gave it.

use std::time::Duration;

use actix_web::http::header::{HeaderMap, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::test::{self, TestRequest};
use actix_web::web::{self, Json, Path, Query, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Http, Metrics, Refusal, Trace};
use serde::{Deserialize, Serialize};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const TRANSACTION: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    count: u8,
}

async fn order(body: Body<Order>, trace: Trace) -> impl Responder {
    HttpResponse::Ok().insert_header(("x-seen", trace.transaction.to_string())).json(body.0)
}

async fn refuse() -> Result<HttpResponse, Refusal> {
    Err(Refusal::new(ProblemCode::TooMany, "Wait.").retry_after(Duration::from_secs(7)))
}

async fn broken() -> Result<HttpResponse, actix_web::Error> {
    Err(actix_web::error::ErrorInternalServerError("its own entrails"))
}

async fn careless() -> impl Responder {
    HttpResponse::BadRequest().body("123456782 is not a number I know")
}

fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/orders").route(web::post().to(order)))
        .service(web::resource("/v1/refused").route(web::get().to(refuse)))
        .service(web::resource("/v1/broken").route(web::get().to(broken)))
        .service(web::resource("/v1/careless").route(web::get().to(careless)))
        .service(web::resource("/v1/plain-json").route(web::post().to(|_: Json<Order>| async { "ok" })))
        .service(web::resource("/v1/query").route(web::get().to(|_: Query<Order>| async { "ok" })))
        .service(web::resource("/v1/numbers/{n}").route(web::get().to(|_: Path<u8>| async { "ok" })))
        .service(
            web::resource("/v1/keys").route(
                web::get().to(|| async {
                    HttpResponse::Ok().insert_header(("cache-control", "max-age=60")).finish()
                }),
            ),
        );
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn problem(&self) -> Problem {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.body);
        serde_json::from_str(&self.body).unwrap()
    }
}

async fn ask_with(http: &Http, request: TestRequest) -> Answer {
    let app = test::init_service(http.app(routes)).await;
    let response = test::call_service(&app, request.to_request()).await;
    let (status, headers) = (response.status(), response.headers().clone());
    Answer { status, headers, body: String::from_utf8(test::read_body(response).await.to_vec()).unwrap() }
}

async fn ask(request: TestRequest) -> Answer {
    ask_with(&Http::new(Metrics::new()), request).await
}

fn get(path: &str) -> TestRequest {
    TestRequest::get().uri(path).insert_header(("traceparent", PARENT))
}

fn post(path: &str, body: &str) -> TestRequest {
    TestRequest::post()
        .uri(path)
        .insert_header(("traceparent", PARENT))
        .insert_header(("content-type", "application/json"))
        .set_payload(body.to_owned())
}

/// One request for every way in which an answer comes about.
fn every_kind() -> Vec<(TestRequest, u16)> {
    vec![
        (post("/v1/orders", r#"{"count":1}"#), 200),
        (post("/v1/orders", "{"), 400),
        (post("/v1/orders", r#"{"count":1}"#).insert_header(("fsc-transaction-id", "x")), 400),
        (post("/v1/plain-json", "{"), 400),
        (get("/v1/query?count=lots"), 400),
        (get("/v1/careless"), 400),
        (get("/v1/nowhere"), 404),
        (get("/v1/orders/"), 404),
        (get("/v1/numbers/123456782"), 404),
        (get("/v1/orders"), 405),
        (post("/v1/orders", &" ".repeat(300_000)), 413),
        (post("/v1/plain-json", &" ".repeat(300_000)), 413),
        (TestRequest::post().uri("/v1/orders").insert_header(("traceparent", PARENT)).set_payload("{}"), 415),
        (get("/v1/refused"), 429),
        (get("/v1/broken"), 500),
    ]
}

#[actix_web::test]
async fn every_answer_has_the_version_the_security_headers_and_the_trace() {
    for (request, status) in every_kind() {
        let answer = ask(request).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        assert_eq!(answer.header("api-version"), "1.0.0", "{status}");
        assert_eq!(answer.header("cache-control"), "no-store", "{status}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{status}");
        assert!(answer.header("strict-transport-security").starts_with("max-age="), "{status}");
        assert!(answer.header("traceparent").starts_with(&format!("00-{TRACE}-")), "{status}");
        assert_eq!(answer.header("fsc-transaction-id").len(), 36, "{status}");
    }
}

#[actix_web::test]
async fn every_refusal_is_problem_json_with_the_trace_and_nothing_of_the_request() {
    for (request, status) in every_kind().into_iter().filter(|(_, status)| *status >= 400) {
        let answer = ask(request).await;
        let problem = answer.problem();
        assert_eq!(problem.status, status);
        assert_eq!(problem.trace_id.as_deref(), Some(TRACE), "{status}");
        assert!(ProblemCode::from_code(problem.code()).is_some(), "{}", answer.body);
        for secret in ["123456782", "lots", "entrails", "nowhere"] {
            assert!(!answer.body.contains(secret), "{}", answer.body);
        }
    }
}

#[actix_web::test]
async fn a_path_with_a_slash_at_its_end_does_not_exist() {
    assert_eq!(ask(get("/v1/refused")).await.status, StatusCode::TOO_MANY_REQUESTS);
    let answer = ask(get("/v1/refused/")).await;
    assert_eq!(answer.problem().code(), "not-found");
}

#[actix_web::test]
async fn a_known_path_says_which_methods_it_has() {
    let answer = ask(TestRequest::with_uri("/v1/orders").method(Method::DELETE)).await;
    assert_eq!(answer.problem().code(), "method-not-allowed");
    assert_eq!(answer.header("allow"), "POST");
}

#[actix_web::test]
async fn a_missing_parameter_is_named() {
    let problem = ask(get("/v1/query")).await.problem();
    assert_eq!(problem.errors[0].pointer, "count");
}

#[actix_web::test]
async fn the_time_to_wait_survives_the_middleware() {
    assert_eq!(ask(get("/v1/refused")).await.headers.get(RETRY_AFTER).unwrap(), "7");
}

#[actix_web::test]
async fn a_transaction_goes_through_and_comes_back() {
    let answer =
        ask(post("/v1/orders", r#"{"count":1}"#).insert_header(("fsc-transaction-id", TRANSACTION))).await;
    assert_eq!(answer.header("x-seen"), TRANSACTION);
    assert_eq!(answer.header("fsc-transaction-id"), TRANSACTION);
}

#[actix_web::test]
async fn a_malformed_transaction_is_refused_by_its_header() {
    let answer = ask(get("/v1/keys").insert_header(("fsc-transaction-id", "123456782"))).await;
    assert_eq!(answer.problem().errors[0].pointer, "Fsc-Transaction-Id");
}

#[actix_web::test]
async fn what_is_public_may_be_cached() {
    assert_eq!(ask(get("/v1/keys")).await.header("cache-control"), "max-age=60");
}

#[actix_web::test]
async fn requests_are_counted_by_pattern_and_never_by_path() {
    let http = Http::new(Metrics::new());
    ask_with(&http, get("/v1/numbers/7?token=123456782")).await;
    ask_with(&http, get("/v1/123456782")).await;
    ask_with(&http, TestRequest::with_uri("/v1/123456782").method(Method::from_bytes(b"MADEUP").unwrap()))
        .await;
    let text = http.metrics.render();
    let counted = |labels: &str| text.contains(&format!("ketenwijzer_http_requests_total{{{labels}}} 1\n"));
    assert!(counted(r#"method="GET",route="/v1/numbers/{n}",status="200""#), "{text}");
    assert!(counted(r#"method="GET",route="unmatched",status="404""#), "{text}");
    assert!(counted(r#"method="other",route="unmatched",status="404""#), "{text}");
    assert!(!text.contains("123456782"), "{text}");
}

//! What the clients make of answers.

use actix_web::{HttpResponse, web};
use kw_client::ClientError;
use kw_domain::{Instant, PointerId};
use kw_protocol::problem::ProblemCode;

use crate::server::{Service, problem};

fn id() -> PointerId {
    PointerId::new(Instant::from_millis(1), [1; 10])
}

async fn read_with(answer: fn() -> HttpResponse) -> ClientError {
    let service = Service::start(move |config| {
        config.route("/v1/pointers/{id}", web::get().to(move || async move { answer() }));
    });
    service.switchboard().read(id()).await.unwrap_err()
}

#[actix_web::test]
async fn a_problem_keeps_its_code_and_loses_control_characters() {
    let error = read_with(|| problem(ProblemCode::NotFound, "gone\u{1b}[2J\nfor good")).await;
    assert_eq!(error.code(), Some(ProblemCode::NotFound));
    assert_eq!(error.to_string(), "Not found: gone[2Jfor good");
    assert!(!error.retryable());
}

#[actix_web::test]
async fn what_is_no_problem_is_not_repeated() {
    for answer in [
        || HttpResponse::NotFound().body("<h1>nl.bsn:999990342</h1>"),
        || HttpResponse::Ok().content_type("application/json").body("{\"nl.bsn:999990342\""),
        || HttpResponse::Ok().content_type("text/html").body("nl.bsn:999990342"),
        || HttpResponse::Found().insert_header(("location", "https://127.0.0.1:1/")).finish(),
    ] as [fn() -> HttpResponse; 4]
    {
        let error = read_with(answer).await;
        assert!(matches!(error, ClientError::Malformed(_)), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("999990342"));
    }
}

#[actix_web::test]
async fn a_gateway_without_a_service_is_unreachable() {
    assert_eq!(read_with(|| HttpResponse::BadGateway().body("nginx")).await, ClientError::Unreachable);
}

#[actix_web::test]
async fn an_answer_larger_than_its_bound_is_not_read() {
    let error = read_with(|| {
        HttpResponse::Ok().content_type("application/json").body(format!("\"{}\"", "x".repeat(100_000)))
    })
    .await;
    assert_eq!(error, ClientError::Malformed("it is larger than its bound"));
    let error = read_with(|| {
        let chunk = web::Bytes::from(vec![b'x'; 10_000]);
        let chunks =
            futures_util::stream::iter((0..20).map(move |_| Ok::<_, actix_web::Error>(chunk.clone())));
        HttpResponse::Ok().content_type("application/json").streaming(chunks)
    })
    .await;
    assert_eq!(error, ClientError::Malformed("it is larger than its bound"));
}

#[actix_web::test]
async fn an_answer_that_breaks_off_is_unreachable() {
    let error = read_with(|| {
        let chunks = [Ok(web::Bytes::from_static(b"{")), Err(actix_web::error::ErrorBadGateway("cut"))];
        HttpResponse::Ok().content_type("application/json").streaming(futures_util::stream::iter(chunks))
    })
    .await;
    assert_eq!(error, ClientError::Unreachable);
}

#[actix_web::test]
async fn the_grant_keys_come_from_the_public_listener() {
    let service = Service::start(|config| {
        let keys =
            r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"1","x":"","y":""},{"kty":"RSA","n":"AQAB"}]}"#;
        let answer = move || async move { HttpResponse::Ok().content_type("application/json").body(keys) };
        config.route("/.well-known/jwks.json", web::get().to(answer));
    });
    let keys = service.switchboard().grant_keys().await.unwrap();
    assert_eq!((keys.keys.len(), keys.keys[0].kid.as_str()), (2, "1"));
}

#[actix_web::test]
async fn a_cursor_with_any_character_arrives_as_it_was_given() {
    let service = Service::start(|config| {
        let answer = |query: web::Query<std::collections::HashMap<String, String>>| async move {
            let next = format!("{}|{}", query["cursor"], query["limit"]);
            HttpResponse::Ok().json(serde_json::json!({"pointers": [], "nextCursor": next}))
        };
        config.route("/v1/pointers", web::get().to(answer));
    });
    let page = service.switchboard().list(Some("a+b/c=&d é"), 50).await.unwrap();
    assert_eq!(page.next_cursor.as_deref(), Some("a+b/c=&d é|50"));
}

//! The local API over plain HTTP on loopback.

use std::net::{SocketAddr, TcpListener};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use kw_client::{ClientError, LocalClient, LocalToken};
use kw_protocol::dossier::DossierRequest;
use kw_protocol::local::SyncRequest;
use kw_protocol::problem::ProblemCode;

use crate::server::problem;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn serve() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let lookup = |http: HttpRequest, request: web::Json<DossierRequest>| async move {
        if http.headers().get("authorization").is_none_or(|value| value != &format!("Bearer {TOKEN}")) {
            return problem(ProblemCode::CertificateRefused, "Give the token.");
        }
        assert_eq!(request.subject, "nl.bsn:999990342");
        HttpResponse::Ok().json(serde_json::json!({
            "query": "01890a5d-ac96-774b-bcce-b302099a8057", "decidedAt": "2026-11-21T09:30:00Z", "policy": "",
            "categories": [], "holders": [], "holdersMayBeWithheld": true,
            "receipt": {"origin": "log", "index": 1, "salt": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
        }))
    };
    let server = HttpServer::new(move || {
        App::new().route("/v1/lookups", web::post().to(lookup)).route(
            "/v1/syncs",
            web::post().to(|| async { problem(ProblemCode::SourceUnavailable, "Later.") }),
        )
    })
    .workers(1)
    .disable_signals()
    .listen(listener)
    .unwrap()
    .run();
    actix_web::rt::spawn(server);
    address
}

fn request() -> DossierRequest {
    serde_json::from_value(serde_json::json!({
        "subject": "nl.bsn:999990342", "purpose": "coordinate-help", "case": "Z-1",
        "actor": {"id": "j", "role": "youth-doctor"}, "relation": {"basis": "listed"},
    }))
    .unwrap()
}

#[actix_web::test]
async fn a_question_goes_with_the_token_and_comes_back() {
    let client = LocalClient::new(serve(), LocalToken::parse(TOKEN).unwrap()).unwrap();
    let lookup = client.lookup(&request()).await.unwrap();
    assert!(lookup.holders.is_empty() && lookup.holders_may_be_withheld);
    let error = client.sync(&SyncRequest::default()).await.unwrap_err();
    assert_eq!(error.code(), Some(ProblemCode::SourceUnavailable));
}

#[actix_web::test]
async fn another_token_is_refused() {
    let client = LocalClient::new(serve(), LocalToken::parse("another-token-of-somebody").unwrap()).unwrap();
    let error = client.lookup(&request()).await.unwrap_err();
    assert_eq!(error.code(), Some(ProblemCode::CertificateRefused));
}

#[actix_web::test]
async fn a_process_that_is_not_there_is_unreachable() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let client = LocalClient::new(closed, LocalToken::parse(TOKEN).unwrap()).unwrap();
    assert_eq!(client.status().await.unwrap_err(), ClientError::Unreachable);
}

//! Who gets through to which listener.

use kw_domain::Oin;
use kw_protocol::problem::Problem;
use kw_transport::{ClientOptions, Tls};

use crate::chain::Chain;

#[tokio::test]
async fn only_the_token_at_this_machine_opens_the_local_api() {
    let mut chain = Chain::new();
    let running = chain.start().await;
    let status = running.client.status().await.unwrap();
    assert_eq!(status.oin.as_str(), chain.draft.partners[0].oin);
    assert_eq!(status.chain, chain.chain());

    let (right, address) = (running.token.clone(), running.local);
    let wrong = "x".repeat(right.len());
    for (host, token, expected) in [
        (address.to_string(), right.as_str(), 200),
        (format!("localhost:{}", address.port()), right.as_str(), 200),
        (address.to_string(), wrong.as_str(), 401),
        (address.to_string(), "", 401),
        ("partner.example".to_owned(), right.as_str(), 403),
    ] {
        let head = format!(
            "GET /v1/status HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        );
        assert_eq!(running.status_of(head).await, expected, "{host}");
    }
    running.stop().await;
}

#[tokio::test]
async fn every_operation_of_the_local_api_wants_the_token() {
    let mut chain = Chain::new();
    let running = chain.start().await;
    let verdict = "reviews/01931b3e-7d5a-7000-8000-000000000001/verdict";
    for path in [
        "accesses/_search",
        "dossiers",
        "lookups",
        "registrations",
        "reviews/_search",
        verdict,
        "withdrawals",
        "syncs",
    ] {
        let head = format!(
            "POST /v1/{path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: \
             2\r\nConnection: close\r\n\r\n{{}}"
        );
        assert_eq!(running.status_of(head).await, 401, "{path}");
    }
    running.stop().await;
    assert!(chain.records().is_empty());
}

#[tokio::test]
async fn the_service_listener_answers_pulls_of_partners_and_nothing_of_the_local_api() {
    let mut chain = Chain::new();
    let (own, other) = (chain.draft.partners[0].oin.clone(), chain.draft.partners[1].oin.clone());
    let running = chain.start().await;
    let pull = serde_json::json!({
        "grant": "no.grant.atall", "actor": {"id": "j.jansen", "role": "teacher"},
        "actorSalt": "AAAAAAAAAAAAAAAAAAAAAA", "subjectProofs": [],
    });
    for (name, oin, path, expected) in [
        ("other", other.as_str(), "pulls", "grant-refused"),
        ("stranger", "00000099000000999000", "pulls", "party-unknown"),
        ("curious", other.as_str(), "dossiers", "not-found"),
    ] {
        let tls = Tls::load(&chain.issue(name, oin)).unwrap();
        let http = tls.client(Oin::parse(&own).unwrap(), ClientOptions::default());
        let answer =
            http.post(format!("https://{}/v1/{path}", running.service)).json(&pull).send().await.unwrap();
        let problem: Problem = answer.json().await.unwrap();
        assert_eq!(problem.code(), expected, "{name}");
    }
    running.stop().await;
}

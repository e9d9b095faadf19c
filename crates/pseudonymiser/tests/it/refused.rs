//! Who gets nothing, and what is no request.

use kw_protocol::evaluation::BudgetClass;
use serde_json::json;

use crate::chain::{Chain, STRANGER, SWITCHBOARD};

#[tokio::test]
async fn the_switchboard_strangers_and_suspended_partners_get_nothing() {
    let mut chain = Chain::new();
    chain.draft.partners[1].suspended = true;
    let suspended = chain.draft.partners[1].oin.clone();
    let running = chain.start().await;
    for (name, oin) in
        [("switchboard", SWITCHBOARD), ("stranger", STRANGER), ("suspended", suspended.as_str())]
    {
        let caller = chain.caller(name, oin, &running);
        let refused = caller.spend(BudgetClass::Query, 1).await.err().unwrap();
        assert_eq!((refused.code(), refused.problem.status), ("party-unknown", 403), "{name}");
        let response = caller.http.get(format!("{}/v1/keys", running.url)).send().await.unwrap();
        assert_eq!(response.status(), 403, "{name}");
    }
    running.stop().await;
    assert!(chain.records().is_empty());
}

#[tokio::test]
async fn a_batch_has_1_to_256_elements() {
    let chain = Chain::new();
    let running = chain.start().await;
    let partner = chain.caller("partner", chain.partner().as_str(), &running);
    for count in [0, 257] {
        let refused = partner.spend(BudgetClass::Register, count).await.err().unwrap();
        assert_eq!((refused.code(), refused.problem.status), ("invalid", 400));
        assert_eq!(refused.problem.errors[0].pointer, "/elements");
    }
    running.stop().await;
    assert!(chain.records().is_empty(), "what is invalid is not charged");
}

#[tokio::test]
async fn a_batch_that_no_budget_holds_is_invalid_and_not_a_matter_of_waiting() {
    let mut chain = Chain::new();
    chain.limit(BudgetClass::Query, 5, 50, 50);
    let running = chain.start().await;
    let partner = chain.caller("partner", chain.partner().as_str(), &running);
    let refused = partner.spend(BudgetClass::Query, 6).await.err().unwrap();
    assert_eq!((refused.code(), refused.retry_after), ("invalid", None));
    assert_eq!(refused.problem.errors[0].detail, "at most 5 in this class");
    running.stop().await;
}

#[tokio::test]
async fn every_mistake_is_named_at_once_and_no_element_is_repeated() {
    let chain = Chain::new();
    let running = chain.start().await;
    let partner = chain.caller("partner", chain.partner().as_str(), &running);
    let identity = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let no_point = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
    let body = json!({"chain": "other", "use": "index", "class": "query", "elements": [identity, no_point]});
    let refused = partner.send(&body).await.err().unwrap();
    let pointers: Vec<_> = refused.problem.errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(pointers, ["/chain", "/elements/0", "/elements/1"]);
    let text = serde_json::to_string(&refused.problem).unwrap();
    assert!(!text.contains(identity) && !text.contains(no_point), "{text}");

    for (field, value) in [("use", json!("both")), ("class", json!("free")), ("elements", json!(["AAAA"]))] {
        let mut body =
            json!({"chain": chain.chain(), "use": "index", "class": "query", "elements": [identity]});
        body[field] = value;
        let refused = partner.send(&body).await.err().unwrap();
        assert_eq!(refused.code(), "invalid");
        assert!(
            refused.problem.errors[0].pointer.starts_with(&format!("/{field}")),
            "{:?}",
            refused.problem.errors
        );
    }
    running.stop().await;
    assert!(chain.records().is_empty());
}

#[tokio::test]
async fn other_methods_and_paths_are_not_offered() {
    let chain = Chain::new();
    let running = chain.start().await;
    let partner = chain.caller("partner", chain.partner().as_str(), &running);
    for (path, status) in [("/v1/evaluations", 405), ("/v1/evaluations/", 404), ("/v1/openapi.json", 404)] {
        let response = partner.http.get(format!("{}{path}", running.url)).send().await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }
    running.stop().await;
}

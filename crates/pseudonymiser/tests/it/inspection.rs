//! Auditors at the pseudonymiser: who had how much evaluated, and nobody whom it was about.

use kw_ledger::{AccessRecord, Event};
use kw_protocol::access_log::AccessLogPage;
use kw_protocol::evaluation::BudgetClass;
use kw_protocol::problem::Problem;
use serde_json::{Value, json};

use crate::chain::{Caller, Chain, Running};

const AUDITOR: &str = "00000099000000003000";

async fn post(caller: &Caller, running: &Running, path: &str, body: &Value) -> reqwest::Response {
    let url = format!("{}/v1/access-log/{path}", running.url);
    caller.http.post(url).json(body).send().await.unwrap()
}

#[tokio::test]
async fn an_auditor_sees_who_had_how_much_evaluated_and_is_recorded() {
    let chain = Chain::new();
    let running = chain.start().await;
    let partner = chain.caller("partner", chain.partner().as_str(), &running);
    partner.spend(BudgetClass::Query, 3).await.unwrap_or_else(|refused| panic!("{}", refused.code()));
    let auditor = chain.caller("auditor", AUDITOR, &running);
    let asked = json!({ "auditor": "a.first", "filter": { "event": "evaluation-batch" } });
    let response = post(&auditor, &running, "_search", &asked).await;
    assert_eq!(response.status(), 200);
    let page: AccessLogPage = response.json().await.unwrap();
    let [entry] = &page.entries[..] else { panic!("{} entries", page.entries.len()) };
    let record: AccessRecord = serde_json::from_str(entry.record.as_ref().unwrap()).unwrap();
    assert_eq!((record.party, record.count, record.subject), (chain.partner(), Some(3), None));

    let refused = post(&partner, &running, "_search", &asked).await;
    assert_eq!(refused.status(), 403);
    assert_eq!(refused.json::<Problem>().await.unwrap().code(), "denied");
    running.stop().await;
    let last = chain.records().pop().unwrap();
    assert_eq!((last.event, last.party.as_str()), (Event::AccessLogSearched, AUDITOR));
}

#[tokio::test]
async fn there_is_no_subject_to_resolve_here() {
    let chain = Chain::new();
    let running = chain.start().await;
    let auditor = chain.caller("auditor", AUDITOR, &running);
    let reference = "019a0000-0000-7000-8000-000000000000";
    let request = json!({ "auditor": "a.first", "index": 0, "reason": "complaint", "reference": reference });
    let approval = json!({ "auditor": "b.second" });
    for (path, body) in
        [("resolutions".to_owned(), &request), (format!("resolutions/{reference}/approvals"), &approval)]
    {
        let response = post(&auditor, &running, &path, body).await;
        assert_eq!(response.status(), 404, "{path}");
        let problem: Problem = response.json().await.unwrap();
        assert_eq!(problem.code(), "not-found");
        assert!(problem.detail.contains("nothing to resolve"), "{}", problem.detail);
    }
    let url = format!("{}/v1/access-log/resolutions", running.url);
    assert_eq!(auditor.http.get(url).send().await.unwrap().status(), 404);
    running.stop().await;
}

//! Questions on a motivated or emergency ground are reviewed, by somebody else, once, in time.

use std::time::{Duration, Instant};

use kw_domain::ReviewId;
use kw_ledger::{Event, Verdict as Decided};
use kw_protocol::query::RelationBasis;
use kw_protocol::signal::{SignalType, SignalsAsked};
use kw_testbed::{Member, PostgresServer, RunningChain};
use reqwest::Method;
use serde_json::{Value, json};

use crate::child::chain;
use crate::log;
use crate::signals::{AUDITOR, OFFICER, ask, feed, kinds, register, with_officer};

/// Status and body of one call.
async fn call(member: &Member, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
    let mut request = member.http().request(method, member.url(path));
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), serde_json::from_str(&answer.text().await.unwrap()).unwrap())
}

async fn search(member: &Member, asked: Value) -> Vec<Value> {
    let (status, page) = call(member, Method::POST, "/v1/reviews/_search", Some(asked)).await;
    assert_eq!(status, 200, "{page}");
    page["reviews"].as_array().unwrap().clone()
}

fn reviewer() -> Value {
    json!({ "id": "r.viewer", "role": "care-coordinator" })
}

async fn judge(member: &Member, id: &str, actor: Value, verdict: &str) -> (u16, Value) {
    let body = json!({ "actor": actor, "verdict": verdict, "note": "looked at the file" });
    call(member, Method::POST, &format!("/v1/reviews/{id}/verdict"), Some(body)).await
}

async fn a_question_is_reviewed(chain: RunningChain) {
    let (school, care) = (chain.member("school").unwrap(), chain.member("youth-care").unwrap());
    register(&care, 1).await;
    register(&school, 2).await;
    ask(&school, 1, RelationBasis::Motivated).await;
    ask(&school, 404, RelationBasis::Emergency).await;
    ask(&school, 2, RelationBasis::Listed).await;

    let open = search(&school, json!({ "reader": reviewer(), "state": "open" })).await;
    assert_eq!(open.len(), 2, "a listed question is not reviewed; one about nobody is");
    let (first, second) = (&open[0], &open[1]);
    assert_eq!((&first["ground"], &second["ground"]), (&json!("motivated"), &json!("emergency")));
    assert_eq!(first["asker"], json!({ "id": "j.jansen", "role": "care-coordinator" }));
    assert_eq!(first["reason"], "signals from school");
    assert!(first["dueAt"].as_str() > second["dueAt"].as_str(), "need is reviewed sooner");
    let page = json!({ "reader": reviewer(), "limit": 1 });
    let (_, one) = call(&school, Method::POST, "/v1/reviews/_search", Some(page.clone())).await;
    let mut rest = page;
    rest["cursor"] = one["nextCursor"].clone();
    assert_eq!(search(&school, rest).await, std::slice::from_ref(second));

    // Who does not review sees their own questions only, and other organisations none.
    let colleague = json!({ "id": "c.olleague", "role": "teacher" });
    assert!(search(&school, json!({ "reader": colleague })).await.is_empty());
    let asker = json!({ "id": "j.jansen", "role": "teacher" });
    assert_eq!(search(&school, json!({ "reader": asker })).await.len(), 2);
    assert!(search(&care, json!({ "reader": reviewer() })).await.is_empty());

    let id = first["id"].as_str().unwrap();
    let (status, problem) = judge(&care, id, reviewer(), "justified").await;
    assert_eq!(status, 404, "another organisation's: {problem}");
    let (status, problem) = judge(&school, id, colleague, "justified").await;
    assert_eq!(status, 403, "not in a role that reviews: {problem}");
    let own = json!({ "id": "j.jansen", "role": "care-coordinator" });
    let (status, problem) = judge(&school, id, own, "justified").await;
    assert_eq!(status, 403, "nobody reviews their own question: {problem}");
    let bad = json!({ "actor": reviewer(), "verdict": "justified", "note": "it was 123456782" });
    let (status, _) = call(&school, Method::POST, &format!("/v1/reviews/{id}/verdict"), Some(bad)).await;
    assert_eq!(status, 400);
    let (status, judged) = judge(&school, id, reviewer(), "unjustified").await;
    assert_eq!(
        (status, &judged["state"], &judged["reviewer"]),
        (200, &json!("unjustified"), &json!("r.viewer"))
    );
    let (status, problem) =
        judge(&school, id, json!({ "id": "x", "role": "care-coordinator" }), "justified").await;
    assert_eq!(status, 409, "once: {problem}");
    assert_eq!(
        search(&school, json!({ "reader": reviewer(), "state": "open" })).await,
        std::slice::from_ref(second)
    );
    assert_eq!(
        search(&school, json!({ "reader": reviewer(), "state": "unjustified" })).await,
        std::slice::from_ref(&judged)
    );

    // Auditors see everybody's; a holder that was told sees that it was asked in need, and not by whom.
    let auditor = chain.party("auditor", AUDITOR).unwrap();
    let all = search(&auditor, json!({ "reader": { "id": "a.first", "role": "auditor" } })).await;
    assert_eq!(all, [judged, second.clone()]);
    ask(&school, 1, RelationBasis::Emergency).await;
    let told = feed(&chain, &care).read(&SignalsAsked::default()).await.unwrap();
    assert_eq!(kinds(&told), [SignalType::EmergencyUsed]);
    let (status, notice) = call(&care, Method::GET, &told.signals[0].link, None).await;
    assert_eq!((status, &notice["party"], &notice["ground"]), (200, &json!(school.oin), &json!("emergency")));
    let names: Vec<_> = notice.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["categories", "dueAt", "escalated", "ground", "id", "openedAt", "party", "purpose", "state"]
    );
    let health = chain.member("youth-health").unwrap();
    assert_eq!(call(&health, Method::GET, &told.signals[0].link, None).await.0, 404);

    let records = log::records(&log::index(&chain).await).await;
    let given: Vec<_> = records.iter().filter(|record| record.event == Event::ReviewGiven).collect();
    let verdicts: Vec<_> = given
        .iter()
        .map(|record| (record.decision.verdict, record.decision.reason.as_deref().unwrap()))
        .collect();
    assert_eq!(
        verdicts,
        [
            (Decided::Denied, "role-does-not-review"),
            (Decided::Denied, "own-question"),
            (Decided::Allowed, "question-unjustified")
        ]
    );
    assert!(given.iter().all(|record| record.subject.is_some()), "the person sees that it was reviewed");
    let read: Vec<_> = records.iter().filter(|record| record.event == Event::ReviewsRead).collect();
    assert!(
        read.iter().any(|record| record.actor.as_ref().is_some_and(|actor| actor.id.as_str() == "a.first"))
    );
}

#[tokio::test]
async fn a_question_is_reviewed_by_somebody_else_and_once_on_sqlite() {
    a_question_is_reviewed(with_officer(chain()).start().unwrap()).await;
}

#[tokio::test]
async fn a_question_is_reviewed_by_somebody_else_and_once_on_postgresql() {
    let server = PostgresServer::shared().unwrap();
    a_question_is_reviewed(with_officer(chain()).postgres(&server).unwrap().start().unwrap()).await;
}

#[tokio::test]
async fn what_nobody_reviews_in_time_is_passed_on_to_the_auditors_once() {
    let soon = || Some("PT6S".to_owned());
    let chain = with_officer(chain()).agreed(|draft| {
        draft.review.motivated_within = soon();
        draft.review.emergency_within = soon();
    });
    let chain = chain.start().unwrap();
    let school = chain.member("school").unwrap();
    ask(&school, 1, RelationBasis::Motivated).await;
    ask(&school, 2, RelationBasis::Motivated).await;
    let open = search(&school, json!({ "reader": reviewer() })).await;
    let judged = open[1]["id"].as_str().unwrap();
    assert_eq!(judge(&school, judged, reviewer(), "justified").await.0, 200);
    let waiting = SignalsAsked { wait: Some(25), ..SignalsAsked::default() };
    let began = Instant::now();
    let auditor = chain.party("auditor", AUDITOR).unwrap();
    let page = feed(&chain, &auditor).read(&waiting).await.unwrap();
    eprintln!("passed on after {:?}", began.elapsed());
    assert_eq!(kinds(&page), [SignalType::ReviewEscalated]);
    assert_eq!(page.signals[0].about, open[0]["id"].as_str().unwrap());
    let officer = chain.party("officer", OFFICER).unwrap();
    assert_eq!(kinds(&feed(&chain, &officer).read(&waiting).await.unwrap()), [SignalType::ReviewEscalated]);
    let own = feed(&chain, &school).read(&waiting).await.unwrap();
    assert_eq!(kinds(&own), [SignalType::ReviewDue, SignalType::ReviewDue, SignalType::ReviewEscalated]);
    tokio::time::sleep(Duration::from_secs(11)).await;
    let again = SignalsAsked { after: Some(page.cursor), ..SignalsAsked::default() };
    assert!(feed(&chain, &auditor).read(&again).await.unwrap().signals.is_empty(), "once");

    let escalated =
        search(&auditor, json!({ "reader": { "id": "a", "role": "auditor" }, "escalated": true })).await;
    assert_eq!(escalated.len(), 1);
    assert!(ReviewId::parse(escalated[0]["id"].as_str().unwrap()).is_ok());
    let records = log::records(&log::index(&chain).await).await;
    let passed: Vec<_> = records.iter().filter(|record| record.event == Event::ReviewEscalated).collect();
    assert_eq!((passed.len(), passed[0].count, &passed[0].holders[..]), (1, Some(1), &[school.oin][..]));
    assert!(chain.switchboard().unwrap().metric("ketenwijzer_reviews_open").unwrap().is_some());
}

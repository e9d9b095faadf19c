//! Auditors at the switchboard: certificates, real processes, both databases.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use kw_client::{AccessLogClient, ClientError, Context, Entropy};
use kw_domain::{ActorId, BatchId, Clock as _, Instant, ResolutionId, SystemClock, TransactionId};
use kw_ledger::{AccessRecord, Event, Leaf, LeafKind, Salt, canonical};
use kw_protocol::access_log::{
    AccessLogEntry, AccessLogPage, AccessLogSearch, ApproveResolution, RequestResolution, ResolutionState,
};
use kw_protocol::problem::ProblemCode;
use kw_store::{Consent, Meant, Resolution};
use kw_testbed::{PostgresServer, RunningChain, subject_element};

use crate::child::chain;
use crate::log;

const AUDITOR: &str = "00000099000000003000";
const OTHER_AUDITOR: &str = "00000099000000004000";

/// Somebody with a certificate of their own.
fn client(chain: &RunningChain, name: &str, oin: &str) -> AccessLogClient {
    let tls = chain.party(name, oin).unwrap().tls;
    let agreement = chain.agreement().unwrap();
    let switchboard = agreement.switchboard();
    let context = Context::new(Arc::new(SystemClock), Entropy::system());
    AccessLogClient::new(&tls, switchboard.oin, &switchboard.endpoint, context).unwrap()
}

fn search(filter: &str) -> AccessLogSearch {
    serde_json::from_str(&format!(r#"{{"auditor":"a.first","filter":{filter}}}"#)).unwrap()
}

fn under(resolution: ResolutionId, person: &str) -> AccessLogSearch {
    let auditor = ActorId::parse(person).unwrap();
    AccessLogSearch { auditor, resolution: Some(resolution), ..search("{}") }
}

fn request(entry: &AccessLogEntry) -> RequestResolution {
    let reference = record(entry).subject.unwrap();
    serde_json::from_value(serde_json::json!({
        "auditor": "a.first", "index": entry.index, "reason": "complaint 7", "reference": reference,
    }))
    .unwrap()
}

fn approval(person: &str) -> ApproveResolution {
    ApproveResolution { auditor: ActorId::parse(person).unwrap(), proof: None }
}

fn record(entry: &AccessLogEntry) -> AccessRecord {
    serde_json::from_str(entry.record.as_ref().unwrap()).unwrap()
}

fn code<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> Option<ProblemCode> {
    answer.unwrap_err().code()
}

async fn all(client: &AccessLogClient, asked: &AccessLogSearch) -> Vec<AccessLogPage> {
    let mut asked = asked.clone();
    let mut pages = Vec::new();
    loop {
        let page = client.search(&asked).await.unwrap();
        asked.cursor.clone_from(&page.next_cursor);
        pages.push(page);
        if asked.cursor.is_none() {
            return pages;
        }
    }
}

async fn ask(chain: &RunningChain, number: u64) {
    let school = chain.member("school").unwrap();
    let transaction = TransactionId::new(SystemClock.now(), Entropy::system().bytes());
    school.switchboard().unwrap().query(&school.question(number).unwrap(), transaction).await.unwrap();
}

async fn register(chain: &RunningChain, number: u64) {
    let care = chain.member("youth-care").unwrap();
    let registration = care.registration(number).unwrap();
    care.switchboard().unwrap().register(&registration, &care.key()).await.unwrap();
}

async fn an_auditor_sees_what_happened(chain: RunningChain) {
    register(&chain, 1).await;
    ask(&chain, 1).await;
    let auditor = client(&chain, "auditor", AUDITOR);
    let filter = r#"{"actor":"j.jansen","event":"query-answered","purpose":"coordinate-help"}"#;
    let page = auditor.search(&search(filter)).await.unwrap();
    assert_eq!(page.origin, chain.agreement().unwrap().switchboard().log_origin);
    let [entry] = &page.entries[..] else { panic!("{} entries", page.entries.len()) };
    let found = record(entry);
    assert_eq!((found.event, found.party), (Event::QueryAnswered, chain.member("school").unwrap().oin));
    assert_eq!(found.grants.len(), 1);
    // Record and salt open the leaf, which is the one in the tree.
    let text = canonical(&found).unwrap();
    let leaf = Leaf::commit(LeafKind::Access, &Salt(entry.salt.unwrap().0), &text);
    let stored = log::entries(&log::index(&chain).await).await;
    assert_eq!((leaf.hash, leaf.hash), (entry.leaf.0, stored[entry.index as usize].leaf));

    // The reading is in the log itself, with the person and the question.
    let reads = auditor.search(&search(r#"{"event":"access-log-searched"}"#)).await.unwrap();
    let [read] = &reads.entries[..] else { panic!("{} entries", reads.entries.len()) };
    let read = record(read);
    let actor = read.actor.unwrap();
    assert_eq!(
        (read.party.as_str(), actor.id.as_str(), actor.role.as_str()),
        (AUDITOR, "a.first", "auditor")
    );
    assert_eq!(read.search.unwrap(), format!(r#"{{"before":{},"filter":{filter}}}"#, page.size));
    assert_eq!(read.count, Some(1));
    assert!(read.trace.is_some() && read.transaction.is_some());
    // No page shows a grant's claims, which hold the holder's handle.
    let pages = all(&auditor, &search("{}")).await;
    let shown: BTreeSet<u64> = pages.iter().flat_map(|page| &page.entries).map(|entry| entry.index).collect();
    let records = log::records(&log::index(&chain).await).await.len();
    assert_eq!(shown.len(), records - 1, "every record but the one of this reading");
}

#[tokio::test]
async fn an_auditor_sees_what_happened_and_is_seen_on_sqlite() {
    an_auditor_sees_what_happened(chain().start().unwrap()).await;
}

#[tokio::test]
async fn an_auditor_sees_what_happened_and_is_seen_on_postgresql() {
    let server = PostgresServer::shared().unwrap();
    an_auditor_sees_what_happened(chain().postgres(&server).unwrap().start().unwrap()).await;
}

#[tokio::test]
async fn a_partner_the_operator_and_a_stranger_are_refused_and_that_is_a_security_event() {
    let chain = chain().start().unwrap();
    let draft = chain.draft();
    let school = chain.member("school").unwrap().oin.to_string();
    for (name, oin) in [
        ("school", school.as_str()),
        ("operator", draft.switchboard.oin.as_str()),
        ("other-operator", draft.pseudonymiser.oin.as_str()),
        ("stranger", "00000099000000999000"),
    ] {
        let somebody = client(&chain, name, oin);
        assert_eq!(code(somebody.search(&search("{}")).await), Some(ProblemCode::Denied), "{name}");
        assert_eq!(code(somebody.resolutions().await), Some(ProblemCode::Denied), "{name}");
        let nobody = ResolutionId::from_bytes([0; 16]);
        let agreed = somebody.approve_resolution(nobody, &approval("b")).await;
        assert_eq!(code(agreed), Some(ProblemCode::Denied), "{name}");
    }
    let told = std::fs::read_to_string(chain.folder().join("switchboard.log")).unwrap();
    let events: Vec<serde_json::Value> =
        told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let refused: Vec<_> = events
        .iter()
        .filter(|event| event["message"] == "somebody who is no auditor asked for the access log")
        .collect();
    assert_eq!(refused.len(), 12);
    assert!(refused.iter().all(|event| event["audience"] == "security"));
    assert!(refused.iter().any(|event| event["caller"] == school.as_str()));
    assert!(
        log::records(&log::index(&chain).await).await.iter().all(|one| one.event != Event::AccessLogSearched)
    );
}

#[tokio::test]
async fn an_auditor_is_no_partner() {
    let chain = chain().start().unwrap();
    let auditor = chain.party("auditor", AUDITOR).unwrap();
    let response = auditor.http().get(auditor.url("/v1/pointers")).send().await.unwrap();
    assert_eq!(response.status(), 403);
    let problem: kw_protocol::problem::Problem = response.json().await.unwrap();
    assert_eq!(problem.code(), "party-unknown");
}

#[tokio::test]
async fn an_auditor_whom_the_agreement_does_not_name_any_more_reads_nothing() {
    let chain = chain().start().unwrap();
    let auditor = client(&chain, "auditor", AUDITOR);
    auditor.search(&search("{}")).await.unwrap();
    chain.change_agreement(|draft| draft.auditors.retain(|auditor| auditor.oin != AUDITOR)).unwrap();
    for _ in 0..200 {
        match auditor.search(&search("{}")).await {
            Ok(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            Err(error) => return assert_eq!(error.code(), Some(ProblemCode::Denied)),
        }
    }
    panic!("the new agreement was not taken in");
}

async fn two_find_what_one_cannot(chain: RunningChain) {
    // Two people in one batch, and questions about both.
    let care = chain.member("youth-care").unwrap();
    let lines: Vec<_> = (1..=2).map(|number| care.registration(number).unwrap()).collect();
    let upload = BatchId::new(Instant::from_millis(1_795_000_000_000), Entropy::system().bytes());
    let bulk = care.switchboard().unwrap();
    let results = bulk.register_bulk(upload, 0, stream::iter(lines)).await.unwrap();
    assert_eq!(std::pin::pin!(results).count().await, 2);
    ask(&chain, 1).await;
    ask(&chain, 2).await;
    ask(&chain, 1).await;

    let (first, second) = (client(&chain, "first", AUDITOR), client(&chain, "second", AUDITOR));
    let asked = first.search(&search(r#"{"event":"query-answered"}"#)).await.unwrap().entries;
    let resolution = first.request_resolution(&request(&asked[0])).await.unwrap();
    assert_eq!(resolution.state, ResolutionState::Requested);
    let id = resolution.id;
    assert_eq!(second.resolutions().await.unwrap().resolutions, [resolution]);

    // Nobody alone: not the one who asked, not by another certificate, not by another name.
    assert_eq!(code(first.search(&under(id, "a.first")).await), Some(ProblemCode::Denied));
    for (alone, person) in [(&first, "a.first"), (&second, "a.first"), (&first, "b.second")] {
        let agreed = alone.approve_resolution(id, &approval(person)).await;
        assert_eq!(code(agreed), Some(ProblemCode::Denied), "{person}");
    }
    let agreed = second.approve_resolution(id, &approval("b.second")).await.unwrap();
    assert_eq!(agreed.state, ResolutionState::Approved);

    let found: Vec<_> =
        all(&first, &under(id, "a.first")).await.into_iter().flat_map(|page| page.entries).collect();
    let events: Vec<_> = found.iter().map(|entry| record(entry).event).collect();
    let expected = [
        Event::ResolutionApproved,
        Event::ResolutionRequested,
        Event::QueryAnswered,
        Event::QueryAnswered,
        Event::PointersRegistered,
    ];
    assert_eq!(events, expected);
    assert_eq!(
        (found[2].index, found[3].index),
        (asked[0].index, asked[2].index),
        "the other was not asked about her"
    );
    assert_eq!(record(&found[4]).count, Some(2));
    assert_eq!(found[4].references.len(), 1, "the other one in the batch is not named");

    // Every step is recorded, refused ones too.
    let records = log::records(&log::index(&chain).await).await;
    let steps: Vec<_> = records
        .iter()
        .filter(|one| matches!(one.event, Event::ResolutionRequested | Event::ResolutionApproved))
        .map(|one| (one.event, one.decision.reason.as_deref()))
        .collect();
    let expected = [
        (Event::ResolutionRequested, None),
        (Event::ResolutionApproved, Some("resolution-same-person")),
        (Event::ResolutionApproved, Some("resolution-same-person")),
        (Event::ResolutionApproved, Some("resolution-same-certificate")),
        (Event::ResolutionApproved, None),
    ];
    assert_eq!(steps, expected);
}

#[tokio::test]
async fn two_auditors_find_the_records_about_one_subject_that_neither_finds_alone_on_sqlite() {
    two_find_what_one_cannot(chain().start().unwrap()).await;
}

#[tokio::test]
async fn two_auditors_find_the_records_about_one_subject_that_neither_finds_alone_on_postgresql() {
    let server = PostgresServer::shared().unwrap();
    two_find_what_one_cannot(chain().postgres(&server).unwrap().start().unwrap()).await;
}

#[tokio::test]
async fn the_switchboard_finds_a_subject_by_its_element() {
    let chain = chain().start().unwrap();
    ask(&chain, 1).await;
    let (first, second) = (client(&chain, "first", AUDITOR), client(&chain, "second", OTHER_AUDITOR));
    let named = |number| RequestResolution {
        proof: None,
        auditor: ActorId::parse("a.first").unwrap(),
        reason: "a request of the person".to_owned(),
        index: None,
        reference: None,
        subject: Some(subject_element(number).unwrap()),
    };
    assert_eq!(code(first.request_resolution(&named(404)).await), Some(ProblemCode::NotFound));
    let resolution = first.request_resolution(&named(1)).await.unwrap();
    second.approve_resolution(resolution.id, &approval("b.second")).await.unwrap();
    let page = second.search(&under(resolution.id, "b.second")).await.unwrap();
    let events: BTreeSet<_> = page.entries.iter().map(|entry| record(entry).event).collect();
    assert!(events.contains(&Event::QueryAnswered));
}

#[tokio::test]
async fn a_resolution_whose_time_is_over_opens_nothing() {
    let chain = chain().start().unwrap();
    let auditor = client(&chain, "first", AUDITOR);
    let now = SystemClock.now();
    let consent = |person: &str, certificate| Consent {
        proven: false,
        at: now.minus(Duration::from_hours(25)),
        party: AUDITOR.parse().unwrap(),
        person: ActorId::parse(person).unwrap(),
        certificate: [certificate; 32],
    };
    let id = ResolutionId::new(now, [1; 10]);
    let over = Resolution {
        id: *id.as_bytes(),
        whom: Meant::Subject(kw_domain::SubjectId::new(now, [2; 10])),
        reason: "complaint 7".to_owned(),
        request: consent("a.first", 1),
        approval: Some(consent("b.second", 2)),
        expires_at: now.minus(Duration::from_secs(1)),
    };
    let record = log::records(&log::index(&chain).await).await.pop().unwrap();
    let store = log::index(&chain).await;
    let write = move |tx: &mut kw_store::Tx<'_, kw_store::switchboard::Switchboard>| {
        tx.request_resolution(&over)?;
        let act = kw_store::Act::new(record.at, LeafKind::Access, canonical(&record).unwrap());
        Ok::<_, kw_store::Abort<()>>(((), act))
    };
    store.write("test", write).await.unwrap();
    assert_eq!(code(auditor.search(&under(id, "a.first")).await), Some(ProblemCode::Denied));
    assert!(auditor.resolutions().await.unwrap().resolutions.is_empty());
}

async fn paging_while_others_write(chain: RunningChain) {
    for number in 0..30 {
        register(&chain, number).await;
    }
    let auditor = client(&chain, "auditor", AUDITOR);
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let writing = {
        let (school, stop) = (chain.member("school").unwrap(), Arc::clone(&stop));
        tokio::spawn(async move {
            let client = school.switchboard().unwrap();
            let mut number = 1_000;
            while !stop.load(std::sync::atomic::Ordering::SeqCst) {
                number += 1;
                client.register(&school.registration(number).unwrap(), &school.key()).await.unwrap();
            }
            number - 1_000
        })
    };
    let mut asked = search("{}");
    asked.limit = Some(4);
    let pages = all(&auditor, &asked).await;
    stop.store(true, std::sync::atomic::Ordering::SeqCst);
    assert!(writing.await.unwrap() > 0);
    let size = pages[0].size;
    let shown: Vec<u64> = pages.iter().flat_map(|page| &page.entries).map(|entry| entry.index).collect();
    let stored = log::entries(&log::index(&chain).await).await;
    let expected: Vec<u64> =
        stored.iter().map(|entry| entry.index).filter(|index| *index < size).rev().collect();
    assert_eq!(shown, expected, "registrations leave records only");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_miss_nothing_and_repeat_nothing_while_others_write_on_sqlite() {
    paging_while_others_write(chain().start().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_miss_nothing_and_repeat_nothing_while_others_write_on_postgresql() {
    let server = PostgresServer::shared().unwrap();
    paging_while_others_write(chain().postgres(&server).unwrap().start().unwrap()).await;
}

#[tokio::test]
async fn what_is_no_search_is_invalid_and_its_values_are_not_repeated() {
    let chain = chain().start().unwrap();
    let auditor = chain.party("auditor", AUDITOR).unwrap();
    for (body, pointer) in [
        (r#"{"auditor":"a","subject":"x"}"#, ""),
        (r#"{"auditor":"a","filter":{"subject":"x"}}"#, "/filter"),
        (r#"{"auditor":"a","filter":{"party":"999990342"}}"#, "/filter/party"),
        (r#"{"auditor":"a","filter":{"case":"999990342"}}"#, "/filter/case"),
        (r#"{"auditor":"a","limit":201}"#, "/limit"),
        (r#"{"auditor":"a","cursor":"999990342"}"#, "/cursor"),
        (r#"{"filter":{}}"#, "/auditor"),
    ] {
        let request = auditor.http().post(auditor.url("/v1/access-log/_search"));
        let response = request.header("content-type", "application/json").body(body).send().await.unwrap();
        assert_eq!(response.status(), 400, "{body}");
        let text = response.text().await.unwrap();
        let problem: kw_protocol::problem::Problem = serde_json::from_str(&text).unwrap();
        assert_eq!((problem.code(), problem.errors[0].pointer.as_str()), ("invalid", pointer), "{body}");
        assert!(!text.contains("999990342"), "{body}");
    }
    let path = auditor.url("/v1/access-log/resolutions/999990342/approvals");
    let request = auditor.http().post(path).header("content-type", "application/json");
    let response = request.body(r#"{"auditor":"b"}"#).send().await.unwrap();
    assert_eq!(response.status(), 404);
}

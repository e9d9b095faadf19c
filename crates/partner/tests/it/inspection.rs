//! Auditors at a partner: what its staff asked, and about the same person.

use std::sync::Arc;

use kw_client::{AccessLogClient, Context, Entropy};
use kw_domain::{Oin, SystemClock};
use kw_ledger::{AccessRecord, Event};
use kw_protocol::access_log::{AccessLogEntry, AccessLogSearch, RequestResolution};
use kw_protocol::dossier::DossierRequest;
use kw_protocol::problem::ProblemCode;
use kw_transport::Tls;

use crate::chain::{Chain, Running};

const AUDITOR: &str = "00000099000000003000";
const ONE: &str = "999990342";
const OTHER: &str = "999994086";

fn client(chain: &Chain, running: &Running, name: &str, oin: &str) -> AccessLogClient {
    let tls = Tls::load(&chain.issue(name, oin)).unwrap();
    let partner = Oin::parse(&chain.draft.partners[0].oin).unwrap();
    let context = Context::new(Arc::new(SystemClock), Entropy::system());
    AccessLogClient::new(&tls, partner, &format!("https://{}", running.service), context).unwrap()
}

fn question(bsn: &str) -> DossierRequest {
    serde_json::from_value(serde_json::json!({
        "subject": format!("nl.bsn:{bsn}"), "purpose": "coordinate-help", "case": "Z-2026-17",
        "actor": {"id": "j.jansen", "role": "municipal-consultant"}, "relation": {"basis": "listed"},
    }))
    .unwrap()
}

fn search(text: &str) -> AccessLogSearch {
    serde_json::from_str(text).unwrap()
}

fn record(entry: &AccessLogEntry) -> AccessRecord {
    serde_json::from_str(entry.record.as_ref().unwrap()).unwrap()
}

#[tokio::test]
async fn auditors_see_what_staff_asked_and_two_of_them_about_whom_else_the_same() {
    let mut chain = Chain::new();
    let running = chain.start().await;
    for bsn in [ONE, OTHER, ONE] {
        // The index is not there; that somebody asked is recorded all the same.
        running.client.dossier(&question(bsn)).await.unwrap_err();
    }
    let (first, second) =
        (client(&chain, &running, "first", AUDITOR), client(&chain, &running, "second", AUDITOR));
    let asked = search(r#"{"auditor":"a.first","filter":{"actor":"j.jansen","event":"query-asked"}}"#);
    let found = first.search(&asked).await.unwrap().entries;
    let [newest, between, oldest] = &found[..] else { panic!("{} entries", found.len()) };

    let request: RequestResolution = serde_json::from_value(serde_json::json!({
        "auditor": "a.first", "index": newest.index, "reason": "complaint 7",
        "reference": record(newest).subject,
    }))
    .unwrap();
    let id = first.request_resolution(&request).await.unwrap().id;
    let approval = serde_json::from_str(r#"{"auditor":"b.second"}"#).unwrap();
    second.approve_resolution(id, &approval).await.unwrap();
    let mut under = asked.clone();
    under.resolution = Some(id);
    let same: Vec<u64> =
        first.search(&under).await.unwrap().entries.iter().map(|entry| entry.index).collect();
    assert_eq!(same, [newest.index, oldest.index]);
    assert!(!same.contains(&between.index));

    let partner = client(&chain, &running, "colleague", &chain.draft.partners[1].oin);
    assert_eq!(partner.search(&asked).await.unwrap_err().code(), Some(ProblemCode::Denied));
    let own = client(&chain, &running, "itself", &chain.draft.partners[0].oin);
    assert_eq!(own.search(&asked).await.unwrap_err().code(), Some(ProblemCode::Denied));
    running.stop().await;

    let records = chain.records();
    let reads: Vec<_> = records.iter().filter(|record| record.event == Event::AccessLogSearched).collect();
    assert_eq!(reads.len(), 2);
    assert!(reads.iter().all(|read| read.party.as_str() == AUDITOR && read.service.as_str() != AUDITOR));
    assert!(!chain.database_holds(ONE));
}

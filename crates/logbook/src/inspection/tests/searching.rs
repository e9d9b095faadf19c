use kw_domain::{GrantId, Instant, ResolutionId, TransactionId};
use kw_ledger::search::Search;
use kw_ledger::{
    AccessRecord, Canonical, Event, GrantedAccess, GrantedAct, Leaf, LeafKind, Outcome, Salt, Verdict,
    canonical,
};
use kw_protocol::access_log::AccessLogSearch;
use kw_protocol::problem::ProblemCode;
use kw_store::switchboard::Switchboard;
use kw_store::{Abort, Act, Tx};
use serde_json::json;

use super::bed::{AUDITOR, Bed, ORIGIN, SWITCHBOARD, indices, oin, reader, refused, search, somebody};

#[tokio::test]
async fn an_entry_opens_its_leaf_and_says_who_did_it() {
    let bed = Bed::new();
    let (index, _) = bed.happened(bed.record(Event::QueryAnswered, "j.jansen"), &[somebody()]).await;
    bed.busy(3).await;
    let page = bed.search(&reader("a.first", 1), &search(r#"{"actor":"j.jansen"}"#)).await.unwrap();
    assert_eq!((page.origin.as_str(), page.size, page.looked_at, page.next_cursor), (ORIGIN, 4, 4, None));
    let [entry] = &page.entries[..] else { panic!("{:?}", page.entries) };
    assert_eq!((entry.index, entry.erased), (index, false));
    let record: AccessRecord = serde_json::from_str(entry.record.as_ref().unwrap()).unwrap();
    let leaf = Leaf::commit(LeafKind::Access, &Salt(entry.salt.unwrap().0), &canonical(&record).unwrap());
    assert_eq!(leaf.hash, entry.leaf.0);
    assert_eq!(record.actor.unwrap().id.as_str(), "j.jansen");
    assert!(entry.references.is_empty(), "whom it is about is not told");
}

#[tokio::test]
async fn an_exchange_is_found_by_its_own_records_and_by_those_that_granted_it() {
    let bed = Bed::new();
    let exchange = |byte| TransactionId::new(Instant::from_millis(1_795_000_000_000), [byte; 10]);
    let asked = |byte| AccessRecord {
        transaction: Some(exchange(byte)),
        ..bed.record(Event::QueryAnswered, "j.jansen")
    };
    let grant = GrantedAccess {
        act: GrantedAct::Pull,
        category: "school-attendance".parse().unwrap(),
        grant: GrantId::new(Instant::from_millis(1_795_000_000_000), [9; 10]),
        holder: oin(SWITCHBOARD),
        outcome: None,
        transaction: exchange(2),
    };
    let (own, _) = bed.happened(asked(1), &[]).await;
    let (other, _) = bed.happened(asked(3), &[]).await;
    let (granted, _) = bed.happened(AccessRecord { grants: vec![grant], ..asked(1) }, &[]).await;
    bed.busy(3).await;
    for (byte, found) in [(1, vec![granted, own]), (2, vec![granted]), (3, vec![other]), (4, vec![])] {
        let wanted = search(&format!(r#"{{"transaction":"{}"}}"#, exchange(byte)));
        // Each search is recorded with the exchange in it, and is no record of it.
        for _ in 0..2 {
            let page = bed.search(&reader("a.first", 1), &wanted).await.unwrap();
            assert_eq!(
                (indices(std::slice::from_ref(&page)), page.next_cursor),
                (found.clone(), None),
                "{byte}"
            );
        }
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_shown_unless_it_is_surely_not_meant() {
    let bed = Bed::new();
    let at = bed.record(Event::LeaseRenewed, "somebody").at;
    let exchange = TransactionId::new(at, [1; 10]);
    let mut shown = Vec::new();
    for (record, is_shown) in [
        (json!({ "what": "nothing that is known" }), true),
        (json!({ "at": at, "event": "of-another-version" }), true),
        (json!({ "at": at, "event": "query-answered", "exchanges": [exchange] }), true),
        (json!({ "at": at, "event": "query-answered", "exchanges": [] }), false),
        (json!({ "at": at, "event": "lease-renewed", "exchanges": [exchange] }), true),
    ] {
        let act = move |_: &mut Tx<'_, Switchboard>| {
            Ok::<_, Abort<()>>((
                (),
                Act::new(at, LeafKind::Access, Canonical::from_stored(record.to_string())),
            ))
        };
        let index = bed.store.write("happen", act).await.unwrap().receipts[0].index;
        shown.extend(is_shown.then_some(index));
    }
    shown.reverse();
    let page =
        bed.search(&reader("a.first", 1), &search(&format!(r#"{{"transaction":"{exchange}"}}"#))).await;
    assert_eq!(indices(&[page.unwrap()]), shown);
    for (filter, found) in
        [(r#"{"event":"lease-renewed"}"#, vec![4, 1, 0]), (r#"{"actor":"j.jansen"}"#, vec![4, 3, 2, 1, 0])]
    {
        let page = bed.search(&reader("a.first", 1), &search(filter)).await;
        assert_eq!(indices(&[page.unwrap()]), found, "{filter}");
    }
}

#[tokio::test]
async fn every_page_is_in_the_log_before_it_is_handed_out_with_what_was_asked() {
    let bed = Bed::new();
    bed.busy(5).await;
    let filter = r#"{"event":"lease-renewed","from":"2020-01-01T00:00:00.000Z"}"#;
    let mut asked = search(filter);
    asked.limit = Some(3);
    let pages = bed.all(&reader("a.first", 1), &asked).await;
    assert_eq!(indices(&pages), [4, 3, 2, 1, 0]);
    let records = bed.records().await;
    let reads: Vec<_> = records.iter().filter(|record| record.event == Event::AccessLogSearched).collect();
    let expected: Vec<_> = [("5", 3), ("2", 2)]
        .map(|(before, count)| (format!(r#"{{"before":{before},"filter":{filter}}}"#), Some(count)))
        .into();
    let found: Vec<_> = reads.iter().map(|read| (read.search.clone().unwrap(), read.count)).collect();
    assert_eq!(found, expected);
    for read in reads {
        let actor = read.actor.as_ref().unwrap();
        assert_eq!((read.party, read.service), (oin(AUDITOR), oin(SWITCHBOARD)));
        assert_eq!((actor.id.as_str(), actor.role.as_str()), ("a.first", "auditor"));
        assert_eq!((read.result, read.decision.verdict), (Outcome::Success, Verdict::Allowed));
        assert!(serde_json::from_str::<Search>(read.search.as_ref().unwrap()).is_ok());
    }
}

#[tokio::test]
async fn one_entry_is_found_by_its_place_and_its_reading_is_recorded() {
    let bed = Bed::new();
    bed.busy(5).await;
    let mut asked = search("{}");
    for (index, found) in [(2, vec![2]), (0, vec![0]), (900, vec![])] {
        asked.index = Some(index);
        let page = bed.search(&reader("a.first", 1), &asked).await.unwrap();
        assert_eq!((indices(std::slice::from_ref(&page)), page.next_cursor), (found, None), "{index}");
    }
    let records = bed.records().await;
    let reads: Vec<_> = records.iter().filter(|record| record.event == Event::AccessLogSearched).collect();
    let found: Vec<_> = reads.iter().map(|read| (read.search.clone().unwrap(), read.count)).collect();
    let before = |before: u64| format!(r#"{{"before":{before},"filter":{{}}}}"#);
    assert_eq!(found, [(before(3), Some(1)), (before(1), Some(1)), (before(901), Some(0))]);

    // A place stands alone.
    let with = |filter: &str| AccessLogSearch { index: Some(2), ..search(filter) };
    let resolution = AccessLogSearch { resolution: Some(ResolutionId::from_bytes([1; 16])), ..with("{}") };
    let last = AccessLogSearch { index: Some(u64::MAX), ..search("{}") };
    for wrong in [with(r#"{"actor":"j.jansen"}"#), resolution, last] {
        let refusal = refused(bed.search(&reader("a.first", 1), &wrong).await, ProblemCode::Invalid);
        assert_eq!(refusal.fields()[0].pointer, "/index");
    }
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_read_out() {
    let bed = Bed::new();
    bed.busy(1).await;
    bed.store.hold("a test");
    refused(bed.search(&reader("a.first", 1), &search("{}")).await, ProblemCode::Unavailable);
    bed.store.release();
    assert_eq!(bed.search(&reader("a.first", 1), &search("{}")).await.unwrap().entries.len(), 1);
}

#[tokio::test]
async fn all_mistakes_are_named_at_once_and_nothing_is_recorded() {
    let bed = Bed::new();
    let mut asked =
        search(r#"{"case":"999990342","from":"2026-01-02T00:00:00Z","until":"2026-01-01T00:00:00Z"}"#);
    asked.auditor = "bsn 999990342".parse().unwrap();
    asked.cursor = Some("AAAA".to_owned());
    asked.limit = Some(201);
    let refusal = refused(bed.search(&reader("bsn 999990342", 1), &asked).await, ProblemCode::Invalid);
    let fields: Vec<_> = refusal.fields().iter().map(|field| field.pointer.as_str()).collect();
    assert_eq!(fields, ["/auditor", "/filter/until", "/filter/case", "/limit", "/cursor"]);
    assert!(!format!("{refusal:?}").contains("999990342"));
    asked = search("{}");
    asked.limit = Some(0);
    refused(bed.search(&reader("a.first", 1), &asked).await, ProblemCode::Invalid);
    assert!(bed.records().await.is_empty());
}

#[tokio::test]
async fn a_cursor_of_another_search_is_refused() {
    let bed = Bed::new();
    bed.busy(3).await;
    let mut asked = search("{}");
    asked.limit = Some(1);
    let cursor = bed.search(&reader("a.first", 1), &asked).await.unwrap().next_cursor;
    let mut other = search(r#"{"event":"lease-renewed"}"#);
    other.cursor = cursor;
    refused(bed.search(&reader("a.first", 1), &other).await, ProblemCode::Invalid);
}

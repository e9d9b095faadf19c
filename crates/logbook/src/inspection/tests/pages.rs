use std::time::Duration;

use kw_domain::Clock as _;
use kw_ledger::search::AccessFilter;
use kw_ledger::{Event, LeafKind};
use kw_store::switchboard::Switchboard;
use kw_store::{Abort, Act, Tx};
use proptest::prelude::*;

use super::bed::{Bed, indices, reader, search, somebody};
use crate::inspection::walk::{Walk, walk};

#[tokio::test]
async fn pages_miss_nothing_and_repeat_nothing_while_the_log_grows() {
    let bed = Bed::new();
    bed.busy(40).await;
    let mut asked = search(r#"{"event":"lease-renewed"}"#);
    asked.limit = Some(7);
    let mut found = Vec::new();
    loop {
        let page = bed.search(&reader("a.first", 1), &asked).await.unwrap();
        // More happens between two pages; the page before is an entry itself.
        bed.busy(3).await;
        found.push(page.clone());
        asked.cursor = page.next_cursor;
        if asked.cursor.is_none() {
            break;
        }
    }
    assert_eq!(indices(&found), (0..40).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_page_looks_at_a_bounded_part_of_the_log_and_says_where_to_go_on() {
    let bed = Bed::new();
    let (first, _) = bed.happened(bed.record(Event::KeyChanged, "k"), &[]).await;
    let record = bed.record(Event::LeaseRenewed, "somebody");
    let text = kw_ledger::canonical(&record).unwrap();
    for _ in 0..25 {
        let (at, text) = (record.at, text.clone());
        let many = move |_: &mut Tx<'_, Switchboard>| {
            let act = Act::new(at, LeafKind::Access, text.clone());
            Ok::<_, Abort<()>>(((), (1..1_000).fold(act, |act, _| act.and(LeafKind::Access, text.clone()))))
        };
        bed.store.write("test", many).await.unwrap();
    }
    let pages = bed.all(&reader("a.first", 1), &search(r#"{"event":"key-changed"}"#)).await;
    assert_eq!(pages.iter().map(|page| page.looked_at).collect::<Vec<_>>(), [20_000, 5_001]);
    assert_eq!(indices(&pages), [first]);
}

#[tokio::test]
async fn the_claims_of_a_grant_are_no_record_to_read() {
    let bed = Bed::new();
    let claims = serde_json::json!({ "aud": "00000099000000012000", "prp": { "hdl": "secret-handle" } });
    let record = kw_ledger::canonical(&bed.record(Event::QueryAnswered, "j.jansen")).unwrap();
    let (at, claims) = (bed.clock.now(), kw_ledger::Canonical::from_stored(claims.to_string()));
    let granted = move |_: &mut Tx<'_, Switchboard>| {
        Ok::<_, Abort<()>>(((), Act::new(at, LeafKind::Access, record.clone()).grant(claims.clone())))
    };
    bed.store.write("test", granted).await.unwrap();
    let page = bed.search(&reader("a.first", 1), &search("{}")).await.unwrap();
    assert_eq!((page.size, page.looked_at, page.entries.len()), (2, 2, 1));
    assert!(!format!("{page:?}").contains("secret-handle"));
}

#[tokio::test]
async fn a_record_that_this_version_cannot_read_is_shown_rather_than_hidden() {
    let bed = Bed::new();
    let future = kw_ledger::Canonical::from_stored(
        serde_json::json!({ "action": "dance", "event": "later" }).to_string(),
    );
    let at = bed.clock.now();
    let write = move |_: &mut Tx<'_, Switchboard>| {
        Ok::<_, Abort<()>>(((), Act::new(at, LeafKind::Access, future.clone())))
    };
    bed.store.write("test", write).await.unwrap();
    let page = bed.search(&reader("a.first", 1), &search(r#"{"purpose":"help"}"#)).await.unwrap();
    assert_eq!(page.entries.len(), 1);
}

#[tokio::test]
async fn an_erased_entry_shows_its_leaf_to_whoever_asks_for_a_period() {
    let bed = Bed::new();
    bed.happened(bed.record(Event::QueryAnswered, "j.jansen"), &[somebody()]).await;
    bed.clock.advance(Duration::from_hours(24));
    let later = bed.clock.now();
    let erase = move |tx: &mut Tx<'_, Switchboard>| {
        let erased = tx.erase_records(LeafKind::Access, later, 10)?;
        let done = kw_ledger::Canonical::from_stored(serde_json::json!({ "aud": "no record" }).to_string());
        Ok::<_, Abort<()>>((erased, Act::new(later, LeafKind::Key, done)))
    };
    assert!(bed.store.write("test", erase).await.unwrap().value.is_some());
    let until = later.to_string();
    let period =
        bed.search(&reader("a.first", 1), &search(&format!(r#"{{"until":"{until}"}}"#))).await.unwrap();
    let [entry] = &period.entries[..] else { panic!("{:?}", period.entries) };
    assert!(entry.erased && entry.record.is_none() && entry.salt.is_none());
    let after =
        bed.search(&reader("a.first", 1), &search(&format!(r#"{{"from":"{until}"}}"#))).await.unwrap();
    assert!(after.entries.iter().all(|entry| !entry.erased));
    let asked = search(r#"{"event":"query-answered"}"#);
    let named = bed.search(&reader("a.first", 1), &asked).await.unwrap();
    assert!(named.entries.is_empty(), "nobody can tell what the record was");
}

#[tokio::test]
async fn a_period_of_a_log_that_is_not_quite_in_order_is_read_whole() {
    let bed = Bed::new();
    let mut records = Vec::new();
    for number in 0..120_u64 {
        let mut record = bed.record(Event::LeaseRenewed, "somebody");
        record.at = record.at.minus(Duration::from_mins([0, 4, 1, 7][number as usize % 4]));
        let (index, _) = bed.happened(record.clone(), &[]).await;
        records.push((index, record.at));
    }
    let start = records[0].1;
    for (from, until) in [(0, 120), (30, 31), (50, 90), (119, 500), (0, 1)] {
        let (from, until) = (start.plus(Duration::from_mins(from)), start.plus(Duration::from_mins(until)));
        let mut expected: Vec<u64> =
            records.iter().filter(|(_, at)| *at >= from && *at < until).map(|(index, _)| *index).collect();
        expected.reverse();
        let filter = AccessFilter { from: Some(from), until: Some(until), ..AccessFilter::default() };
        let going = Walk { before: None, from: 0, filter, limit: 1_000, about: None, at_once: 50 };
        let walked = bed.store.read_blocking(|log| walk(log, &going)).unwrap();
        assert_eq!(walked.entries.iter().map(|entry| entry.index).collect::<Vec<_>>(), expected);
        assert_eq!(walked.next, None);
    }
}

/// What happened, to three people, in batches of up to four.
fn history() -> impl Strategy<Value = Vec<Vec<usize>>> {
    prop::collection::vec(prop::collection::vec(0_usize..3, 0..5), 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_page_size_finds_the_entries_about_a_subject_once_each(
        history in history(), limit in 1_usize..9, whom in 0_usize..3
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let bed = Bed::new();
            let people = [somebody(), somebody(), somebody()];
            let mut expected = Vec::new();
            for about in &history {
                let subjects: Vec<_> = about.iter().map(|number| people[*number]).collect();
                let (index, names) =
                    bed.happened(bed.record(Event::PointerRead, "somebody"), &subjects).await;
                let own: Vec<_> = about.iter().zip(names).filter(|(one, _)| **one == whom).collect();
                if !own.is_empty() {
                    expected.push((index, own.into_iter().map(|(_, name)| name).collect::<Vec<_>>()));
                }
            }
            expected.reverse();
            let mut going = Walk {
                before: None,
                from: 0,
                filter: AccessFilter::default(),
                limit,
                about: Some(kw_store::Meant::Subject(people[whom])),
                at_once: 4,
            };
            let mut found = Vec::new();
            loop {
                let walked = bed.store.read_blocking(|log| walk(log, &going)).unwrap();
                assert!(walked.entries.len() <= limit);
                found.extend(walked.entries.into_iter().map(|entry| (entry.index, entry.references)));
                match walked.next {
                    Some(next) => going.before = Some(next),
                    None => break,
                }
            }
            assert_eq!(found, expected);
        });
    }
}

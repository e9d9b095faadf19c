//! After its term a record goes, with its salt and its links; its leaf stays.

use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use kw_domain::{Instant, SubjectId};
use kw_ledger::{Canonical, LeafKind};
use kw_store::switchboard::Switchboard;
use kw_store::{Act, Erased, Links, Meant, Service, Store};

use crate::bed::{Bed, now, on_both, random, record, reference};

on_both! {
    async fn erasing_takes_record_salt_and_links_and_leaves_the_leaves(bed) {
        let store = bed.open();
        let (person, mention) = (SubjectId::new(now(), random()), reference());
        for day in 0..6 {
            let act = Act::new(days(day), LeafKind::Access, record(day as usize)).link(person, mention);
            write(&store, act.grant(Canonical::from_stored(serde_json::json!({ "grant": day }).to_string()))).await;
        }
        let before = store.read(|log| log.ledger_entries(0, 100)).await.unwrap();
        let leaves = store.read(|log| log.ledger_leaves(0, 100)).await.unwrap();
        assert_eq!(before.len(), 12);

        let erased = erase(&store, LeafKind::Access, days(3), 100).await;
        assert_eq!(erased, Some(Erased { first: 0, last: 5, count: 6 }));
        let after = store.read(|log| log.ledger_entries(0, 12)).await.unwrap();
        for (entry, was) in after.iter().zip(&before) {
            let gone = entry.index < 6;
            assert_eq!((entry.record.is_none(), entry.salt.is_none()), (gone, gone), "{}", entry.index);
            assert_eq!((entry.index, entry.kind, entry.leaf, entry.at), (was.index, was.kind, was.leaf, was.at));
            assert!(entry.is_sound());
        }
        assert_eq!(store.read(|log| log.ledger_leaves(0, 12)).await.unwrap(), leaves, "the tree is what it was");
        let links = store.read(move |log| log.links_to(Meant::Subject(person), None, 100)).await.unwrap();
        assert_eq!(links, [(6, mention), (8, mention), (10, mention)]);
        assert_eq!(store.read(|log| log.links_at(Links::Subjects, 4)).await.unwrap(), []);
        let whom = store.read(|log| log.links_at(Switchboard::LINKS, 6)).await.unwrap();
        assert_eq!(whom, [(Meant::Subject(person), mention)]);
    }

    async fn erasing_goes_on_where_it_stopped_and_stops_at_what_must_stay(bed) {
        let store = bed.open();
        // Days of the entries; the erasing itself adds entries of day 90.
        for day in [1, 2, 3, 50, 4, 5] {
            write(&store, Act::new(days(day), LeafKind::Access, record(0))).await;
        }
        let next = |before, limit| erase(&store, LeafKind::Access, days(before), limit);
        assert_eq!(next(0, 10).await, None);
        assert_eq!(next(10, 2).await, Some(Erased { first: 0, last: 1, count: 2 }));
        assert_eq!(next(10, 2).await, Some(Erased { first: 2, last: 2, count: 1 }), "one must stay");
        assert_eq!(next(10, 2).await, None, "and those behind it stay with it");
        assert_eq!(next(60, 10).await, Some(Erased { first: 3, last: 5, count: 3 }));
    }

    async fn each_class_has_its_own_term(bed) {
        let store = bed.open();
        for kind in [LeafKind::Access, LeafKind::Key, LeafKind::Access, LeafKind::Agreement, LeafKind::Key] {
            write(&store, Act::new(days(1), kind, record(0))).await;
        }
        assert_eq!(erase(&store, LeafKind::Key, days(2), 10).await, Some(Erased { first: 1, last: 4, count: 2 }));
        let left = store.read(|log| log.ledger_entries(0, 5)).await.unwrap();
        let erased: Vec<u64> = left.iter().filter(|entry| entry.record.is_none()).map(|entry| entry.index).collect();
        assert_eq!(erased, [1, 4]);
        assert_eq!(erase(&store, LeafKind::Access, days(2), 10).await, Some(Erased { first: 0, last: 2, count: 2 }));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_erased_stands_nowhere_in_the_files_of_sqlite() {
    let bed = Bed::sqlite();
    let store = bed.open();
    let telling = |number: usize| format!("told-by-nobody-else-{number:04}");
    for number in 0..200 {
        let text = Canonical::from_stored(
            serde_json::json!({ "case": telling(number), "long": "x".repeat(700) }).to_string(),
        );
        write(&store, Act::new(days(1), LeafKind::Access, text)).await;
    }
    assert!(stands(&bed, &telling(7)), "the test looks in the right place");
    assert_eq!(erase(&store, LeafKind::Access, days(2), 100).await.unwrap().count, 100);
    until_gone(&bed, &store, &telling(99)).await;
    for number in 0..200 {
        assert_eq!(stands(&bed, &telling(number)), number >= 100, "{number}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_who_reads_for_long_puts_that_off_and_holds_nothing_up() {
    let bed = Bed::sqlite();
    let store = bed.open();
    let text = Canonical::from_stored(serde_json::json!({ "case": "told-by-nobody-else" }).to_string());
    write(&store, Act::new(days(1), LeafKind::Access, text)).await;
    let mut reader = bed.sqlite_connection();
    reader.batch_execute("BEGIN; SELECT count(*) FROM ledger_entries").unwrap();
    assert_eq!(erase(&store, LeafKind::Access, days(2), 1).await.unwrap().count, 1);
    assert!(stands(&bed, "told-by-nobody-else"), "the reader may still see it");
    reader.batch_execute("COMMIT").unwrap();
    until_gone(&bed, &store, "told-by-nobody-else").await;
}

/// The write-ahead log is emptied at once unless somebody uses it just then, and after the next commit otherwise.
async fn until_gone(bed: &Bed, store: &Store<Switchboard>, text: &str) {
    let until = std::time::Instant::now() + Duration::from_secs(30);
    while stands(bed, text) {
        assert!(std::time::Instant::now() < until, "it stands there still");
        write(store, Act::new(days(3), LeafKind::Access, record(3))).await;
    }
}

fn stands(bed: &Bed, text: &str) -> bool {
    ["", "-wal"].iter().any(|suffix| {
        let bytes = std::fs::read(format!("{}{suffix}", bed.config.url)).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

fn days(days: u64) -> Instant {
    now().plus(Duration::from_hours(24 * days))
}

async fn write(store: &Store<Switchboard>, act: Act) {
    let mut act = Some(act);
    store.write::<_, (), _>("test", move |_| Ok(((), act.take().unwrap()))).await.unwrap();
}

async fn erase(store: &Store<Switchboard>, class: LeafKind, before: Instant, limit: u32) -> Option<Erased> {
    let erasing = move |tx: &mut kw_store::Tx<'_, Switchboard>| {
        let erased = tx.erase_records(class, before, limit)?;
        Ok((erased, Act::new(days(90), LeafKind::Access, record(90))))
    };
    store.write::<_, (), _>("test", erasing).await.unwrap().value
}

//! What a partner's tables promise.

use std::sync::Arc;
use std::time::Duration;

use kw_domain::{Category, Epoch, Handle, Oin, PointerId, SourceName, SubjectReference};
use kw_store::Store;
use kw_store::partner::{LocalRecord, LocalState, Partner};

use crate::bed::{Bed, act, holder, now, on_both, random, reference};

on_both! {
    async fn records_are_counted_by_source_state_and_read(bed) {
        let store = open(&bed);
        let records: Vec<_> = [
            ("som", LocalState::Registered, 1),
            ("som", LocalState::Registered, 2),
            ("som", LocalState::Pending, 1),
            ("som", LocalState::Suppressed, 1),
            ("som", LocalState::Leaving, 1),
            ("zorg", LocalState::Registered, 1),
        ]
        .into_iter()
        .map(|(source, state, seen_read)| LocalRecord { seen_read, ..record(source, state) })
        .collect();
        let (pointer, handle) = (records[0].pointer.unwrap(), records[0].handle);
        keep(&store, records).await;
        let som = name("som");
        let (unseen, listed, of_som, all, found, registered) = store
            .read(move |tables| {
                let category = Category::parse("school-attendance").unwrap();
                Ok((
                    tables.count_unseen(&som, 2)?,
                    tables.records_unseen(&som, 2, 100)?.len() as u64,
                    tables.count_registered_of(&som)?,
                    tables.count_registered()?,
                    tables.record_by_pointer(pointer)?.map(|record| record.handle),
                    [
                        tables.records_registered(Some(&som), Some(&category), 100)?.len(),
                        tables.records_registered(None, Some(&category), 100)?.len(),
                        tables.records_registered(None, None, 1)?.len(),
                    ],
                ))
            })
            .await
            .unwrap();
        assert_eq!((unseen, listed, of_som, all, found), (3, 3, 2, 3, Some(handle)));
        assert_eq!(registered, [2, 3, 1]);
    }

    async fn links_say_which_record_a_reference_means_and_move_with_it(bed) {
        let store = open(&bed);
        let (one, other) = (Handle::from_bytes([1; 16]), Handle::from_bytes([2; 16]));
        let references: Vec<SubjectReference> = (0..3).map(|_| reference()).collect();
        let given = references.clone();
        store
            .write::<_, (), _>("test", move |_| {
                Ok(((), act(0).link_record(one, given[0]).link_record(other, given[1])))
            })
            .await
            .unwrap();
        let last = references[2];
        store.write::<_, (), _>("test", move |_| Ok(((), act(1).link_record(one, last)))).await.unwrap();
        assert_eq!(links(&store, one, None).await, [(0, references[0]), (1, references[2])]);
        assert_eq!(links(&store, one, Some(0)).await, [(1, references[2])]);
        store
            .write::<_, (), _>("test", move |tx| {
                tx.write().move_links(one, other)?;
                Ok(((), act(2)))
            })
            .await
            .unwrap();
        assert_eq!(links(&store, one, None).await, []);
        assert_eq!(links(&store, other, None).await.len(), 3);
    }

    async fn links_say_about_whom_others_were_asked(bed) {
        let store = open(&bed);
        let (one, other, given) = ([1; 16], [2; 16], reference());
        for number in 0..2 {
            store.write::<_, (), _>("test", move |_| Ok(((), act(number).link_asked(one, given)))).await.unwrap();
        }
        let asked = |key, after| store.read(move |tables| tables.asked_links_of(&key, after, 10));
        assert_eq!(asked(one, None).await.unwrap(), [(0, given), (1, given)]);
        assert_eq!(asked(one, Some(0)).await.unwrap(), [(1, given)]);
        assert_eq!(asked(other, None).await.unwrap(), []);
    }

    async fn the_last_lease_is_kept_for_each_holder(bed) {
        let store = open(&bed);
        for hours in [1, 2] {
            store
                .write::<_, (), _>("test", move |tx| {
                    tx.write().store_lease(holder(), now().plus(Duration::from_hours(hours)))?;
                    Ok(((), act(0)))
                })
                .await
                .unwrap();
        }
        let other = Oin::parse("00000099000000099000").unwrap();
        let leases = store.read(move |tables| Ok((tables.stored_lease(holder())?, tables.stored_lease(other)?)));
        assert_eq!(leases.await.unwrap(), (Some(now().plus(Duration::from_hours(2))), None));
    }
}

#[test]
fn what_debug_shows_of_a_record_or_place_identifies_nobody() {
    let record = LocalRecord { record_sealed: vec![201, 202, 203], ..record("som", LocalState::Registered) };
    let shown = format!("{record:?}");
    assert!(shown.contains("som") && !shown.contains("201") && !shown.contains("77"), "{shown}");
    let cursor =
        kw_store::partner::SourceCursor { cursor: "999990342".to_owned(), read_number: 1, synced_at: now() };
    assert!(!format!("{cursor:?}").contains("999990342"));
}

fn name(text: &str) -> SourceName {
    SourceName::parse(text).unwrap()
}

fn record(source: &str, state: LocalState) -> LocalRecord {
    LocalRecord {
        handle: Handle::from_bytes(random()),
        source: name(source),
        category: Category::parse("school-attendance").unwrap(),
        record_key: random(),
        record_sealed: vec![1],
        subject_key: [77; 16],
        binding_sealed: Some(vec![2]),
        binding_epoch: Some(Epoch(1)),
        pointer: Some(PointerId::new(now(), random())),
        state,
        valid_until: None,
        seen_read: 1,
    }
}

fn open(bed: &Bed) -> Arc<Store<Partner>> {
    let open =
        || Store::open(&bed.config, "youth/partner/test", |bytes| aws_lc_rs::rand::fill(bytes).unwrap());
    std::thread::scope(|scope| scope.spawn(|| Arc::new(open().unwrap())).join().unwrap())
}

async fn links(store: &Store<Partner>, handle: Handle, after: Option<u64>) -> Vec<(u64, SubjectReference)> {
    store.read(move |tables| tables.links_of(handle, after, 10)).await.unwrap()
}

async fn keep(store: &Store<Partner>, records: Vec<LocalRecord>) {
    store
        .write::<_, (), _>("test", move |tx| {
            for record in &records {
                tx.write().store_record(record)?;
            }
            Ok(((), act(0)))
        })
        .await
        .unwrap();
}

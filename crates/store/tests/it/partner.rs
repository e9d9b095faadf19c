//! What a partner's tables promise.

use std::sync::Arc;
use std::time::Duration;

use kw_domain::{Category, Epoch, Handle, Oin, PointerId, SourceName, SubjectReference, TransactionId};
use kw_ledger::LeafKind;
use kw_store::partner::{LocalRecord, LocalState, OutboxItem, OutboxTask, Partner, PartnerRead};
use kw_store::{LedgerRead, Meant, PendingReceipt, Service as _, Store, Tx};

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
                Ok(((), act(0).link_record(one, given[0], None).link_record(other, given[1], None)))
            })
            .await
            .unwrap();
        let last = references[2];
        store.write::<_, (), _>("test", move |_| Ok(((), act(1).link_record(one, last, None)))).await.unwrap();
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
            store.write::<_, (), _>("test", move |_| Ok(((), act(number).link_asked(one, given, None)))).await.unwrap();
        }
        let asked = |key, after| store.read(move |tables| tables.asked_links_of(&key, after, 10));
        assert_eq!(asked(one, None).await.unwrap(), [(0, given), (1, given)]);
        assert_eq!(asked(one, Some(0)).await.unwrap(), [(1, given)]);
        assert_eq!(asked(other, None).await.unwrap(), []);
    }

    async fn links_are_found_backwards_with_those_of_the_persons_other_records(bed) {
        let store = open(&bed);
        let same: Vec<_> = ["som", "zorg"].map(|source| record(source, LocalState::Registered)).into();
        let stranger = LocalRecord { subject_key: [78; 16], ..record("som", LocalState::Registered) };
        let (one, other, third) = (same[0].handle, same[1].handle, stranger.handle);
        assert_eq!(same[0].subject_key, same[1].subject_key);
        keep(&store, [same, vec![stranger]].concat()).await;
        let start = store.read(LedgerRead::ledger_size).await.unwrap();
        let given: Vec<SubjectReference> = (0..4).map(|_| reference()).collect();
        for (number, handle) in [one, other, third, one].into_iter().enumerate() {
            let given = given[number];
            store.write::<_, (), _>("test", move |_| Ok(((), act(0).link_record(handle, given, None)))).await.unwrap();
        }
        let found = async |meant, before, limit| {
            store.read(move |tables| tables.links_before(meant, before, limit)).await.unwrap()
        };
        let all = [(start + 3, given[3]), (start + 1, given[1]), (start, given[0])];
        for handle in [one, other] {
            assert_eq!(found(Meant::Record(handle), u64::MAX, 9).await, all);
            assert_eq!(found(Meant::Record(handle), start + 3, 1).await, all[1..2]);
        }
        assert_eq!(found(Meant::Record(third), u64::MAX, 9).await, [(start + 2, given[2])]);
        let unknown = Handle::from_bytes([9; 16]);
        let alone = reference();
        store.write::<_, (), _>("test", move |_| Ok(((), act(0).link_record(unknown, alone, None)))).await.unwrap();
        assert_eq!(found(Meant::Record(unknown), u64::MAX, 9).await, [(start + 4, alone)], "the record is gone");
    }

    async fn erasing_a_record_of_the_log_takes_its_links(bed) {
        let store = open(&bed);
        let (one, key, given) = (Handle::from_bytes([1; 16]), [2; 16], reference());
        for number in 0..3 {
            let linked = move |_: &mut Tx<'_, Partner>| {
                Ok(((), act(number).link_record(one, given, None).link_asked(key, given, None)))
            };
            store.write::<_, (), _>("test", linked).await.unwrap();
        }
        let at = store.read(|tables| tables.links_at(Partner::LINKS, 1)).await.unwrap();
        assert_eq!(at, [(Meant::Record(one), given), (Meant::Asked(key), given)]);
        let moment = now().plus(Duration::from_secs(1));
        let erase = move |tx: &mut Tx<'_, Partner>| Ok((tx.erase_records(LeafKind::Access, moment, 2)?, act(9)));
        assert_eq!(store.write::<_, (), _>("test", erase).await.unwrap().value.unwrap().count, 2);
        let left = store
            .read(move |tables| {
                Ok((tables.links_to(Meant::Record(one), None, 9)?, tables.links_to(Meant::Asked(key), None, 9)?))
            })
            .await
            .unwrap();
        assert_eq!(left, (vec![(2, given)], vec![(2, given)]));
    }

    async fn receipts_wait_until_a_checkpoint_covers_them(bed) {
        let store = open(&bed);
        let receipts: Vec<_> = [(7, 1), (3, 1), (3, 2), (9, 1)].map(|(index, leaf)| receipt(index, leaf)).into();
        let given = receipts.clone();
        store
            .write::<_, (), _>("test", move |tx| {
                for receipt in given.iter().chain(&given) {
                    tx.write().await_receipt(receipt)?;
                }
                tx.write().await_receipt(&PendingReceipt { origin: "other".to_owned(), ..receipt(0, 1) })?;
                Ok(((), act(0)))
            })
            .await
            .unwrap();
        let pending = |before| store.read(move |tables| tables.pending_receipts("youth", before, 10));
        assert_eq!(pending(3).await.unwrap(), []);
        let covered = [receipts[1].clone(), receipts[2].clone(), receipts[0].clone()];
        assert_eq!(pending(9).await.unwrap(), covered, "two leaves for one index are two receipts");
        let waiting = store.read(PartnerRead::receipts_waiting).await.unwrap();
        assert_eq!((waiting.waiting, waiting.oldest), (5, Some(now())));

        let (by_act, by_book) = (receipts[1].clone(), receipts[0].clone());
        let strike = move |tx: &mut Tx<'_, Partner>| Ok((tx.write().settle_receipt(&by_act)?, act(1)));
        store.write::<_, (), _>("test", strike).await.unwrap();
        store.keep("test", move |books| books.settle_receipt(&by_book)).await.unwrap();
        assert_eq!(pending(100).await.unwrap(), [receipts[2].clone(), receipts[3].clone()]);
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

    async fn a_message_that_waits_for_a_record_may_be_sent_when_that_has_gone(bed) {
        let store = open(&bed);
        let (waiting, first, second) =
            (record("som", LocalState::Pending), record("som", LocalState::Registered), random());
        let (handle, blocking) = (waiting.handle, [first.handle, Handle::from_bytes(second)]);
        keep(&store, vec![waiting, first]).await;
        let message = OutboxItem {
            id: 0,
            handle,
            task: OutboxTask::Register,
            subject_sealed: None,
            reason: None,
            destroy_by: None,
            queued_at: now(),
            attempts: 3,
            next_at: now(),
            administrative: false,
        };
        let later = now().plus(Duration::from_hours(5));
        let outbox = async || {
            let read = store.read(|tables| {
                let som = name("som");
                let (due, parked) = (tables.outbox_due(now(), 10)?, tables.parked(10)?);
                Ok((due, parked, tables.count_parked(Some(&som))?, tables.count_parked(Some(&name("zorg")))?))
            });
            read.await.unwrap()
        };
        let queue = move |tx: &mut Tx<'_, Partner>| Ok((tx.write().queue(&message)?, act(0)));
        store.write::<_, (), _>("test", queue).await.unwrap();
        let id = outbox().await.0[0].id;
        let park = move |tx: &mut Tx<'_, Partner>| {
            tx.write().put_off(id, 4, later)?;
            tx.write().park(id, "same-person-twice", now())?;
            tx.write().wait_for(id, blocking[0])?;
            Ok((tx.write().wake(blocking[1])?, act(1)))
        };
        store.write::<_, (), _>("test", park).await.unwrap();
        let (due, parked, of_som, of_another) = outbox().await;
        assert_eq!((due.len(), of_som, of_another), (0, 1, 0), "another record going wakes nothing");
        assert_eq!((parked[0].reason.as_str(), parked[0].since), ("same-person-twice", now()));
        let wake = move |tx: &mut Tx<'_, Partner>| Ok((tx.write().wake(blocking[0])?, act(2)));
        store.write::<_, (), _>("test", wake).await.unwrap();
        let (due, parked, of_som, _) = outbox().await;
        assert_eq!((due[0].attempts, parked.len(), of_som), (0, 0, 0));
        let off = move |tx: &mut Tx<'_, Partner>| {
            tx.write().park(id, "denied", now())?;
            Ok((tx.write().put_off(id, 1, later)?, act(3)))
        };
        store.write::<_, (), _>("test", off).await.unwrap();
        assert_eq!(outbox().await.2, 0, "what is put off is refused no longer");
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

fn receipt(index: u64, leaf: u8) -> PendingReceipt {
    PendingReceipt {
        origin: "youth".to_owned(),
        index,
        leaf: [leaf; 32],
        transaction: TransactionId::from_bytes([8; 16]),
        at: now(),
    }
}

pub(crate) fn open(bed: &Bed) -> Arc<Store<Partner>> {
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

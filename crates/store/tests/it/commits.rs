//! What is acknowledged is there, in one log without gaps.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kw_ledger::Canonical;
use kw_store::{Abort, LedgerRead, WriteError};

use crate::bed::{act, on_both, pointer, record, reference, subject};

on_both! {
    async fn writes_that_meet_share_commits_and_leave_one_log_without_gaps(bed) {
        const WRITES: usize = 200;
        let store = bed.open();
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..WRITES {
            let store = Arc::clone(&store);
            tasks.spawn(async move {
                let grant = Canonical::from_stored(serde_json::json!({ "grant": number }).to_string());
                let done = store
                    .write::<_, (), _>("test", move |_| Ok((number, act(number).grant(grant.clone()))))
                    .await
                    .unwrap();
                assert_eq!(done.value, number);
                assert_eq!(done.receipts.len(), 2, "one for the record, one for the grant");
                assert_eq!(done.receipts[1].index, done.receipts[0].index + 1, "the grant follows its record");
                (number, done.receipts)
            });
        }
        let receipts: BTreeMap<_, _> = tasks.join_all().await.into_iter().collect();
        let indices: BTreeSet<u64> = receipts.values().flatten().map(|receipt| receipt.index).collect();
        assert_eq!(indices, (0..2 * WRITES as u64).collect(), "every index once, none left out");

        let entries = store.read(|log| log.ledger_entries(0, 1_000)).await.unwrap();
        assert_eq!(store.read(LedgerRead::ledger_size).await.unwrap(), 2 * WRITES as u64);
        assert_eq!(entries.len(), 2 * WRITES);
        assert!(entries.iter().all(kw_store::StoredEntry::is_sound));
        for (number, receipts) in &receipts {
            let entry = &entries[receipts[0].index as usize];
            assert_eq!(entry.record.as_ref().unwrap().as_str(), record(*number).as_str());
            assert_eq!(entry.salt, Some(receipts[0].salt), "the receipt opens the leaf");
        }
        let salts: BTreeSet<_> = entries.iter().map(|entry| entry.salt.unwrap().0).collect();
        assert_eq!(salts.len(), entries.len(), "no salt is used twice");
    }

    async fn a_changed_record_no_longer_fits_its_leaf(bed) {
        let store = bed.open();
        store.write::<_, (), _>("test", |_| Ok(((), act(1)))).await.unwrap();
        bed.execute("UPDATE ledger_entries SET record = replace(record, 'success', 'refused')");
        let entries = store.read(|log| log.ledger_entries(0, 10)).await.unwrap();
        assert!(!entries[0].is_sound());
        bed.execute("UPDATE ledger_entries SET record = NULL, salt = NULL");
        let entries = store.read(|log| log.ledger_entries(0, 10)).await.unwrap();
        assert!(entries[0].is_sound(), "an erased record proves nothing and breaks nothing");
    }

    async fn a_refusal_leaves_nothing_and_disturbs_nobody(bed) {
        let store = bed.open();
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..100_u8 {
            let store = Arc::clone(&store);
            tasks.spawn(async move {
                let outcome = store
                    .write("test", move |tx| {
                        if number % 5 == 0 {
                            return Err(Abort::Refused(number));
                        }
                        tx.write().insert_subjects(&[subject(number)])?;
                        Ok(((), act(number.into())))
                    })
                    .await;
                match outcome {
                    Ok(_) => assert_ne!(number % 5, 0),
                    Err(error) => assert_eq!(error, WriteError::Refused(number / 5 * 5)),
                }
            });
        }
        tasks.join_all().await;
        assert_eq!(bed.count("subjects"), 80);
        assert_eq!(bed.count("ledger_entries"), 80);
    }

    async fn an_operation_that_fails_after_writing_is_undone_alone(bed) {
        let store = bed.open();
        let taken = subject(255);
        let first = taken.clone();
        store
            .write::<_, (), _>("test", move |tx| {
                tx.write().insert_subjects(std::slice::from_ref(&first))?;
                Ok(((), act(0)))
            })
            .await
            .unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for number in 1..=100_u8 {
            let (store, taken) = (Arc::clone(&store), taken.clone());
            tasks.spawn(async move {
                let outcome = store
                    .write("test", move |tx| {
                        tx.write().insert_subjects(&[subject(number)])?;
                        match number % 10 {
                            // The tag is taken: the database itself stops this one.
                            3 => tx.write().insert_subjects(std::slice::from_ref(&taken))?,
                            // A refusal that comes too late.
                            7 => return Err(Abort::Refused("late")),
                            _ => {}
                        }
                        Ok(((), act(number.into())))
                    })
                    .await;
                match (number % 10, outcome) {
                    (3, Err(WriteError::Unavailable)) | (7, Err(WriteError::Refused("late"))) => {}
                    (3 | 7, other) => panic!("{number}: {other:?}"),
                    (_, outcome) => drop(outcome.unwrap()),
                }
            });
        }
        tasks.join_all().await;
        assert_eq!(bed.count("subjects"), 81, "what failed left no row");
        let entries = store.read(|log| log.ledger_entries(0, 1_000)).await.unwrap();
        assert_eq!(entries.len(), 81, "what failed left no record");
        let indices: Vec<u64> = entries.iter().map(|entry| entry.index).collect();
        assert_eq!(indices, (0..81).collect::<Vec<_>>(), "and no gap");
    }

    async fn links_say_whom_a_record_is_about(bed) {
        let store = bed.open();
        let (person, mention) = (subject(1), reference());
        let (id, new) = (person.id, pointer(person.id));
        store
            .write::<_, (), _>("test", move |tx| {
                tx.write().insert_subjects(std::slice::from_ref(&person))?;
                tx.write().insert_pointers(std::slice::from_ref(&new))?;
                Ok(((), act(1).link(id, mention)))
            })
            .await
            .unwrap();
        assert_eq!(bed.count("subject_links"), 1);
        let orphans = move |tx: &mut kw_store::Tx<'_, kw_store::switchboard::Switchboard>| {
            Ok((tx.write().delete_orphans(&[id])?, act(2)))
        };
        assert_eq!(store.write::<_, (), _>("test", orphans).await.unwrap().value, 0);
        bed.execute("DELETE FROM pointers");
        assert_eq!(store.write::<_, (), _>("test", orphans).await.unwrap().value, 0, "the link keeps it");
        bed.execute("DELETE FROM subject_links");
        assert_eq!(store.write::<_, (), _>("test", orphans).await.unwrap().value, 1);
    }
}

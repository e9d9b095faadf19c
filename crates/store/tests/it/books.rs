//! What is noted beside the log: checkpoints, subtree roots, what was cosigned for others; and holding acts back.

use std::sync::Arc;
use std::time::Duration;

use kw_domain::Instant;
use kw_ledger::LeafKind;
use kw_store::switchboard::Switchboard;
use kw_store::{
    Act, BooksRead, KeepError, LedgerRead, Publication, Store, StoreError, WitnessMemory, WriteError,
};

use crate::bed::{act, now, on_both, record};

on_both! {
    async fn of_two_that_publish_at_once_one_wins(bed) {
        let stores = [bed.open(), bed.open()];
        fill(&stores[0], 6).await;
        let mut wins = 0;
        for store in &stores {
            wins += usize::from(publish(store, None, publication(5, 1), &[]).await.unwrap());
        }
        assert_eq!(wins, 1, "nothing was published before, once");
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..20_u8 {
            let store = Arc::clone(&stores[usize::from(number) % 2]);
            let next = Publication { note: format!("note {number}"), ..publication(5, 1) };
            tasks.spawn(async move {
                let grown = Publication { root: [number; 32], size: 6, ..next };
                let won = publish(&store, Some(publication(5, 1)), grown.clone(), &[]).await.unwrap();
                won.then_some(grown)
            });
        }
        let won: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
        assert_eq!(won.len(), 1, "and after that once");
        assert_eq!(stores[1].read(BooksRead::publication).await.unwrap().as_ref(), won.first());
    }

    async fn nothing_is_published_that_does_not_follow(bed) {
        let store = bed.open();
        fill(&store, 5).await;
        let last = publication(4, 1);
        assert!(publish(&store, None, last.clone(), &[]).await.unwrap());
        for (next, of_what) in [
            (publication(3, 1), "checkpoint"),
            (publication(4, 2), "checkpoint"),
            (publication(6, 2), "size of the log"),
        ] {
            let refused = publish(&store, Some(last.clone()), next, &[]).await.unwrap_err();
            assert_eq!(refused, KeepError::Store(StoreError::Contradiction(of_what)));
        }
        assert!(!publish(&store, Some(publication(4, 9)), publication(5, 2), &[]).await.unwrap());
        assert_eq!(store.read(BooksRead::publication).await.unwrap(), Some(last));
    }

    async fn roots_of_subtrees_are_kept_with_the_checkpoint_and_never_changed(bed) {
        let store = bed.open();
        fill(&store, 3).await;
        let (first, second) = (publication(1, 1), publication(2, 2));
        assert!(publish(&store, None, first.clone(), &[(0, 0, [1; 32]), (0, 1, [2; 32])]).await.unwrap());
        assert!(!publish(&store, None, second.clone(), &[(0, 2, [9; 32])]).await.unwrap());
        let again = [(0, 1, [2; 32]), (0, 2, [3; 32]), (1, 0, [4; 32])];
        assert!(publish(&store, Some(first), second.clone(), &again).await.unwrap());
        let (leaves, above) = store
            .read(|books| Ok((books.subtree_roots(0, 1, 10)?, books.subtree_roots(1, 0, 10)?)))
            .await
            .unwrap();
        assert_eq!((leaves, above), (vec![[2; 32], [3; 32]], vec![[4; 32]]));

        let third = publication(3, 3);
        let changed = publish(&store, Some(second.clone()), third, &[(0, 3, [5; 32]), (0, 0, [9; 32])]).await;
        assert_eq!(changed.unwrap_err(), KeepError::Store(StoreError::Damaged("subtree root")));
        let (stored, roots) =
            store.read(|books| Ok((books.publication()?, books.subtree_roots(0, 0, 10)?))).await.unwrap();
        assert_eq!((stored, roots.len()), (Some(second), 3), "and nothing of it stayed");
        bed.execute("DELETE FROM ledger_subtrees WHERE idx = 1");
        let gap = store.read(|books| books.subtree_roots(0, 0, 10)).await;
        assert!(gap.is_err(), "a missing root is noticed");
    }

    async fn cosignatures_are_added_and_the_newest_witnessed_checkpoint_is_kept(bed) {
        let store = bed.open();
        fill(&store, 3).await;
        let (first, second) = (publication(1, 1), publication(2, 2));
        assert!(cosigned(&store, &first, true).await.is_err(), "only what was published can be cosigned");
        publish(&store, None, first.clone(), &[]).await.unwrap();

        let one = Publication { note: "one cosignature".to_owned(), ..first.clone() };
        cosigned(&store, &one, false).await.unwrap();
        assert_eq!(stored(&store).await, (Some(one), None));
        let two = Publication { note: "two cosignatures".to_owned(), ..first.clone() };
        cosigned(&store, &two, true).await.unwrap();
        assert_eq!(stored(&store).await, (Some(two.clone()), Some(two.clone())));

        publish(&store, Some(two.clone()), second.clone(), &[]).await.unwrap();
        assert_eq!(stored(&store).await, (Some(second.clone()), Some(two.clone())));
        let late = Publication { note: "three cosignatures".to_owned(), ..first };
        cosigned(&store, &late, true).await.unwrap();
        assert_eq!(stored(&store).await, (Some(second.clone()), Some(late.clone())), "an answer that came late");
        cosigned(&store, &second, true).await.unwrap();
        cosigned(&store, &late, true).await.unwrap();
        assert_eq!(stored(&store).await, (Some(second.clone()), Some(second)), "it never goes back");
        for contradicting in [publication(2, 9), publication(3, 3)] {
            let refused = cosigned(&store, &contradicting, true).await.unwrap_err();
            assert_eq!(refused, KeepError::Store(StoreError::Contradiction("checkpoint")));
        }
    }

    async fn a_witness_remembers_one_history_of_each_log(bed) {
        let store = bed.open();
        let first = memory("other.example/log", 4, 1);
        assert!(remember(&store, None, &first).await.unwrap());
        assert!(!remember(&store, None, &memory("other.example/log", 5, 2)).await.unwrap());
        assert!(!remember(&store, Some(3), &memory("other.example/log", 5, 2)).await.unwrap());
        assert!(remember(&store, None, &memory("third.example/log", 1, 7)).await.unwrap());
        for contradicting in [memory("other.example/log", 3, 1), memory("other.example/log", 4, 2)] {
            let refused = remember(&store, Some(4), &contradicting).await.unwrap_err();
            assert_eq!(refused, KeepError::Store(StoreError::Contradiction("checkpoint")));
        }
        assert_eq!(remembered(&store, "other.example/log").await, Some(first.clone()));
        let again = WitnessMemory { at: now().plus(Duration::from_mins(1)), ..first };
        assert!(remember(&store, Some(4), &again).await.unwrap(), "the same one may be cosigned again");
        let grown = memory("other.example/log", 9, 3);
        assert!(remember(&store, Some(4), &grown).await.unwrap());
        assert_eq!(remembered(&store, "other.example/log").await, Some(grown));
        assert_eq!(remembered(&store, "unknown.example/log").await, None);
        assert_eq!(bed.count("ledger_entries"), 0, "none of it is a record");
    }

    async fn books_and_acts_share_commits_and_disturb_each_other_not(bed) {
        let store = bed.open();
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..60_usize {
            let store = Arc::clone(&store);
            tasks.spawn(async move {
                let origin = format!("{number}.example/log");
                match number % 3 {
                    0 => drop(store.write::<_, (), _>("test", move |_| Ok(((), act(number)))).await.unwrap()),
                    1 => assert!(remember(&store, None, &memory(&origin, 1, 1)).await.unwrap()),
                    _ => {
                        let failed = store
                            .keep("test", move |books| {
                                books.remember_checkpoint(None, &memory(&origin, 1, 1))?;
                                Err::<(), _>(StoreError::Damaged("test"))
                            })
                            .await;
                        assert_eq!(failed.unwrap_err(), KeepError::Store(StoreError::Damaged("test")));
                    }
                }
            });
        }
        tasks.join_all().await;
        assert_eq!(bed.count("ledger_entries"), 20);
        assert_eq!(bed.count("ledger_witnessed"), 20, "what failed left no row");
        assert_eq!(store.read(LedgerRead::ledger_size).await.unwrap(), 20);
    }

    async fn while_the_store_is_held_no_act_gets_through(bed) {
        let store = bed.open();
        store.hold("no witness has answered");
        assert_eq!(store.held().as_deref(), Some("no witness has answered"));
        let refused = store.write::<(), (), _>("test", |_| panic!("it must not run")).await;
        assert_eq!(refused.unwrap_err(), WriteError::Unavailable);
        assert!(remember(&store, None, &memory("other.example/log", 1, 1)).await.unwrap(), "books go on");
        assert_eq!(store.read(LedgerRead::ledger_size).await.unwrap(), 0, "and so does reading");
        store.release();
        assert_eq!(store.held(), None);
        fill(&store, 1).await;
        assert_eq!(bed.count("ledger_entries"), 1);
    }

    async fn leaves_and_entries_are_read_from_either_end(bed) {
        let store = bed.open();
        fill(&store, 10).await;
        let (entries, leaves) = store
            .read(|log| Ok((log.ledger_entries(0, 100)?, log.ledger_leaves(3, 4)?)))
            .await
            .unwrap();
        let expected: Vec<_> = entries[3..7].iter().map(|entry| (entry.index, entry.kind, entry.leaf)).collect();
        assert_eq!(leaves.iter().map(|(index, leaf)| (*index, leaf.kind, leaf.hash)).collect::<Vec<_>>(), expected);
        let before = |before, limit| store.read(move |log| log.ledger_entries_before(before, limit));
        let indices = |entries: Vec<kw_store::StoredEntry>| entries.iter().map(|entry| entry.index).collect::<Vec<_>>();
        assert_eq!(indices(before(None, 3).await.unwrap()), [9, 8, 7]);
        assert_eq!(indices(before(Some(7), 2).await.unwrap()), [6, 5]);
        assert_eq!(indices(before(Some(1), 5).await.unwrap()), [0]);
        assert!(before(Some(0), 5).await.unwrap().is_empty());
    }

    async fn the_newest_entries_of_a_rare_kind_are_found_among_the_others(bed) {
        let store = bed.open();
        for kind in [LeafKind::Key, LeafKind::Access, LeafKind::Agreement, LeafKind::Key, LeafKind::Access] {
            let write = move |_: &mut kw_store::Tx<'_, Switchboard>| Ok(((), Act::new(now(), kind, record(1))));
            store.write::<_, (), _>("test", write).await.unwrap();
        }
        let of = async |kind, before, limit| {
            let entries = store.read(move |log| log.ledger_entries_of(kind, before, limit)).await.unwrap();
            assert!(entries.iter().all(|entry| entry.kind == kind && entry.is_sound()));
            entries.into_iter().map(|entry| entry.index).collect::<Vec<_>>()
        };
        assert_eq!(of(LeafKind::Key, None, 10).await, [3, 0]);
        assert_eq!(of(LeafKind::Key, None, 1).await, [3]);
        assert_eq!(of(LeafKind::Key, Some(3), 10).await, [0]);
        assert_eq!(of(LeafKind::Agreement, None, 10).await, [2]);
        assert_eq!(of(LeafKind::Access, None, 10).await, [4, 1]);
        assert!(of(LeafKind::Agreement, Some(2), 10).await.is_empty());
    }

    async fn a_moment_is_found_in_a_log_that_is_not_quite_in_order(bed) {
        let store = bed.open();
        let minutes = |minutes: i64| Instant::from_millis(now().as_millis() + minutes * 60_000);
        let times: Vec<_> = (0..200_i64).map(|index| minutes(index + [0, -3, 2, -4][index as usize % 4] + 10)).collect();
        for at in times.clone() {
            let write = move |_: &mut kw_store::Tx<'_, Switchboard>| Ok(((), Act::new(at, LeafKind::Access, record(1))));
            store.write::<_, (), _>("test", write).await.unwrap();
        }
        for minute in [0, 1, 20, 55, 100, 180, 209, 500] {
            let moment = minutes(minute);
            let index = store.read(move |log| log.index_at(moment)).await.unwrap() as usize;
            assert!(times[..index].iter().all(|at| *at < moment), "nothing before it is of that time");
            let late = times[index..].iter().take_while(|at| **at < minutes(minute - 20)).count();
            assert_eq!(late, 0, "it is not much too early");
            let index = store.read(move |log| log.index_after(moment)).await.unwrap() as usize;
            assert!(times[index..].iter().all(|at| *at >= moment), "nothing from there on is older");
            assert!(times[..index].iter().all(|at| *at < minutes(minute + 25)), "it is not much too late");
        }
    }
}

async fn fill(store: &Store<Switchboard>, entries: usize) {
    for number in 0..entries {
        store.write::<_, (), _>("test", move |_| Ok(((), act(number)))).await.unwrap();
    }
}

fn publication(size: u64, root: u8) -> Publication {
    Publication { size, root: [root; 32], note: format!("checkpoint of {size}"), published_at: now() }
}

fn memory(origin: &str, size: u64, root: u8) -> WitnessMemory {
    let note = format!("checkpoint of {size}");
    WitnessMemory { origin: origin.to_owned(), size, root: [root; 32], note, at: now() }
}

async fn publish(
    store: &Store<Switchboard>,
    previous: Option<Publication>,
    next: Publication,
    roots: &[(u8, u64, [u8; 32])],
) -> Result<bool, KeepError> {
    let roots = roots.to_vec();
    store.keep("test", move |books| books.publish(previous.as_ref(), &next, &roots)).await
}

async fn cosigned(store: &Store<Switchboard>, cosigned: &Publication, quorum: bool) -> Result<(), KeepError> {
    let cosigned = cosigned.clone();
    store.keep("test", move |books| books.store_cosigned(&cosigned, quorum)).await
}

async fn stored(store: &Store<Switchboard>) -> (Option<Publication>, Option<Publication>) {
    store.read(|books| Ok((books.publication()?, books.witnessed_publication()?))).await.unwrap()
}

async fn remember(
    store: &Store<Switchboard>,
    previous: Option<u64>,
    memory: &WitnessMemory,
) -> Result<bool, KeepError> {
    let memory = memory.clone();
    store.keep("test", move |books| books.remember_checkpoint(previous, &memory)).await
}

async fn remembered(store: &Store<Switchboard>, origin: &'static str) -> Option<WitnessMemory> {
    store.read(move |books| books.witness_memory(origin)).await.unwrap()
}

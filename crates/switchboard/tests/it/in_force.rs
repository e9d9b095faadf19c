//! What the switchboard records about its agreement and its keys.

use std::time::Duration;

use kw_domain::{ChainName, Clock as _, SystemClock};
use kw_ledger::{AccessRecord, Event, LeafKind};
use kw_store::switchboard::Switchboard;
use kw_store::{Store, StoredEntry};

use crate::child::chain;
use crate::log;

/// The records of one kind and event, when there are as many.
async fn recorded(
    store: &Store<Switchboard>,
    kind: LeafKind,
    event: Event,
    count: usize,
) -> Vec<AccessRecord> {
    let record = |entry: &StoredEntry| -> AccessRecord {
        serde_json::from_str(entry.record.as_ref().unwrap().as_str()).unwrap()
    };
    for _ in 0..600 {
        let entries = log::entries(store).await;
        let found: Vec<_> = entries.iter().filter(|entry| entry.kind == kind).map(record).collect();
        let found: Vec<_> = found.into_iter().filter(|record| record.event == event).collect();
        assert!(found.len() <= count, "{found:#?}");
        if found.len() == count {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("there are no {count} records of {}", event.code());
}

fn grant_keys(record: &AccessRecord) -> Vec<&str> {
    record.keys.iter().filter(|key| key.kind == "grant").map(|key| key.id.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_grant_key_and_a_new_agreement_leave_an_entry_each_and_a_restart_leaves_none() {
    let mut chain = chain().start().unwrap();
    let store = log::index(&chain).await;
    let first = recorded(&store, LeafKind::Agreement, Event::AgreementChanged, 1).await;
    assert_eq!(first[0].decision.policy, chain.agreement().unwrap().hash());
    // The other one is of the first generation.
    let keys = recorded(&store, LeafKind::Key, Event::KeyChanged, 2).await;
    let first = keys.iter().find(|record| !record.keys.is_empty()).unwrap();
    let kinds: Vec<_> = first.keys.iter().map(|key| key.kind.as_str()).collect();
    assert_eq!(kinds.len(), 3, "{kinds:?}");
    assert!(["grant", "log", "witness"].iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
    let published = grant_keys(first)[0].to_owned();

    chain.stop_switchboard().unwrap();
    chain.start_switchboard().unwrap();
    let name = ChainName::parse(&chain.draft().chain.name).unwrap();
    let from = SystemClock.now().plus(Duration::from_hours(1));
    kw_switchboard::rotate_grant_key(&chain.keys_folder(), &name, from).unwrap();
    chain.change_agreement(|draft| draft.chain.version = "2026.2".to_owned()).unwrap();
    let agreements = recorded(&store, LeafKind::Agreement, Event::AgreementChanged, 2).await;
    assert_eq!(agreements[1].decision.policy, chain.agreement().unwrap().hash());
    let keys = recorded(&store, LeafKind::Key, Event::KeyChanged, 3).await;
    let now = grant_keys(&keys[2]);
    assert!(now.len() == 2 && now.contains(&published.as_str()), "{now:?}");
}

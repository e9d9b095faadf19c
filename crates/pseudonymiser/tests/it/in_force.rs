//! What the pseudonymiser records about its agreement and its keys.

use std::time::Duration;

use kw_domain::KeyUse;
use kw_ledger::LeafKind;
use kw_pseudonymiser::keys;
use kw_runtime::Entropy;

use crate::chain::Chain;

/// Waits until there are so many records of a kind.
async fn until(chain: &Chain, kind: LeafKind, count: usize) {
    for _ in 0..600 {
        if chain.records_of(kind).len() == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{} records instead of {count}", chain.records_of(kind).len());
}

#[tokio::test]
async fn a_rotation_leaves_an_entry_and_a_restart_leaves_none() {
    let mut chain = Chain::new();
    let directory = chain.config.keys.directory.clone();
    let running = chain.start().await;
    until(&chain, LeafKind::Key, 1).await;
    running.stop().await;
    let first = keys::public_keys(&directory, &chain.chain()).unwrap();

    let running = chain.start().await;
    let rotated =
        keys::rotate(&directory, &chain.chain(), KeyUse::Binding, &directory, &mut Entropy::os()).unwrap();
    chain.list(&[first, vec![rotated.public_key]].concat());
    chain.write_agreement();
    running.reload();
    until(&chain, LeafKind::Key, 2).await;
    running.stop().await;

    let records = chain.records_of(LeafKind::Key);
    let names = |place: usize| -> Vec<_> {
        records[place].keys.iter().map(|key| format!("{} {}", key.kind, key.id)).collect()
    };
    let mut before = vec!["pseudonymiser-binding 1".to_owned(), "pseudonymiser-index 1".to_owned()];
    before.push(format!("log {}", chain.draft.pseudonymiser.log_origin));
    assert_eq!(names(0), before);
    assert_eq!(
        names(1).iter().filter(|name| !before.contains(name)).collect::<Vec<_>>(),
        ["pseudonymiser-binding 2"]
    );
    let agreements = chain.records_of(LeafKind::Agreement);
    assert_eq!(agreements.len(), 2);
    assert_eq!(agreements[1].decision.policy, chain.agreement().hash());
}

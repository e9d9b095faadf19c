//! Looking into the switchboard's database from beside it.

use kw_ledger::AccessRecord;
use kw_store::switchboard::Switchboard;
use kw_store::{DatabaseConfig, Store, StoredEntry};
use kw_testbed::RunningChain;

/// The index, opened a second time as another process would.
pub(crate) async fn index(chain: &RunningChain) -> Store<Switchboard> {
    let mut config = DatabaseConfig::at(chain.database_url());
    config.root_certificates = chain.database_roots();
    let origin = chain.agreement().unwrap().switchboard().log_origin.clone();
    let fill = |bytes: &mut [u8]| aws_lc_rs::rand::fill(bytes).unwrap();
    tokio::task::spawn_blocking(move || Store::open(&config, &origin, fill)).await.unwrap().unwrap()
}

/// The whole log; every entry proves itself and none is left out.
pub(crate) async fn entries(store: &Store<Switchboard>) -> Vec<StoredEntry> {
    let mut all: Vec<StoredEntry> = Vec::new();
    loop {
        let from = all.len() as u64;
        let part = store.read(move |log| log.ledger_entries(from, 5_000)).await.unwrap();
        if part.is_empty() {
            break;
        }
        all.extend(part);
    }
    assert!(all.iter().all(StoredEntry::is_sound), "a leaf does not fit its record");
    assert!((0..).zip(&all).all(|(at, entry)| entry.index == at), "the log has a gap");
    all
}

/// The access records in the log; grants are left out.
pub(crate) async fn records(store: &Store<Switchboard>) -> Vec<AccessRecord> {
    entries(store)
        .await
        .iter()
        .filter_map(|entry| serde_json::from_str(entry.record.as_ref().unwrap().as_str()).ok())
        .collect()
}

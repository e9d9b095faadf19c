//! Reading a log beside its service.

use kw_store::{DatabaseConfig, OpenError, StoredLog};

use crate::bed::{ORIGIN, act, on_both, record};

on_both! {
    /// What an auditor's commands stand on.
    async fn a_stored_log_is_read_newest_first_while_its_service_writes(bed) {
        let store = bed.open();
        for number in 0..3 {
            store.write::<_, (), _>("test", move |_| Ok(((), act(number)))).await.unwrap();
        }
        let config = bed.config.clone();
        let read = tokio::task::spawn_blocking(move || {
            let mut log = StoredLog::open(&config).unwrap();
            assert_eq!(log.origin(), ORIGIN);
            assert_eq!(log.size().unwrap(), 3);
            (log.entries_before(None, 2).unwrap(), log.entries_before(Some(1), 2).unwrap())
        });
        let (newest, rest) = read.await.unwrap();
        assert_eq!(newest.iter().map(|entry| entry.index).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(rest.len(), 1);
        assert!(rest[0].is_sound());
        assert_eq!(rest[0].record, Some(record(0)));
    }

    async fn a_database_without_a_log_is_not_made_into_one(bed) {
        let config = bed.config.clone();
        let opened = tokio::task::spawn_blocking(move || StoredLog::open(&config));
        assert!(opened.await.unwrap().is_err());
        let tables = if bed.server.is_some() {
            bed.select("SELECT tablename FROM pg_tables WHERE tablename = 'ledger_head'")
        } else {
            assert!(!std::path::Path::new(&bed.config.url).exists());
            Vec::new()
        };
        assert_eq!(tables, Vec::<String>::new());
    }
}

#[test]
fn a_file_that_is_not_there_is_named_as_such() {
    let config = DatabaseConfig::at("/nowhere/at/all.db");
    assert!(matches!(StoredLog::open(&config), Err(OpenError::Connection(_))));
}

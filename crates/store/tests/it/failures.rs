//! A database that is gone, or somebody else's.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kw_store::{LedgerRead, OpenError, WriteError};
use kw_testbed::PostgresServer;

use crate::bed::{Bed, ORIGIN, act, on_both};

on_both! {
    async fn a_database_of_another_log_is_refused(bed) {
        drop(bed.open());
        let refused = tokio::task::spawn_blocking(move || {
            let other = bed.try_open("other.example/youth").map(drop);
            (other, bed.try_open(ORIGIN).map(drop), bed)
        });
        let (other, own, _bed) = refused.await.unwrap();
        match other {
            Err(OpenError::OtherOrigin { expected, found }) => {
                assert_eq!((expected.as_str(), found.as_str()), ("other.example/youth", ORIGIN));
            }
            opened => panic!("{opened:?}"),
        }
        own.unwrap();
    }

    async fn a_log_that_changes_hands_under_a_running_service_takes_nothing_more(bed) {
        let store = bed.open();
        store.write::<_, (), _>("test", |_| Ok(((), act(1)))).await.unwrap();
        bed.execute("UPDATE ledger_head SET origin = 'other.example/youth'");
        assert_eq!(store.write::<_, (), _>("test", |_| Ok(((), act(2)))).await.unwrap_err(), WriteError::Unavailable);
        assert_eq!(bed.count("ledger_entries"), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sqlite_file_that_was_moved_or_replaced_gives_and_takes_nothing_until_it_is_back() {
    let bed = Bed::sqlite();
    let store = bed.open();
    store.write::<_, (), _>("test", |_| Ok(((), act(1)))).await.unwrap();
    let file = std::path::PathBuf::from(bed.config.url.strip_prefix("sqlite:").unwrap_or(&bed.config.url));
    let away = file.with_extension("away");
    std::fs::rename(&file, &away).unwrap();
    for replaced in [false, true] {
        if replaced {
            std::fs::copy(&away, &file).unwrap();
        }
        let error = store.read(LedgerRead::ledger_size).await.unwrap_err();
        assert!(error.to_string().contains("moved, removed or replaced"), "{error}");
        let written = store.write::<(), (), _>("test", |_| Ok(((), act(2)))).await;
        assert_eq!(written.unwrap_err(), WriteError::Unavailable);
        assert_eq!(file.exists(), replaced, "no empty one is made where it was");
    }
    std::fs::rename(&away, &file).unwrap();
    store.write::<_, (), _>("test", |_| Ok(((), act(3)))).await.unwrap();
    assert_eq!(store.read(LedgerRead::ledger_size).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writing_and_reading_go_on_after_postgresql_was_restarted() {
    let server = Arc::new(tokio::task::spawn_blocking(|| PostgresServer::start().unwrap()).await.unwrap());
    let bed = Bed::on(Arc::clone(&server));
    let store = bed.open();
    store.write::<_, (), _>("test", |_| Ok(((), act(1)))).await.unwrap();

    server.crash().unwrap();
    for number in 2..5 {
        let outcome = store.write::<(), (), _>("test", move |_| Ok(((), act(number)))).await;
        assert_eq!(
            outcome.unwrap_err(),
            WriteError::Unavailable,
            "nothing is acknowledged that is not stored"
        );
    }
    assert!(store.read(LedgerRead::ledger_size).await.is_err());

    server.run().unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    let mut acknowledged = 1;
    while acknowledged < 4 {
        assert!(Instant::now() < until, "the store did not recover");
        if store.write::<_, (), _>("test", |_| Ok(((), act(9)))).await.is_ok() {
            acknowledged += 1;
        }
    }
    let size = loop {
        assert!(Instant::now() < until, "reading did not recover");
        if let Ok(size) = store.read(LedgerRead::ledger_size).await {
            break size;
        }
    };
    assert_eq!(size, acknowledged);
    let entries = store.read(|log| log.ledger_entries(0, 100)).await.unwrap();
    assert!(entries.iter().all(kw_store::StoredEntry::is_sound));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_sessions_are_replaced() {
    let bed = Bed::postgres();
    let store = bed.open();
    store.write::<_, (), _>("test", |_| Ok(((), act(1)))).await.unwrap();
    bed.server.as_ref().unwrap().end_sessions(&bed.config.url).unwrap();
    let until = Instant::now() + Duration::from_secs(10);
    while store.write::<_, (), _>("test", |_| Ok(((), act(2)))).await.is_err() {
        assert!(Instant::now() < until, "the writer did not recover");
    }
    while store.read(LedgerRead::ledger_size).await.is_err() {
        assert!(Instant::now() < until, "reading did not recover");
    }
    assert_eq!(bed.count("ledger_entries"), 2);
}

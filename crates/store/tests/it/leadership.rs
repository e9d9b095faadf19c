//! One of several processes signs; when it is gone, another takes over.

use std::time::{Duration, Instant};

use kw_store::Leadership;

use crate::bed::{Bed, on_both};

on_both! {
    async fn one_of_two_leads_and_the_other_takes_over(bed) {
        let stores = [bed.open(), bed.open()];
        let [mut first, mut second] = [stores[0].leadership(), stores[1].leadership()];
        let [mut deliverer, mut idle] = [stores[1].delivery_leadership(), stores[0].delivery_leadership()];
        let [mut synchroniser, mut waiting] =
            [stores[0].synchronisation_leadership(), stores[1].synchronisation_leadership()];
        tokio::task::spawn_blocking(move || {
            assert!(first.is_leader().unwrap());
            assert!(!second.is_leader().unwrap());
            assert!(first.is_leader().unwrap(), "who leads goes on leading");
            // Delivering signals and synchronising are led apart from signing.
            assert!(deliverer.is_leader().unwrap() && !idle.is_leader().unwrap());
            assert!(synchroniser.is_leader().unwrap() && !waiting.is_leader().unwrap());
            drop(first);
            assert!(soon(&mut second), "nobody took over");
        })
        .await
        .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_whose_session_was_ended_leads_no_longer() {
    let bed = Bed::postgres();
    let stores = [bed.open(), bed.open()];
    let [mut first, mut second] = [stores[0].leadership(), stores[1].leadership()];
    tokio::task::spawn_blocking(move || {
        assert!(first.is_leader().unwrap());
        assert!(!second.is_leader().unwrap());
        bed.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE objid = 720186012 AND granted");
        assert!(soon(&mut second), "nobody took over");
        assert!(!matches!(first.is_leader(), Ok(true)), "the old leader noticed");
        assert!(!first.is_leader().unwrap(), "and stands for election again");
        drop(second);
        assert!(soon(&mut first));
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lead_in_a_sqlite_database_is_a_locked_file_beside_it() {
    let bed = Bed::sqlite();
    let store = bed.open();
    let mut leadership = store.leadership();
    assert!(leadership.is_leader().unwrap());
    let lock = std::fs::File::open(format!("{}.leader", bed.config.url)).unwrap();
    assert!(lock.try_lock().is_err());
    drop(leadership);
    lock.try_lock().unwrap();
    assert!(!store.leadership().is_leader().unwrap(), "somebody else holds it");
}

fn soon(leadership: &mut Leadership) -> bool {
    let until = Instant::now() + Duration::from_secs(10);
    while Instant::now() < until {
        if leadership.is_leader().unwrap() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

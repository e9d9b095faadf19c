//! A process is killed, or there are two of them.

use std::time::Duration;

use super::super::stand_ins::Town;
use super::super::{SyncError, SyncOptions};
use crate::testing::agreement;

const ANNA: &str = "999990342";

#[tokio::test]
async fn what_was_on_its_way_at_a_kill_is_sent_by_the_next_process_at_once() {
    let mut town = Town::new(agreement());
    town.book.put("r1", ANNA);
    town.switchboard.0.lock().unwrap().silent = true;
    let options = SyncOptions::default();
    let cut = tokio::time::timeout(Duration::from_millis(500), town.run(&options)).await;
    assert!(cut.is_err(), "the run hung on the switchboard");
    assert_eq!(town.switchboard.0.lock().unwrap().calls, 1);
    town.switchboard.0.lock().unwrap().silent = false;
    town.restart();
    town.run(&options).await.unwrap();
    let status = town.sync.status().await.unwrap();
    assert_eq!((status.waiting, status.registered), (0, 1));
    assert_eq!(town.known(&[ANNA]).len(), 1);
}

#[tokio::test]
async fn of_two_processes_on_one_database_one_synchronises_until_it_ends() {
    let mut town = Town::new(agreement());
    town.book.put("r1", ANNA);
    town.settle().await;
    let another = town.another();
    town.book.remove("r1");
    let options = SyncOptions::default();
    assert!(matches!(another.run_once(&options, &|_| {}).await, Err(SyncError::Elsewhere)));
    another.run_in_background().await.unwrap();
    assert_eq!(town.known(&[ANNA]).len(), 1, "it did nothing");
    assert_eq!(another.gauges().registered, 1, "and shows what the other one did");
    town.sync = another;
    town.run(&options).await.unwrap();
    assert_eq!(town.known(&[ANNA]).len(), 0);
}

//! What the switchboard does not have any more is registered again, whatever comes in between.

use std::collections::BTreeMap;
use std::time::Duration;

use kw_domain::Handle;

use super::super::SyncOptions;
use super::super::stand_ins::Town;
use crate::testing::agreement;

const ANNA: &str = "999990342";
const BRAM: &str = "999994086";

fn handles(town: &Town) -> Vec<Handle> {
    town.switchboard.0.lock().unwrap().live.values().map(|(_, handle, _)| *handle).collect()
}

/// Anna and Bram are registered under a lease of 30 days, and then the partner is down for 31.
async fn long_away() -> (Town, Vec<Handle>) {
    let mut town = Town::new(agreement());
    town.switchboard.0.lock().unwrap().lease_days = 30;
    town.book.put("r1", ANNA);
    town.book.put("r2", BRAM);
    town.settle().await;
    let before = handles(&town);
    town.clock.advance(Duration::from_hours(24 * 31));
    town.switchboard.0.lock().unwrap().lapse(kw_domain::Clock::now(&*town.clock));
    town.restart();
    assert!(town.known(&[ANNA, BRAM]).is_empty());
    (town, before)
}

#[tokio::test]
async fn a_lost_pointer_is_registered_again_even_after_a_kill_and_a_source_that_is_down() {
    let mut town = Town::new(agreement());
    town.book.put("r1", ANNA);
    town.settle().await;
    {
        let mut board = town.switchboard.0.lock().unwrap();
        let lost = board.live.values().map(|(id, _, _)| *id).collect();
        (board.lost, board.live) = (lost, BTreeMap::new());
    }
    town.clock.advance(Duration::from_hours(24 * 671));
    town.run(&SyncOptions::default()).await.unwrap();
    town.restart();
    town.book.inner.lock().unwrap().broken = true;
    town.run(&SyncOptions::default()).await.unwrap();
    town.restart();
    town.book.inner.lock().unwrap().broken = false;
    town.settle().await;
    assert_eq!(town.known(&[ANNA]).len(), 1);
}

#[tokio::test]
async fn after_a_lease_that_ran_out_everything_is_registered_again_under_the_same_handles() {
    let (town, before) = long_away().await;
    town.run(&SyncOptions::default()).await.unwrap();
    assert_eq!(town.known(&[ANNA, BRAM]).len(), 2);
    assert_eq!(handles(&town), before);
    assert_eq!(town.sync.status().await.unwrap().registered, 2);
    let calls = town.switchboard.0.lock().unwrap().calls;
    town.run(&SyncOptions::default()).await.unwrap();
    assert_eq!(town.switchboard.0.lock().unwrap().calls, calls, "once");
}

#[tokio::test]
async fn a_lapse_is_not_forgotten_by_a_kill_or_a_source_that_is_down() {
    let (mut town, before) = long_away().await;
    town.book.inner.lock().unwrap().broken = true;
    town.run(&SyncOptions::default()).await.unwrap();
    assert_eq!(town.sync.status().await.unwrap().registered, 0, "nothing is said to be there that is not");
    town.restart();
    town.book.inner.lock().unwrap().broken = false;
    town.settle().await;
    assert_eq!(town.known(&[ANNA, BRAM]).len(), 2);
    assert_eq!(handles(&town), before);
}

#[tokio::test]
async fn what_went_while_the_lease_was_out_is_not_registered_again() {
    let (town, _) = long_away().await;
    town.book.inner.lock().unwrap().records.remove("r2");
    town.settle().await;
    assert_eq!(town.known(&[ANNA, BRAM]), [format!("nl.bsn:{ANNA}")].into());
    assert_eq!(town.sync.status().await.unwrap().waiting, 0);
}

#[tokio::test]
async fn a_lease_that_runs_out_while_the_switchboard_is_away_is_noticed_when_it_is_back() {
    let town = Town::new(agreement());
    town.switchboard.0.lock().unwrap().lease_days = 30;
    town.book.put("r1", ANNA);
    town.settle().await;
    town.clock.advance(Duration::from_hours(24 * 31));
    // The same process, which remembers its last lease and nothing that would make it read from the start.
    town.run(&SyncOptions::default()).await.unwrap();
    assert_eq!(town.known(&[ANNA]).len(), 1);
}

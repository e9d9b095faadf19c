//! The partner leaves the chain of its own will, and comes back.

use std::time::Duration;

use super::super::stand_ins::Town;
use super::super::{Left, SyncOptions};
use crate::testing::agreement;

const ANNA: &str = "999990342";
const BRAM: &str = "999994086";

fn leave(town: &Town, finished: bool) {
    let mut board = town.switchboard.0.lock().unwrap();
    board.left = Some(Left { since: kw_domain::Instant::from_millis(1_795_000_000_000), finished });
    if finished {
        board.live.clear();
    }
}

#[tokio::test]
async fn a_partner_that_left_says_so_and_is_registered_again_when_it_is_back() {
    let mut town = Town::new(agreement());
    town.book.put("r1", ANNA);
    town.settle().await;
    leave(&town, true);
    let reconcile = SyncOptions { reconcile: true, ..SyncOptions::default() };
    let report = town.run(&reconcile).await.unwrap();
    assert!(report.left_at.is_some());
    assert_eq!((report.sources[0].existing, report.sources[0].pending), (0, 0), "nothing was done");
    assert!(report.sources[0].reconciliation.is_none());
    let status = town.sync.status().await.unwrap();
    assert_eq!((status.left, status.registered, status.waiting), (report.left_at, 0, 0));
    assert!(status.sources[0].is_behind);
    town.book.put("r2", BRAM);
    town.sync.run_in_background().await.unwrap();
    town.restart();
    town.switchboard.0.lock().unwrap().left = None;
    town.sync.run_in_background().await.unwrap();
    assert_eq!(town.known(&[ANNA, BRAM]).len(), 2);
    let status = town.sync.status().await.unwrap();
    assert_eq!((status.left, status.registered, status.parked_in_all), (None, 2, 0));
}

#[tokio::test]
async fn what_was_refused_while_it_left_is_tried_again_as_soon_as_it_is_back() {
    let mut town = Town::new(agreement());
    town.sync.run_in_background().await.unwrap();
    leave(&town, false);
    town.book.put("r1", ANNA);
    town.sync.run_in_background().await.unwrap();
    assert_eq!(town.sync.status().await.unwrap().parked[0].reason, "denied");
    town.book.put("r2", BRAM);
    let charged = || town.oracle.charged.lock().unwrap().values().sum::<u64>();
    let before = charged();
    town.sync.run_in_background().await.unwrap();
    let status = town.sync.status().await.unwrap();
    assert!(status.left.is_some());
    assert_eq!(
        status.parked.iter().map(|one| one.reason.as_str()).collect::<Vec<_>>(),
        ["denied", "left-the-chain"]
    );
    assert_eq!(charged(), before, "no pseudonym is asked for what is refused anyway");
    // The reasons are not lost with the process.
    town.restart();
    town.sync.look().await.unwrap();
    assert_eq!((town.sync.status().await.unwrap().parked.len(), town.sync.gauges().parked), (2, 2));
    town.sync.run_in_background().await.unwrap();
    assert!(town.sync.status().await.unwrap().left.is_some());
    town.switchboard.0.lock().unwrap().left = None;
    town.clock.advance(Duration::from_mins(1));
    town.sync.run_in_background().await.unwrap();
    assert_eq!(town.known(&[ANNA, BRAM]).len(), 2);
    assert_eq!(town.sync.status().await.unwrap().parked_in_all, 0);
}

#[tokio::test]
async fn the_switchboard_is_not_asked_every_minute_whether_we_left() {
    let town = Town::new(agreement());
    for _ in 0..5 {
        town.sync.run_in_background().await.unwrap();
    }
    assert_eq!(town.switchboard.0.lock().unwrap().asked_whether_left, 1);
}

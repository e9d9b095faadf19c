//! Comparing with the switchboard, and mending what differs.

use std::collections::BTreeSet;
use std::time::Duration;

use kw_domain::{Handle, PointerId, SourceName};
use kw_protocol::local::Reconciliation;
use kw_protocol::pointer::RegistrationReason;

use super::super::SyncOptions;
use super::super::stand_ins::Town;
use crate::testing::agreement;

const ANNA: &str = "999990342";
const BRAM: &str = "999994086";

fn reconcile() -> SyncOptions {
    SyncOptions { reconcile: true, ..SyncOptions::default() }
}

async fn report(town: &Town, options: &SyncOptions) -> Reconciliation {
    let report = town.run(options).await.unwrap();
    report.sources.into_iter().next().unwrap().reconciliation.unwrap()
}

/// Test numbers that pass the check.
fn numbers(count: usize) -> Vec<String> {
    let passes = |digits: &[u32]| {
        let sum: i64 = (0..8).map(|at| i64::from(digits[at]) * (9 - at as i64)).sum();
        (sum - i64::from(digits[8])).rem_euclid(11) == 0
    };
    (999_900_000..999_999_999u32)
        .map(|number| number.to_string())
        .filter(|text| passes(&text.chars().map(|digit| digit.to_digit(10).unwrap()).collect::<Vec<_>>()))
        .take(count)
        .collect()
}

async fn town_of(count: usize) -> Town {
    let town = Town::new(agreement());
    town.book.inner.lock().unwrap().page = 200;
    for (at, bsn) in numbers(count).iter().enumerate() {
        town.book.put(&format!("r{at}"), bsn);
    }
    town.settle().await;
    town
}

/// A pointer of this source that nothing here stands for.
fn stray(town: &Town, number: u8) -> PointerId {
    let mut board = town.switchboard.0.lock().unwrap();
    let id = PointerId::new(kw_domain::Clock::now(&*town.clock), [number; 10]);
    let row = (id, Handle::from_bytes([number; 16]), SourceName::parse("som").unwrap());
    board.live.insert([number; 32], row);
    let until = kw_domain::Clock::now(&*town.clock).plus(Duration::from_hours(24 * 100));
    board.valid.insert(id, until);
    id
}

#[tokio::test]
async fn what_is_the_same_costs_one_request() {
    let town = town_of(40).await;
    let done = report(&town, &reconcile()).await;
    assert_eq!((done.here, done.there, done.requests), (40, 40, 1));
    assert!(done.finished_at.is_some() && done.problem.is_none());
    assert_eq!(town.switchboard.0.lock().unwrap().asked.len(), 1);
}

#[tokio::test]
async fn what_the_switchboard_lost_is_registered_again_under_its_handle_and_nobody_is_notified() {
    let town = town_of(40).await;
    let lost: Vec<_> = {
        let mut board = town.switchboard.0.lock().unwrap();
        let keys: Vec<_> = board.live.keys().copied().take(3).collect();
        board.reasons.clear();
        keys.iter().map(|key| (*key, board.live.remove(key).unwrap().1)).collect()
    };
    let done = report(&town, &reconcile()).await;
    assert_eq!((done.registered_again, done.withdrawn), (3, 0));
    let board = town.switchboard.0.lock().unwrap();
    for (key, handle) in lost {
        assert_eq!(board.live[&key].1, handle);
    }
    assert_eq!(board.reasons, [RegistrationReason::Administrative; 3]);
}

#[tokio::test]
async fn what_nothing_here_stands_for_is_withdrawn_and_what_ends_otherwise_is_taken_over() {
    let town = town_of(40).await;
    let strays: BTreeSet<_> = (1..=5).map(|number| stray(&town, number)).collect();
    let moved = {
        let mut board = town.switchboard.0.lock().unwrap();
        let id = board.live.values().map(|(id, ..)| *id).find(|id| !strays.contains(id)).unwrap();
        let later = board.valid[&id].plus(Duration::from_hours(24));
        board.valid.insert(id, later);
        id
    };
    let done = report(&town, &reconcile()).await;
    assert_eq!((done.withdrawn, done.mended, done.held, done.waiting), (5, 1, 0, 0));
    {
        let board = town.switchboard.0.lock().unwrap();
        assert_eq!(board.live.len(), 40);
        assert!(board.live.values().any(|(id, ..)| *id == moved));
    }
    let again = report(&town, &reconcile()).await;
    assert_eq!((again.requests, again.withdrawn, again.mended), (1, 0, 0));
}

#[tokio::test]
async fn many_strangers_at_once_wait_for_a_person() {
    let town = town_of(40).await;
    for number in 1..=30 {
        stray(&town, number);
    }
    let held = report(&town, &reconcile()).await;
    assert_eq!((held.held, held.withdrawn), (30, 0));
    assert_eq!(town.switchboard.0.lock().unwrap().live.len(), 70);
    assert_eq!(town.sync.gauges().held, 1);
    let confirmed = SyncOptions { confirm_shrink: true, ..reconcile() };
    assert_eq!(report(&town, &confirmed).await.withdrawn, 30);
    assert_eq!(town.switchboard.0.lock().unwrap().live.len(), 40);
}

#[tokio::test]
async fn nothing_is_withdrawn_while_the_source_cannot_be_read_or_the_switchboard_breaks_off() {
    let mut town = town_of(40).await;
    stray(&town, 1);
    town.book.inner.lock().unwrap().broken = true;
    town.restart();
    let waiting = report(&town, &reconcile()).await;
    assert_eq!((waiting.waiting, waiting.withdrawn), (1, 0));
    town.book.inner.lock().unwrap().broken = false;
    // The second request of the descent fails; nothing is known then.
    town.switchboard.0.lock().unwrap().failures = vec![Some(false), None];
    let broken = report(&town, &reconcile()).await;
    assert!(broken.problem.is_some() && broken.finished_at.is_none(), "{broken:?}");
    assert_eq!((broken.failures, broken.withdrawn), (1, 0));
    assert_eq!(town.switchboard.0.lock().unwrap().live.len(), 41);
    assert_eq!(report(&town, &reconcile()).await.withdrawn, 1);
}

#[tokio::test]
async fn an_older_copy_of_the_own_database_takes_its_pointers_over_and_withdraws_none() {
    let mut town = town_of(40).await;
    town.folder = tempfile::tempdir().unwrap();
    town.restart();
    let done = report(&town, &reconcile()).await;
    assert_eq!((done.here, done.there, done.withdrawn, done.waiting), (40, 40, 0, 0));
    assert_eq!(town.switchboard.0.lock().unwrap().withdrawn.len(), 0);
}

#[tokio::test]
async fn an_administrative_run_says_so_and_a_plain_one_does_not() {
    let town = Town::new(agreement());
    town.book.put("r1", ANNA);
    town.run(&SyncOptions { administrative: true, ..SyncOptions::default() }).await.unwrap();
    town.book.put("r2", BRAM);
    town.run(&SyncOptions::default()).await.unwrap();
    let reasons = town.switchboard.0.lock().unwrap().reasons.clone();
    assert_eq!(reasons, [RegistrationReason::Administrative, RegistrationReason::Regular]);
}

#[tokio::test]
async fn the_status_says_since_when_it_may_be_behind_and_ages_while_nothing_works() {
    let town = town_of(3).await;
    let state = town.sync.status().await.unwrap();
    assert_eq!(state.behind_since, state.sources[0].synced_at);
    town.switchboard.0.lock().unwrap().failures = vec![Some(false); 50];
    town.book.put("r9", BRAM);
    let queued = kw_domain::Clock::now(&*town.clock);
    town.run(&SyncOptions::default()).await.unwrap();
    for _ in 0..3 {
        town.clock.advance(Duration::from_mins(40));
        town.run(&SyncOptions::default()).await.unwrap();
    }
    let state = town.sync.status().await.unwrap();
    assert_eq!((state.waiting, state.behind_since), (1, Some(queued)));
    assert_eq!(town.sync.gauges().behind, Duration::from_hours(2));
}

#[tokio::test]
async fn a_first_load_that_is_cut_off_goes_on_where_it_was_and_tells_how_far_it_is() {
    let mut town = Town::new(agreement());
    let numbers = numbers(20);
    for (at, bsn) in numbers.iter().enumerate() {
        town.book.put(&format!("r{at:02}"), bsn);
    }
    // The read stops after two pages of three.
    town.book.inner.lock().unwrap().break_after = Some(2);
    town.run(&SyncOptions::default()).await.unwrap();
    let state = town.sync.status().await.unwrap();
    assert_eq!(state.sources[0].reading, Some(6));
    town.restart();
    town.book.inner.lock().unwrap().break_after = None;
    let report = town.run(&SyncOptions::default()).await.unwrap();
    assert_eq!(report.sources[0].read, 14, "the first six are not read again");
    let known: Vec<&str> = numbers.iter().map(String::as_str).collect();
    assert_eq!(town.known(&known).len(), 20);
    assert_eq!(town.sync.status().await.unwrap().sources[0].reading, None);
}

#[tokio::test]
async fn a_message_waits_as_long_as_the_switchboard_asks() {
    let town = Town::new(agreement());
    town.book.put("r1", ANNA);
    let asked = Duration::from_hours(3);
    town.switchboard.0.lock().unwrap().retry_after = Some(asked);
    town.run(&SyncOptions::default()).await.unwrap();
    town.switchboard.0.lock().unwrap().retry_after = None;
    town.clock.advance(asked.checked_sub(Duration::from_mins(1)).unwrap());
    town.run(&SyncOptions::default()).await.unwrap();
    assert_eq!(town.known(&[ANNA]).len(), 0);
    town.clock.advance(Duration::from_mins(1));
    town.run(&SyncOptions::default()).await.unwrap();
    assert_eq!(town.known(&[ANNA]).len(), 1);
}

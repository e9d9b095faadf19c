use std::time::Duration;

use kw_domain::{Handle, PointerId, Subject};
use kw_protocol::pointer::{PointerSelector, WithdrawalReason};

use super::super::stand_ins::Town;
use super::super::{Release, SyncOptions};
use crate::testing::agreement;

const ANNA: &str = "999990342";
const BRAM: &str = "999994086";

fn full() -> SyncOptions {
    SyncOptions { full: true, ..SyncOptions::default() }
}

fn anna() -> Subject {
    Subject::parse(&format!("nl.bsn:{ANNA}")).unwrap()
}

fn pointer(town: &Town) -> (PointerId, Handle) {
    let board = town.switchboard.0.lock().unwrap();
    board.live.values().map(|(id, handle, _)| (*id, *handle)).next().unwrap()
}

async fn with_anna() -> (Town, PointerId, Handle) {
    let town = Town::new(agreement());
    town.book.put("r1", ANNA);
    town.settle().await;
    let (id, handle) = pointer(&town);
    (town, id, handle)
}

#[tokio::test]
async fn what_was_taken_back_by_hand_stays_away_through_reads_restarts_and_a_year() {
    let (mut town, id, _) = with_anna().await;
    assert!(town.sync.suppress(id, WithdrawalReason::EnteredInError).await.unwrap());
    town.settle().await;
    assert_eq!(town.switchboard.0.lock().unwrap().withdrawn, [WithdrawalReason::EnteredInError]);
    town.restart();
    for _ in 0..3 {
        town.run(&full()).await.unwrap();
        town.clock.advance(Duration::from_hours(24 * 365));
    }
    assert_eq!(town.known(&[ANNA]).len(), 0);
    assert_eq!(town.sync.status().await.unwrap().registered, 0);
}

#[tokio::test]
async fn a_caller_that_already_told_the_switchboard_does_no_harm() {
    let (town, id, handle) = with_anna().await;
    assert!(town.sync.suppress(id, WithdrawalReason::Deceased).await.unwrap());
    town.switchboard.0.lock().unwrap().live.clear();
    town.settle().await;
    town.run(&full()).await.unwrap();
    assert_eq!(town.known(&[ANNA]).len(), 0);
    assert!(!town.sync.suppress(id, WithdrawalReason::Deceased).await.unwrap(), "nothing has that pointer");
    assert_eq!(town.sync.release(handle, &anna()).await.unwrap(), Release::Queued);
}

#[tokio::test]
async fn a_record_is_registered_again_when_somebody_says_so_and_under_a_new_handle() {
    let (town, id, handle) = with_anna().await;
    town.sync.suppress(id, WithdrawalReason::EnteredInError).await.unwrap();
    town.settle().await;
    let bram = Subject::parse(&format!("nl.bsn:{BRAM}")).unwrap();
    assert_eq!(town.sync.release(handle, &bram).await.unwrap(), Release::NotSuppressed);
    assert_eq!(town.sync.release(handle, &anna()).await.unwrap(), Release::Queued);
    town.settle().await;
    assert_eq!(town.known(&[ANNA]).len(), 1);
    assert_ne!(pointer(&town).1, handle);
    assert_eq!(town.sync.release(handle, &anna()).await.unwrap(), Release::NotSuppressed);
}

#[tokio::test]
async fn giving_free_while_the_withdrawal_still_waits_ends_registered() {
    let (town, id, handle) = with_anna().await;
    town.sync.suppress(id, WithdrawalReason::EnteredInError).await.unwrap();
    assert_eq!(town.sync.release(handle, &anna()).await.unwrap(), Release::Queued);
    town.settle().await;
    assert_eq!(town.known(&[ANNA]).len(), 1);
    assert_ne!(pointer(&town).1, handle);
}

#[tokio::test]
async fn a_withdrawal_by_hand_survives_failures_and_a_kill() {
    let (mut town, id, _) = with_anna().await;
    town.switchboard.0.lock().unwrap().failures = vec![Some(true), Some(false)];
    town.sync.suppress(id, WithdrawalReason::EnteredInError).await.unwrap();
    town.run(&full()).await.unwrap();
    town.restart();
    town.settle().await;
    town.run(&full()).await.unwrap();
    assert_eq!(town.known(&[ANNA]).len(), 0);
}

#[tokio::test]
async fn a_suppressed_record_that_leaves_its_source_is_forgotten() {
    let (town, id, handle) = with_anna().await;
    town.sync.suppress(id, WithdrawalReason::EnteredInError).await.unwrap();
    town.settle().await;
    town.book.remove("r1");
    town.settle().await;
    let gone = town.sync.parts.store.read_blocking(move |tables| tables.record_by_handle(handle)).unwrap();
    assert!(gone.is_none());
    assert_eq!(town.sync.release(handle, &anna()).await.unwrap(), Release::NotSuppressed);
}

#[tokio::test]
async fn nobody_who_is_gone_or_too_old_is_given_free() {
    let (town, id, handle) = with_anna().await;
    town.sync.suppress(id, WithdrawalReason::EnteredInError).await.unwrap();
    town.settle().await;
    town.book.put_born("r1", ANNA, "1990-01-01");
    assert_eq!(town.sync.release(handle, &anna()).await.unwrap(), Release::AgeReached);
    town.book.remove("r1");
    assert_eq!(town.sync.release(handle, &anna()).await.unwrap(), Release::Gone);
}

#[tokio::test]
async fn many_taken_back_at_once_stay_away_too() {
    let town = Town::new(agreement());
    town.book.put("r1", ANNA);
    town.book.put("r2", BRAM);
    town.settle().await;
    let nothing = PointerSelector::default();
    assert_eq!(town.sync.suppress_withdrawn(&nothing).await.unwrap(), 0);
    let other = PointerSelector { source: Some("other".parse().unwrap()), ..PointerSelector::default() };
    assert_eq!(town.sync.suppress_withdrawn(&other).await.unwrap(), 0);
    town.switchboard.0.lock().unwrap().live.clear();
    let som = PointerSelector { source: Some("som".parse().unwrap()), ..PointerSelector::default() };
    assert_eq!(town.sync.suppress_withdrawn(&som).await.unwrap(), 2);
    town.run(&full()).await.unwrap();
    town.settle().await;
    assert_eq!(town.known(&[ANNA, BRAM]).len(), 0);
}

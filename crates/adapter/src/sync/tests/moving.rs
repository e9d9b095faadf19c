//! One person, and several rows about them: who waits for a place goes on when it is free, and not hours later.

use kw_protocol::pointer::WithdrawalReason;

use super::super::SyncOptions;
use super::super::stand_ins::Town;
use crate::testing::agreement;

const ANNA: &str = "999990342";
const BRAM: &str = "999994086";

/// r1 has the place and r2 waits for it.
async fn town() -> Town {
    let town = Town::new(agreement());
    town.book.put("r1", ANNA);
    town.settle().await;
    town.book.put("r2", ANNA);
    run(&town).await;
    assert_eq!(town.sync.status().await.unwrap().parked[0].reason, "same-person-twice");
    town
}

async fn run(town: &Town) {
    town.run(&SyncOptions::default()).await.unwrap();
}

async fn is_settled(town: &Town, registered: u64) {
    let status = town.sync.status().await.unwrap();
    assert_eq!((status.parked.len(), status.waiting, status.registered), (0, 0, registered));
}

#[tokio::test]
async fn the_second_row_takes_over_in_the_run_in_which_the_first_goes() {
    let town = town().await;
    town.book.remove("r1");
    run(&town).await;
    assert_eq!(town.known(&[ANNA]).len(), 1);
    is_settled(&town, 1).await;
}

#[tokio::test]
async fn it_takes_over_when_the_first_row_goes_over_to_another_person() {
    let town = town().await;
    town.book.put("r1", BRAM);
    run(&town).await;
    assert_eq!(town.known(&[ANNA, BRAM]).len(), 2);
    is_settled(&town, 2).await;
}

#[tokio::test]
async fn it_takes_over_when_the_first_is_taken_back_by_hand() {
    let town = town().await;
    let [pointer] = [town.switchboard.0.lock().unwrap().live.values().next().unwrap().0];
    assert!(town.sync.suppress(pointer, WithdrawalReason::EnteredInError).await.unwrap());
    run(&town).await;
    assert_eq!(town.known(&[ANNA]).len(), 1);
    is_settled(&town, 1).await;
}

#[tokio::test]
async fn of_two_rows_that_wait_one_takes_over_and_the_other_goes_on_waiting() {
    let town = town().await;
    town.book.put("r3", ANNA);
    run(&town).await;
    town.book.remove("r1");
    run(&town).await;
    let status = town.sync.status().await.unwrap();
    assert_eq!((status.parked.len(), status.parked_in_all, status.registered), (1, 1, 1));
    town.book.remove("r2");
    town.book.remove("r3");
    run(&town).await;
    assert_eq!(town.known(&[ANNA]).len(), 0);
    is_settled(&town, 0).await;
}

#[tokio::test]
async fn a_withdrawal_that_fails_lets_the_second_row_wait_no_longer_than_itself() {
    let town = town().await;
    town.book.remove("r1");
    town.switchboard.0.lock().unwrap().failures = vec![Some(false)];
    run(&town).await;
    town.clock.advance(std::time::Duration::from_secs(5));
    run(&town).await;
    assert_eq!(town.known(&[ANNA]).len(), 1);
    is_settled(&town, 1).await;
}

#[tokio::test]
async fn who_moves_while_much_is_gone_is_in_the_new_row_as_soon_as_that_is_confirmed() {
    let town = Town::new(agreement());
    let people: Vec<String> = (999_990_000..1_000_000_000u32)
        .map(|number| number.to_string())
        .filter(|number| kw_domain::Bsn::parse(number).is_ok())
        .take(50)
        .collect();
    for (record, bsn) in people.iter().enumerate() {
        town.book.put(&format!("r{record:03}"), bsn);
    }
    town.settle().await;
    for record in 0..20 {
        town.book.inner.lock().unwrap().records.remove(&format!("r{record:03}"));
    }
    town.book.put("x", &people[0]);
    town.run(&SyncOptions { full: true, ..SyncOptions::default() }).await.unwrap();
    let status = town.sync.status().await.unwrap();
    assert!(status.sources[0].held.is_some());
    assert_eq!(status.parked[0].reason, "same-person-twice");
    town.run(&SyncOptions { confirm_shrink: true, ..SyncOptions::default() }).await.unwrap();
    let everybody: Vec<&str> = people.iter().map(String::as_str).collect();
    assert_eq!(town.known(&everybody), town.book.subjects());
    is_settled(&town, 31).await;
}

#[tokio::test]
async fn what_is_parked_is_shown_after_a_restart_and_does_not_hold_a_comparison_up() {
    let mut town = town().await;
    town.restart();
    let status = town.sync.status().await.unwrap();
    assert_eq!((status.parked[0].reason.as_str(), status.parked_in_all), ("same-person-twice", 1));
    let report = town.run(&SyncOptions { reconcile: true, ..SyncOptions::default() }).await.unwrap();
    let compared = report.sources[0].reconciliation.as_ref().unwrap();
    assert_eq!((compared.here, compared.there, compared.waiting), (1, 1, 0));
}

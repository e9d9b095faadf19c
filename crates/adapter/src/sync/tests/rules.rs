use std::time::Duration;

use kw_domain::{Clock as _, Instant};
use kw_protocol::evaluation::BudgetClass;
use kw_protocol::pointer::WithdrawalReason;
use kw_protocol::problem::ProblemCode;

use super::super::stand_ins::Town;
use super::super::{SyncOptions, SyncProgress};
use crate::testing::{agreement, agreement_with, attendance};
use crate::{LocalId, RefusedRow};

const ANNA: &str = "999990342";
const BRAM: &str = "999994086";

fn full() -> SyncOptions {
    SyncOptions { full: true, ..SyncOptions::default() }
}

fn many(town: &Town, count: u32) -> Vec<String> {
    let numbers = (999_990_000..1_000_000_000u32).map(|number| number.to_string());
    let people: Vec<_> =
        numbers.filter(|number| kw_domain::Bsn::parse(number).is_ok()).take(count as usize).collect();
    for (record, bsn) in people.iter().enumerate() {
        town.book.put(&format!("r{record:03}"), bsn);
    }
    people
}

#[tokio::test]
async fn a_first_load_registers_everything_and_a_second_run_nothing() {
    let town = Town::new(agreement());
    many(&town, 20);
    let report = town.run(&SyncOptions::default()).await.unwrap();
    let [source] = report.sources.as_slice() else { panic!("one source") };
    assert_eq!((source.read, source.registered, source.existing, source.pending), (20, 20, 0, 0));
    let calls = town.switchboard.0.lock().unwrap().calls;
    let report = town.run(&full()).await.unwrap();
    assert_eq!((report.sources[0].existing, report.sources[0].registered), (20, 0));
    assert_eq!(town.switchboard.0.lock().unwrap().calls, calls);
    assert_eq!(town.oracle.charged.lock().unwrap().get(&BudgetClass::Register), Some(&40));
}

#[tokio::test]
async fn progress_is_told_while_reading_and_telling() {
    let town = Town::new(agreement());
    many(&town, 7);
    let seen = std::sync::Mutex::new(Vec::new());
    let note = |progress: SyncProgress<'_>| match progress {
        SyncProgress::Read(_, count) => seen.lock().unwrap().push(count),
        SyncProgress::Told(count) => seen.lock().unwrap().push(100 + count),
    };
    town.sync.run_once(&SyncOptions::default(), &note).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), [3, 6, 7, 107]);
}

#[tokio::test]
async fn a_record_that_goes_over_to_another_person_gets_a_new_handle() {
    let town = Town::new(agreement());
    town.book.put("r1", ANNA);
    town.settle().await;
    let before: Vec<_> =
        town.switchboard.0.lock().unwrap().live.values().map(|(_, handle, _)| *handle).collect();
    town.book.put("r1", BRAM);
    town.settle().await;
    assert_eq!(town.known(&[ANNA, BRAM]), [format!("nl.bsn:{BRAM}")].into());
    let board = town.switchboard.0.lock().unwrap();
    let after: Vec<_> = board.live.values().map(|(_, handle, _)| *handle).collect();
    assert_ne!(before, after);
    assert_eq!(board.withdrawn, [WithdrawalReason::NoLongerPresent]);
}

#[tokio::test]
async fn much_gone_at_once_is_held_until_it_is_confirmed() {
    let mut town = Town::new(agreement());
    let people = many(&town, 50);
    town.settle().await;
    for record in 0..11 {
        town.book.inner.lock().unwrap().records.remove(&format!("r{record:03}"));
    }
    let report = town.run(&full()).await.unwrap();
    assert!(report.sources[0].problem.as_ref().unwrap().contains("confirm"), "{report:?}");
    town.restart();
    town.run(&SyncOptions::default()).await.unwrap();
    assert_eq!(town.sync.status().await.unwrap().sources[0].held.unwrap().left, 39);
    assert_eq!(town.switchboard.0.lock().unwrap().live.len(), 50);
    let confirm = SyncOptions { confirm_shrink: true, ..SyncOptions::default() };
    town.run(&confirm).await.unwrap();
    town.settle().await;
    let everybody: Vec<&str> = people.iter().map(String::as_str).collect();
    assert_eq!(town.known(&everybody), town.book.subjects());
    assert_eq!(town.sync.status().await.unwrap().sources[0].held, None);
}

#[tokio::test]
async fn a_few_gone_at_once_are_withdrawn_by_a_full_read() {
    let town = Town::new(agreement());
    many(&town, 12);
    town.settle().await;
    for record in 0..10 {
        town.book.inner.lock().unwrap().records.remove(&format!("r{record:03}"));
    }
    let report = town.run(&full()).await.unwrap();
    assert_eq!((report.sources[0].withdrawn, &report.sources[0].problem), (10, &None));
}

#[tokio::test]
async fn nobody_at_the_age_limit_is_registered_and_whoever_reaches_it_is_withdrawn() {
    let town = Town::new(agreement());
    town.book.put_born("r1", ANNA, "2003-11-30");
    town.book.put_born("r2", BRAM, "2003-12-31");
    town.settle().await;
    assert_eq!(town.known(&[ANNA, BRAM]), [format!("nl.bsn:{BRAM}")].into());
    let december = Instant::parse("2026-12-01T00:00:00Z").unwrap();
    assert_eq!(town.switchboard.0.lock().unwrap().destroy_by, [Some(december)]);
    town.clock.advance(december.since(town.clock.now()));
    town.run(&full()).await.unwrap();
    assert_eq!(town.switchboard.0.lock().unwrap().withdrawn, [WithdrawalReason::AgeReached]);
}

#[tokio::test]
async fn a_refusal_is_parked_and_shown_until_somebody_mends_it() {
    let town = Town::new(agreement());
    town.book.put("r1", ANNA);
    town.switchboard.0.lock().unwrap().refuse = Some(ProblemCode::Denied);
    town.run(&SyncOptions::default()).await.unwrap();
    let status = town.sync.status().await.unwrap();
    assert_eq!((status.parked[0].reason.as_str(), status.waiting), ("denied", 1));
    town.clock.advance(Duration::from_hours(2));
    town.sync.run_in_background().await.unwrap();
    assert_eq!(town.switchboard.0.lock().unwrap().calls, 1, "not tried again so soon");
    assert!(town.sync.status().await.unwrap().parked[0].next_at > town.clock.now());
    town.switchboard.0.lock().unwrap().refuse = None;
    town.clock.advance(Duration::from_hours(6));
    town.sync.run_in_background().await.unwrap();
    let status = town.sync.status().await.unwrap();
    assert_eq!((status.parked.len(), status.waiting, status.registered), (0, 0, 1));
}

#[tokio::test]
async fn somebody_who_mended_a_refusal_has_it_tried_again_at_once() {
    let town = Town::new(agreement());
    town.book.put("r1", ANNA);
    town.switchboard.0.lock().unwrap().refuse = Some(ProblemCode::Denied);
    town.run(&SyncOptions::default()).await.unwrap();
    town.switchboard.0.lock().unwrap().refuse = None;
    town.run(&SyncOptions::default()).await.unwrap();
    let status = town.sync.status().await.unwrap();
    assert_eq!((status.parked.len(), status.waiting, status.registered), (0, 0, 1));
}

#[tokio::test]
async fn rows_that_were_mended_are_not_refused_any_more() {
    let town = Town::new(agreement());
    let row =
        |row| RefusedRow { origin: "som.csv".into(), row: Some(row), reason: "no BSN".into(), record: None };
    town.book.inner.lock().unwrap().rereads = true;
    town.book.inner.lock().unwrap().refused = vec![row(3)];
    town.book.put("r1", ANNA);
    assert_eq!(town.run(&SyncOptions::default()).await.unwrap().sources[0].refused, 1);
    town.book.put("r2", BRAM);
    town.book.inner.lock().unwrap().refused = vec![row(5)];
    let report = town.run(&SyncOptions::default()).await.unwrap();
    assert_eq!(report.sources[0].refusals.iter().map(|row| row.row).collect::<Vec<_>>(), [Some(5)]);
    assert_eq!(
        town.run(&SyncOptions::default()).await.unwrap().sources[0].refused,
        1,
        "nothing new was read"
    );
    town.book.inner.lock().unwrap().refused.clear();
    town.book.remove("r2");
    assert_eq!(town.run(&SyncOptions::default()).await.unwrap().sources[0].refused, 0);
}

#[tokio::test]
async fn a_switchboard_that_is_away_is_the_reason_that_a_run_gives() {
    let town = Town::new(agreement());
    town.book.put("r1", ANNA);
    town.switchboard.0.lock().unwrap().failures = vec![Some(false)];
    let report = town.run(&SyncOptions::default()).await.unwrap();
    assert_eq!(report.sources[0].pending, 1);
    assert!(report.unavailable.is_some(), "{report:?}");
    town.settle().await;
    assert_eq!(town.run(&SyncOptions::default()).await.unwrap().unavailable, None);
}

#[tokio::test]
async fn a_source_of_which_much_is_gone_is_not_in_line_since_then() {
    let town = Town::new(agreement());
    many(&town, 40);
    town.settle().await;
    assert!(!town.sync.status().await.unwrap().sources[0].is_behind);
    town.clock.advance(Duration::from_hours(1));
    let held_at = town.clock.now();
    town.book.inner.lock().unwrap().records.clear();
    let report = town.run(&full()).await.unwrap();
    let problem = report.sources[0].problem.clone().unwrap();
    assert!(problem.contains("ketenwijzer sync --source som --confirm-shrink"), "{problem}");
    town.clock.advance(Duration::from_hours(1));
    town.run(&full()).await.unwrap();
    let state = town.sync.status().await.unwrap().sources.remove(0);
    assert!(state.is_behind);
    assert_eq!((state.synced_at, state.behind_since), (Some(held_at), Some(held_at)));
    // What the text says is what does it.
    let confirmed = SyncOptions { confirm_shrink: true, ..SyncOptions::default() };
    assert_eq!(town.run(&confirmed).await.unwrap().sources[0].withdrawn, 40);
    let status = town.sync.status().await.unwrap();
    assert!(!status.sources[0].is_behind, "{status:?}");
}

#[tokio::test]
async fn two_records_about_one_person_share_a_place_and_the_second_takes_over() {
    let town = Town::new(agreement());
    town.book.put("r1", ANNA);
    town.settle().await;
    town.book.put("r2", ANNA);
    town.run(&SyncOptions::default()).await.unwrap();
    assert_eq!(town.sync.status().await.unwrap().parked[0].reason, "same-person-twice");
    town.book.remove("r1");
    town.settle().await;
    assert_eq!(town.known(&[ANNA]).len(), 1);
    assert_eq!(town.sync.status().await.unwrap().registered, 1);
}

#[tokio::test]
async fn a_lost_database_takes_the_handles_that_the_switchboard_knows() {
    let mut town = Town::new(agreement());
    town.book.put("r1", ANNA);
    town.settle().await;
    let known: Vec<_> = town.switchboard.0.lock().unwrap().live.values().cloned().collect();
    town.folder = tempfile::tempdir().unwrap();
    town.restart();
    town.settle().await;
    assert_eq!(town.sync.status().await.unwrap().registered, 1);
    town.book.remove("r1");
    town.settle().await;
    assert_eq!(known.len(), 1);
    assert_eq!(
        town.switchboard.0.lock().unwrap().live.len(),
        0,
        "it was withdrawn under the handle of before"
    );
}

#[tokio::test]
async fn a_pointer_that_runs_out_is_renewed_once_if_the_source_still_has_the_record() {
    let town = Town::new(agreement());
    town.book.put("r1", ANNA);
    town.book.put("r2", BRAM);
    town.settle().await;
    town.book.inner.lock().unwrap().records.remove("r2");
    town.clock.advance(Duration::from_hours(24 * 671));
    town.run(&SyncOptions::default()).await.unwrap();
    town.run(&SyncOptions::default()).await.unwrap();
    assert_eq!(town.switchboard.0.lock().unwrap().renewed, 1);
    assert_eq!(town.known(&[ANNA, BRAM]), [format!("nl.bsn:{ANNA}")].into());
}

#[tokio::test]
async fn a_pointer_that_the_switchboard_lost_is_registered_again() {
    let town = Town::new(agreement());
    town.book.put("r1", ANNA);
    town.settle().await;
    {
        let mut board = town.switchboard.0.lock().unwrap();
        let lost = board.live.values().map(|(id, _, _)| *id).collect();
        (board.lost, board.live) = (lost, std::collections::BTreeMap::new());
    }
    town.clock.advance(Duration::from_hours(24 * 671));
    town.run(&SyncOptions::default()).await.unwrap();
    town.settle().await;
    assert_eq!(town.known(&[ANNA]).len(), 1);
}

#[tokio::test]
async fn bindings_follow_a_new_key_on_the_budget_for_refreshing() {
    let town = Town::new(agreement());
    many(&town, 5);
    town.settle().await;
    let next = agreement_with(|draft| {
        let mut key = draft.pseudonymiser.keys[1].clone();
        key.epoch = 2;
        key.public_key = "lMM5Y9H2XQ2y-tPLQ3u4o4Y0uTNSeGYBRTU_OyHz0WE".into();
        draft.pseudonymiser.keys.push(key);
    });
    town.agreement.replace(next);
    town.run(&SyncOptions::default()).await.unwrap();
    assert_eq!(
        town.oracle.charged.lock().unwrap().get(&BudgetClass::Refresh),
        Some(&3),
        "asked, and not there yet"
    );
    *town.oracle.live.lock().unwrap() = 2;
    town.run(&SyncOptions::default()).await.unwrap();
    assert_eq!(town.oracle.charged.lock().unwrap().get(&BudgetClass::Refresh), Some(&3), "not again so soon");
    town.clock.advance(Duration::from_hours(1));
    town.run(&SyncOptions::default()).await.unwrap();
    town.clock.advance(Duration::from_hours(1));
    town.run(&SyncOptions::default()).await.unwrap();
    assert_eq!(town.oracle.charged.lock().unwrap().get(&BudgetClass::Refresh), Some(&8));
}

#[tokio::test]
async fn an_epoch_that_the_switchboard_does_not_have_yet_gives_way_to_the_one_before() {
    let town = Town::new(agreement());
    *town.oracle.live.lock().unwrap() = 2;
    town.book.put("r1", ANNA);
    town.run(&SyncOptions::default()).await.unwrap();
    assert_eq!(town.known(&[ANNA]).len(), 1);
}

#[tokio::test]
async fn rows_that_cannot_be_used_and_categories_outside_the_agreement_are_reported() {
    let town = Town::new(agreement_with(|draft| {
        draft.partner_mut("00000099000000012000").unwrap().registers = vec!["youth-health".into()];
    }));
    let row = RefusedRow { origin: "som.csv".into(), row: Some(3), reason: "no BSN".into(), record: None };
    town.book.inner.lock().unwrap().refused = vec![row];
    town.book.put("r1", ANNA);
    let report = town.run(&SyncOptions::default()).await.unwrap();
    assert_eq!(report.sources[0].refused, 2);
    assert_eq!(report.sources[0].refusals[0].row, Some(3));
    assert_eq!(town.switchboard.0.lock().unwrap().live.len(), 0);
}

#[tokio::test]
async fn a_source_that_fails_is_reported_and_keeps_what_is_registered() {
    let town = Town::new(agreement());
    town.book.put("r1", ANNA);
    town.settle().await;
    town.book.inner.lock().unwrap().broken = true;
    let report = town.run(&full()).await.unwrap();
    assert!(report.sources[0].problem.is_some());
    assert!(town.sync.run_in_background().await.is_err());
    assert_eq!(town.known(&[ANNA]).len(), 1);
}

#[tokio::test]
async fn no_bsn_is_in_the_database_in_readable_form() {
    let town = Town::new(agreement());
    town.book.put("r1", ANNA);
    *town.oracle.down.lock().unwrap() = true;
    town.run(&SyncOptions::default()).await.unwrap();
    let mut bytes = Vec::new();
    for file in std::fs::read_dir(town.folder.path()).unwrap() {
        bytes.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    assert!(!bytes.windows(9).any(|window| window == ANNA.as_bytes()));
    assert_eq!(town.sync.status().await.unwrap().waiting, 1);
}

#[tokio::test]
async fn a_row_that_is_there_and_cannot_be_used_keeps_its_pointer() {
    let town = Town::new(agreement());
    town.book.put("r1", ANNA);
    town.book.put("r2", BRAM);
    town.settle().await;
    {
        let mut inner = town.book.inner.lock().unwrap();
        inner.records.clear();
        let record = Some((attendance(), LocalId::new("r1").unwrap()));
        let reason = "the birth date cannot be used".into();
        inner.refused = vec![RefusedRow { origin: "som.csv".into(), row: Some(2), reason, record }];
    }
    for _ in 0..2 {
        town.run(&full()).await.unwrap();
        assert_eq!(town.known(&[ANNA, BRAM]), [format!("nl.bsn:{ANNA}")].into());
    }
    town.book.inner.lock().unwrap().refused.clear();
    town.run(&full()).await.unwrap();
    assert_eq!(town.known(&[ANNA, BRAM]).len(), 0, "a row that is not there any more is gone");
}

#[tokio::test]
async fn after_rows_that_nobody_can_place_the_source_is_asked_about_each_missing_record() {
    let town = Town::new(agreement());
    town.book.put("r1", ANNA);
    town.book.put("r2", BRAM);
    town.settle().await;
    {
        let mut inner = town.book.inner.lock().unwrap();
        inner.records.clear();
        inner.unusable.insert("r1".into());
        let row =
            RefusedRow { origin: "som.csv".into(), row: Some(2), reason: "no BSN".into(), record: None };
        inner.refused = vec![row];
    }
    town.run(&full()).await.unwrap();
    assert_eq!(town.known(&[ANNA, BRAM]), [format!("nl.bsn:{ANNA}")].into());
}

#[tokio::test]
async fn the_status_counts_per_source_what_the_switchboard_has() {
    let town = Town::new(agreement());
    many(&town, 4);
    town.settle().await;
    town.book.remove("r000");
    town.run(&SyncOptions::default()).await.unwrap();
    assert_eq!(town.sync.status().await.unwrap().sources[0].registered, 3);
}

#[tokio::test]
async fn the_log_says_through_links_which_records_a_run_was_about() {
    let town = Town::new(agreement());
    town.book.put("r1", ANNA);
    town.settle().await;
    let handle =
        *town.switchboard.0.lock().unwrap().live.values().map(|(_, handle, _)| handle).next().unwrap();
    let store = &town.sync.parts.store;
    let links = store.read_blocking(move |tables| tables.links_of(handle, None, 100)).unwrap();
    assert_eq!(links.len(), 2, "it arrived, and it was registered");
    let entries = store.read_blocking(|tables| tables.ledger_entries(0, 100)).unwrap();
    for (index, reference) in links {
        let record = entries[index as usize].record.as_ref().unwrap().as_str();
        let record: kw_ledger::AccessRecord = serde_json::from_str(record).unwrap();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, reference.as_bytes());
        let hexadecimals = record.subjects.unwrap();
        let bytes: Vec<u8> =
            (0..64).step_by(2).map(|at| u8::from_str_radix(&hexadecimals[at..at + 2], 16).unwrap()).collect();
        assert_eq!(bytes, digest.as_ref());
    }
}

use std::time::Duration;

use kw_domain::Oin;
use kw_ledger::Event;
use kw_protocol::feedback::{FeedbackOutcome, FeedbackStatus as S, MOST_RECEIVED};

use super::*;
use crate::feedback::Listed;
use crate::testing::{holder, requester};

#[tokio::test]
async fn a_status_is_told_although_the_process_was_killed_right_after_it_was_set() {
    let mut desk = Desk::new().await;
    let id = desk.received().await.id;
    *desk.board.down.lock().unwrap() = true;
    desk.by_holder(id, status(S::InProgress)).await.unwrap();
    desk.feedback.tell().await.unwrap();
    assert_eq!(desk.board.statuses(), []);
    desk.restart();
    *desk.board.down.lock().unwrap() = false;
    desk.feedback.tell().await.unwrap();
    assert_eq!(desk.board.statuses(), [(S::Reported, false), (S::InProgress, false)]);
    let told = desk.board.told.lock().unwrap().clone();
    assert!(told[0].since < told[1].since && told.iter().all(|told| told.reporter == requester()));
    desk.feedback.tell().await.unwrap();
    assert_eq!(desk.board.statuses().len(), 2, "each once");
}

#[tokio::test]
async fn while_the_switchboard_is_away_it_is_not_asked_all_the_time() {
    let desk = Desk::new().await;
    desk.received().await;
    *desk.board.down.lock().unwrap() = true;
    desk.feedback.tell().await.unwrap();
    *desk.board.down.lock().unwrap() = false;
    desk.feedback.tell().await.unwrap();
    assert_eq!(desk.board.statuses(), [], "not before the wait is over");
    desk.town.clock.advance(Duration::from_secs(6));
    desk.feedback.tell().await.unwrap();
    assert_eq!(desk.board.statuses().len(), 1);
}

#[tokio::test]
async fn what_nobody_takes_up_in_time_is_noticed_once() {
    let desk = Desk::new().await;
    let view = desk.received().await;
    let taken = desk.received().await;
    desk.by_holder(taken.id, status(S::InProgress)).await.unwrap();
    desk.feedback.watch().await.unwrap();
    desk.feedback.tell().await.unwrap();
    let before = desk.board.statuses().len();
    desk.town.clock.advance(view.take_up_by.since(desk.town.clock_now()));
    desk.feedback.watch().await.unwrap();
    desk.feedback.watch().await.unwrap();
    desk.feedback.tell().await.unwrap();
    assert_eq!(desk.board.statuses()[before..], [(S::Reported, true)]);
    let (counts, _) = desk.feedback.counts().await.unwrap();
    assert_eq!((counts.open, counts.overdue), (2, 1));
    let overdue = kw_protocol::feedback::FeedbackListed { overdue: Some(true), ..Default::default() };
    let listed = desk.feedback.list(Listed::parse(&overdue, desk.town.clock_now()).unwrap()).await.unwrap();
    assert_eq!(listed.reports.iter().map(|one| one.id).collect::<Vec<_>>(), [view.id]);
}

#[tokio::test]
async fn when_values_were_wrong_everybody_who_received_them_is_told_of_their_own_pulls() {
    let mut desk = Desk::new().await;
    let (first, second) = (desk.town.claims(), desk.town.claims());
    desk.town.answer(&desk.town.pull(&first, None)).await.unwrap();
    desk.town.answer(&desk.town.pull(&second, None)).await.unwrap();
    desk.town.answer_to(Some("2012-05-21")).await.unwrap_err();
    let id = desk.received().await.id;
    desk.by_holder(id, status(S::InProgress)).await.unwrap();
    let upheld = NewAnnotation { outcome: Some(FeedbackOutcome::Upheld), ..status(S::Settled) };
    desk.by_holder(id, upheld).await.unwrap();
    desk.restart();
    // What is delivered from now on is mended.
    desk.town.clock.advance(Duration::from_secs(1));
    desk.town.answer_to(None).await.unwrap();
    desk.feedback.tell().await.unwrap();
    let corrected = desk.board.corrected.lock().unwrap().clone();
    let [correction] = corrected.as_slice() else { panic!("one message: {corrected:?}") };
    assert_eq!((correction.report, correction.category.as_str()), (id, "school-attendance"));
    let told: Vec<_> = correction.received.iter().map(|one| (one.recipient, one.transaction)).collect();
    assert_eq!(told, [(requester(), first.txn), (requester(), second.txn)]);
    let record = desk.records().into_iter().find(|record| record.event == Event::CorrectionTold).unwrap();
    assert_eq!(record.count, Some(2));
}

#[tokio::test]
async fn many_recipients_are_told_in_parts() {
    let desk = Desk::new().await;
    for _ in 0..=MOST_RECEIVED {
        // More than the numbers that tell grants of one moment apart.
        desk.town.clock.advance(Duration::from_millis(1));
        desk.town.answer_to(None).await.unwrap();
    }
    let id = desk.received().await.id;
    desk.by_holder(id, status(S::InProgress)).await.unwrap();
    let partly = NewAnnotation {
        outcome: Some(FeedbackOutcome::PartlyUpheld),
        note: Some("One of the two.".into()),
        ..status(S::Settled)
    };
    desk.by_holder(id, partly).await.unwrap();
    desk.feedback.tell().await.unwrap();
    let sizes: Vec<_> = desk.board.corrected.lock().unwrap().iter().map(|one| one.received.len()).collect();
    assert_eq!(sizes, [MOST_RECEIVED, 1]);
}

#[tokio::test]
async fn a_report_that_ended_long_ago_is_forgotten_with_all_that_belongs_to_it() {
    let desk = Desk::new().await;
    let mut report = desk.report();
    report.attachments = vec![pdf(10)];
    let ended = desk.send(desk.submission(report)).await.unwrap().id;
    desk.by_reporter(ended, status(S::Withdrawn)).await.unwrap();
    let open = desk.received().await.id;
    desk.town.clock.advance(Duration::from_hours(24));
    desk.feedback.forget(desk.town.clock_now()).await.unwrap();
    let listed = desk
        .feedback
        .list(
            Listed::parse(&kw_protocol::feedback::FeedbackListed::default(), desk.town.clock_now()).unwrap(),
        )
        .await
        .unwrap();
    assert_eq!(listed.reports.iter().map(|one| one.id).collect::<Vec<_>>(), [open]);
}

#[tokio::test]
async fn the_list_goes_on_where_the_page_before_ended() {
    let desk = Desk::new().await;
    for _ in 0..5 {
        desk.received().await;
    }
    let mut asked = kw_protocol::feedback::FeedbackListed { limit: Some(2), ..Default::default() };
    let mut seen = Vec::new();
    loop {
        let page = desk.feedback.list(Listed::parse(&asked, desk.town.clock_now()).unwrap()).await.unwrap();
        seen.extend(page.reports.iter().map(|one| one.id));
        let Some(next) = page.next_cursor else { break };
        asked.cursor = Some(next);
    }
    let unique: std::collections::BTreeSet<_> = seen.iter().copied().collect();
    assert_eq!((seen.len(), unique.len()), (5, 5));
    asked.limit = Some(0);
    asked.cursor = Some("?".into());
    assert_eq!(Listed::parse(&asked, desk.town.clock_now()).unwrap_err().fields().len(), 2);
}

#[tokio::test]
async fn a_note_without_another_status_is_told_of_and_nothing_that_it_says() {
    let desk = Desk::new().await;
    let id = desk.received().await.id;
    let note = |words: &str| NewAnnotation { note: Some(words.into()), ..NewAnnotation::default() };
    desk.town.clock.advance(Duration::from_secs(1));
    desk.by_holder(id, note("Which passport was that?")).await.unwrap();
    desk.town.clock.advance(Duration::from_secs(1));
    desk.by_reporter(id, note("The one of 2024.")).await.unwrap();
    desk.by_reporter(id, note("The one of 2024.")).await.unwrap();
    desk.feedback.tell().await.unwrap();
    assert_eq!(desk.board.statuses(), [(S::Reported, false); 3], "the same words twice are one note");
    let told = desk.board.told.lock().unwrap().clone();
    assert!(told.is_sorted_by(|one, next| one.annotated_at < next.annotated_at), "{told:?}");
    assert!(told.iter().all(|one| one.since == told[0].since), "{told:?}");
    let text = serde_json::to_string(&told).unwrap();
    assert!(!text.contains("passport") && !text.contains("2024."), "{text}");
}

#[tokio::test]
async fn who_a_report_was_taken_over_from_leaves_it_to_the_new_handler_to_tell_of_it() {
    let desk = Desk::new().await;
    let elsewhere = Oin::parse("00000099000000013000").unwrap();
    let wrong = NewAnnotation { handler: Some(elsewhere), ..status(S::WrongHolder) };
    let taken_by = |handler| NewAnnotation { handler: Some(handler), ..status(S::Reported) };
    let gone = desk.received().await.id;
    desk.by_holder(gone, wrong.clone()).await.unwrap();
    desk.by_reporter(gone, taken_by(elsewhere)).await.unwrap();
    let note = NewAnnotation { note: Some("Thank you.".into()), ..NewAnnotation::default() };
    desk.by_reporter(gone, note).await.unwrap();
    desk.feedback.tell().await.unwrap();
    assert_eq!(desk.board.statuses(), [(S::Reported, false), (S::WrongHolder, false)]);
    // Sent back, it is this holder's again.
    let back = desk.received().await.id;
    desk.by_holder(back, wrong).await.unwrap();
    desk.by_reporter(back, taken_by(holder())).await.unwrap();
    desk.feedback.tell().await.unwrap();
    assert_eq!(desk.board.statuses()[4..], [(S::Reported, false)]);
}

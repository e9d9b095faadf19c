use kw_domain::Oin;
use kw_ledger::Event;
use kw_protocol::feedback::{FeedbackOutcome, FeedbackSide, FeedbackStatus as S};

use super::*;
use crate::testing::{holder, requester};

#[tokio::test]
async fn a_report_is_taken_up_planned_and_settled_and_everything_that_was_said_stays() {
    let desk = Desk::new().await;
    let id = desk.received().await.id;
    desk.by_holder(id, status(S::InProgress)).await.unwrap();
    let planned_for = Some(Instant::parse("2026-12-01T10:00:00Z").unwrap());
    let planned = NewAnnotation { planned_for, ..status(S::Planned) };
    assert_eq!(desk.by_holder(id, planned).await.unwrap().planned_for, planned_for);
    let note = NewAnnotation { note: Some("Hurry, please.".into()), ..NewAnnotation::default() };
    desk.by_reporter(id, note).await.unwrap();
    let settled = NewAnnotation {
        outcome: Some(FeedbackOutcome::Rejected),
        note: Some("The deed says Jansen.".into()),
        ..status(S::Settled)
    };
    let view = desk.by_holder(id, settled.clone()).await.unwrap();
    assert_eq!((view.status, view.outcome), (S::Settled, Some(FeedbackOutcome::Rejected)));
    let said: Vec<_> = view.annotations.iter().map(|one| (one.side, one.content.status)).collect();
    let (ours, theirs) = (FeedbackSide::Holder, FeedbackSide::Reporter);
    let expected = [
        (theirs, Some(S::Reported)),
        (ours, Some(S::InProgress)),
        (ours, Some(S::Planned)),
        (theirs, None),
        (ours, Some(S::Settled)),
    ];
    assert_eq!(said, expected);
    assert_eq!(desk.by_holder(id, settled).await.unwrap(), view, "the same twice in a row is once");
    let records = desk.records();
    let changed: Vec<_> = records.iter().filter(|record| record.event == Event::FeedbackChanged).collect();
    assert_eq!(changed.len(), 4);
    assert!(changed.iter().all(|record| record.subject.is_some()));
    let actors: Vec<_> = changed.iter().map(|record| (record.party, record.actor.is_some())).collect();
    assert_eq!(actors, [(holder(), true), (holder(), true), (requester(), false), (holder(), true)]);
    assert!(!desk.town.database_holds("deed says"));
}

#[tokio::test]
async fn each_side_sets_its_own_statuses_in_their_order_and_hears_what_is_wrong() {
    let desk = Desk::new().await;
    let id = desk.received().await.id;
    let code = |refused: Result<FeedbackView, Refusal>| refused.unwrap_err().code();
    let settled = NewAnnotation { outcome: Some(FeedbackOutcome::Upheld), ..status(S::Settled) };
    assert_eq!(code(desk.by_holder(id, settled).await), ProblemCode::IllegalTransition);
    assert_eq!(code(desk.by_holder(id, status(S::Withdrawn)).await), ProblemCode::Invalid);
    assert_eq!(code(desk.by_reporter(id, status(S::InProgress)).await), ProblemCode::Invalid);
    assert_eq!(code(desk.by_holder(id, NewAnnotation::default()).await), ProblemCode::Invalid);
    let to_nobody = NewAnnotation {
        handler: Some(Oin::parse("00000099000000099000").unwrap()),
        ..status(S::WrongHolder)
    };
    let refusal = desk.by_holder(id, to_nobody).await.unwrap_err();
    assert_eq!(refusal.fields()[0].pointer, "/handler");
    let to_itself = NewAnnotation { handler: Some(holder()), ..status(S::WrongHolder) };
    assert_eq!(code(desk.by_holder(id, to_itself).await), ProblemCode::Invalid);
    let unknown = FeedbackId::new(desk.town.clock_now(), [99; 10]);
    assert_eq!(code(desk.by_holder(unknown, status(S::InProgress)).await), ProblemCode::NotFound);
    let stranger = crate::pulls::Caller { oin: holder(), ..caller() };
    let by = Annotator::Reporter(&stranger);
    assert_eq!(code(desk.feedback.annotate(id, by, status(S::Withdrawn)).await), ProblemCode::NotFound);
    assert_eq!(desk.by_reporter(id, status(S::Withdrawn)).await.unwrap().status, S::Withdrawn);
}

#[tokio::test]
async fn a_wrong_holder_names_another_and_the_reporter_says_who_took_it_over() {
    let desk = Desk::new().await;
    let id = desk.received().await.id;
    let elsewhere = Oin::parse("00000099000000013000").unwrap();
    let wrong = NewAnnotation { handler: Some(elsewhere), ..status(S::WrongHolder) };
    let view = desk.by_holder(id, wrong).await.unwrap();
    assert_eq!((view.status, view.handler.oin), (S::WrongHolder, holder()));
    let over = NewAnnotation { handler: Some(elsewhere), ..status(S::Reported) };
    let view = desk.by_reporter(id, over).await.unwrap();
    assert_eq!((view.status, view.handler.oin), (S::Reported, elsewhere));
    let refused = desk.by_holder(id, status(S::InProgress)).await.unwrap_err();
    assert_eq!(refused.code(), ProblemCode::IllegalTransition);
    let mut report = desk.report();
    report.sent_on_by = Some(elsewhere);
    let taken = desk.send(desk.submission(report)).await.unwrap();
    assert_eq!((taken.sent_on_by, taken.status), (Some(elsewhere), S::Reported));
}

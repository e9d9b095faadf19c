use std::sync::atomic::Ordering;
use std::time::Duration;

use kw_domain::Oin;
use kw_ledger::{Event, Verdict};
use kw_protocol::SecretBytes32;
use kw_protocol::feedback::{FeedbackSide, FeedbackStatus};
use kw_pseudonym::Binding;

use super::*;
use crate::feedback::Reader;
use crate::testing::{agreement_with, holder, requester};

#[tokio::test]
async fn a_report_is_recorded_stored_sealed_and_shown_to_both_sides() {
    let desk = Desk::new().await;
    let mut report = desk.report();
    report.attachments = vec![pdf(1_000)];
    let claims = desk.town.claims();
    let view = desk.send(desk.submission_under(&claims, report.clone(), None)).await.unwrap();
    assert_eq!(
        (view.status, view.reporter.oin, view.holder.oin),
        (FeedbackStatus::Reported, requester(), holder())
    );
    assert_eq!((view.handler.oin, view.source.as_ref()), (holder(), None));
    assert_eq!(view.attributes, report.attributes);
    // 21 November 2026 is a Saturday: five working days later it is Friday.
    assert_eq!(view.take_up_by.to_string(), "2026-11-27T23:00:00.000Z");
    assert!(!view.overdue);
    let [first] = view.annotations.as_slice() else { panic!("the report itself") };
    assert_eq!((first.side, first.party), (FeedbackSide::Reporter, requester()));
    assert_eq!(first.content.note.as_deref(), Some("Seen on the passport."));
    assert_eq!(first.content.contact.as_ref().unwrap().name, "J. Jansen");
    assert_eq!((view.attachments[0].size, view.attachments[0].name.as_str()), (1_000, "passport.pdf"));

    let agreement = desk.town.agreement.current();
    let own = desk.feedback.view(view.id, &agreement, Reader::Holder).await.unwrap();
    assert_eq!(own.source.unwrap().as_str(), "som");
    let other = Reader::Reporter(Oin::parse("00000099000000013000").unwrap());
    let refused = desk.feedback.view(view.id, &agreement, other).await.unwrap_err();
    assert_eq!(refused.code(), ProblemCode::NotFound);

    let records = desk.records();
    let [record] = records.as_slice() else { panic!("one record") };
    assert_eq!((record.event, record.party), (Event::FeedbackReceived, requester()));
    assert_eq!((record.decision.verdict, record.count), (Verdict::Allowed, Some(1)));
    assert_eq!(record.transaction, Some(claims.txn));
    assert_eq!(record.actor.as_ref().unwrap().id.as_str(), "j.jansen");
    assert!(record.subject.is_some(), "the person can be told who reported about them");
    assert!(record.legal_basis.is_some() && record.purpose.is_some());

    let file = desk.feedback.attachment(view.id, view.attachments[0].id, None, &trace()).await.unwrap();
    assert_eq!(file.content, report.attachments[0].content);
    assert_eq!(desk.records().last().unwrap().event, Event::FeedbackRead);
    for text in ["Janssen", "Z-2026-17", "passport", "j.jansen@", "/person/familyName", "%PDF"] {
        assert!(!desk.town.database_holds(text), "{text} stands in the database");
    }
}

#[tokio::test]
async fn a_grant_of_one_kind_opens_nothing_of_the_other() {
    let desk = Desk::new().await;
    let claims = desk.town.claims();
    let mut submission = desk.submission_under(&claims, desk.report(), None);
    let pull = desk.town.pull(&claims, None);
    submission.grant.clone_from(&pull.grant);
    submission.subject_proofs.clone_from(&pull.subject_proofs);
    assert_eq!(desk.refused(submission).await, ProblemCode::GrantRefused);
    let feedback_grant = desk.town.signer.sign(&desk.town.claims().opening(FeedbackProperties));
    let pull = desk.town.pull_with(feedback_grant, None);
    assert_eq!(desk.town.answer(&pull).await.unwrap_err(), ProblemCode::GrantRefused);
    let reasons = desk.town.reasons();
    assert!(reasons.iter().all(|reason| reason.as_deref() == Some("grant-type")), "{reasons:?}");
}

#[tokio::test]
async fn who_may_not_pull_may_not_report() {
    let desk = Desk::new().await;
    let with = |change: &dyn Fn(&mut GrantClaims)| {
        let mut claims = desk.town.claims();
        change(&mut claims);
        desk.submission_under(&claims, desk.report(), None)
    };
    let elsewhere = Oin::parse("00000099000000013000").unwrap();
    assert_eq!(
        desk.refused(with(&|claims| claims.cnf.x5t_s256.0 = [1; 32])).await,
        ProblemCode::GrantRefused
    );
    assert_eq!(desk.refused(with(&|claims| claims.aud = elsewhere)).await, ProblemCode::GrantRefused);
    assert_eq!(desk.refused(with(&|claims| claims.sub = elsewhere)).await, ProblemCode::GrantRefused);
    assert_eq!(desk.refused(with(&|claims| claims.exp = claims.iat - 60)).await, ProblemCode::GrantRefused);
    assert_eq!(desk.refused(with(&|claims| claims.log = None)).await, ProblemCode::GrantRefused);
    let unknown = kw_domain::Handle::from_bytes([9; 16]);
    assert_eq!(desk.refused(with(&|claims| claims.prp.hdl = unknown)).await, ProblemCode::GrantRefused);
    let mut actor = with(&|_| ());
    actor.actor.id = ActorId::parse("p.pieters").unwrap();
    assert_eq!(desk.refused(actor).await, ProblemCode::ActorMismatch);
    let mut wrong_person = with(&|_| ());
    let proof = Binding::from_bytes(&[9; 32]).subject_proof(&wrong_person.grant);
    wrong_person.subject_proofs[0].proof = SecretBytes32(proof);
    assert_eq!(desk.refused(wrong_person.clone()).await, ProblemCode::SubjectMismatch);
    let mut again = wrong_person.clone();
    again.subject_proofs = with(&|_| ()).subject_proofs;
    assert_eq!(desk.refused(again).await, ProblemCode::GrantReused, "a wrong guess uses the grant up");
    let mut denied = with(&|_| ());
    denied.actor.role = Role::parse("youth-doctor").unwrap();
    let mut claims = desk.town.claims();
    claims.prp.actor_hash.0 = crate::grants::actor_hash(&crate::testing::SALT, &denied.actor).unwrap();
    let mut of_role = desk.submission_under(&claims, desk.report(), None);
    of_role.actor = denied.actor;
    assert_eq!(desk.refused(of_role).await, ProblemCode::Denied);
    assert!(
        desk.records()
            .iter()
            .all(|record| record.event == Event::FeedbackReceived
                && record.decision.verdict == Verdict::Denied)
    );
    assert_eq!(desk.town.fetched(), 0, "the source was not asked");
}

#[tokio::test]
async fn a_birth_date_is_proven_where_a_pull_would_demand_it() {
    let desk = Desk::with(agreement_with(|draft| {
        draft.categories.get_mut("school-attendance").unwrap().birth_date_required = true;
    }))
    .await;
    let sent = async |born| {
        let submission = desk.submission_under(&desk.town.claims(), desk.report(), born);
        desk.send(submission).await.map(drop).map_err(|refusal| refusal.code())
    };
    assert_eq!(sent(None).await, Err(ProblemCode::BirthDateRequired));
    assert_eq!(sent(Some("2012-05-21")).await, Err(ProblemCode::BirthDateMismatch));
    assert_eq!(sent(Some("2012-05-20")).await, Ok(()));
}

#[tokio::test]
async fn all_mistakes_are_told_at_once_and_cost_no_grant() {
    let desk = Desk::new().await;
    let claims = desk.town.claims();
    let mut report = desk.report();
    report.doubt.strong_suspicion = false;
    report.attributes[0].pointer = "/secret".into();
    report.observed_at = Some(Instant::parse("2027-01-01T00:00:00Z").unwrap());
    report.sent_on_by = Some(Oin::parse("00000099000000099000").unwrap());
    let mut disguised = pdf(100);
    disguised.media_type = "image/png".into();
    disguised.name = "passport.png".into();
    report.attachments = vec![disguised];
    let refusal = desk.send(desk.submission_under(&claims, report, None)).await.unwrap_err();
    assert_eq!(refusal.code(), ProblemCode::Invalid);
    let places: Vec<_> = refusal.fields().iter().map(|field| field.pointer.as_str()).collect();
    let expected = [
        "/report/doubt/strongSuspicion",
        "/report/attributes/0/pointer",
        "/report/observedAt",
        "/report/sentOnBy",
        "/report/attachments/0/content",
    ];
    assert_eq!(places, expected);
    desk.send(desk.submission_under(&claims, desk.report(), None)).await.unwrap();
}

#[tokio::test]
async fn sending_a_report_twice_is_reporting_once_and_another_under_its_id_is_refused() {
    let mut desk = Desk::new().await;
    let report = desk.report();
    let submission = desk.submission(report.clone());
    let first = desk.send(submission.clone()).await.unwrap();
    desk.restart();
    assert_eq!(desk.send(submission.clone()).await.unwrap(), first, "the same request");
    assert_eq!(desk.send(desk.submission(report.clone())).await.unwrap(), first, "under a new grant");
    let mut other = report;
    other.explanation = None;
    assert_eq!(desk.refused(desk.submission(other)).await, ProblemCode::Conflict);
    let mut under_the_same_grant = submission;
    under_the_same_grant.report = desk.report();
    assert_eq!(desk.refused(under_the_same_grant).await, ProblemCode::GrantReused);
    desk.feedback.tell().await.unwrap();
    assert_eq!(desk.board.statuses(), [(FeedbackStatus::Reported, false)]);
}

#[tokio::test]
async fn a_reporter_has_so_many_open_reports_about_one_record_and_no_more() {
    let desk = Desk::new().await;
    for _ in 0..20 {
        desk.received().await;
    }
    assert_eq!(desk.refused(desk.submission(desk.report())).await, ProblemCode::TooMany);
}

#[tokio::test]
async fn the_files_of_a_report_go_when_it_is_taken_back_and_some_time_after_it_ended() {
    let desk = Desk::new().await;
    let with_file = || FeedbackReport { attachments: vec![pdf(1_000)], ..desk.report() };
    let kept = |id| {
        let read = desk.feedback.pulls.store.read(move |tables| Ok(tables.feedback_attachments(id)?.len()));
        async move { read.await.unwrap() }
    };
    let bytes = || {
        let reporter = requester();
        let read = desk.feedback.pulls.store.read(move |tables| tables.feedback_bytes_of(reporter));
        async move { read.await.unwrap() }
    };
    let withdrawn = desk.send(desk.submission(with_file())).await.unwrap().id;
    assert!((1_000..2_000).contains(&bytes().await));
    desk.by_reporter(withdrawn, status(FeedbackStatus::Withdrawn)).await.unwrap();
    assert_eq!((kept(withdrawn).await, bytes().await), (0, 0));

    let ended = desk.send(desk.submission(with_file())).await.unwrap();
    let open = desk.send(desk.submission(with_file())).await.unwrap().id;
    let insufficient = NewAnnotation {
        note: Some("which street?".into()),
        ..status(FeedbackStatus::InsufficientInformation)
    };
    desk.by_holder(ended.id, insufficient).await.unwrap();
    desk.feedback.forget_files(ended.received_at).await.unwrap();
    assert_eq!(kept(ended.id).await, 1, "not yet");
    desk.feedback.forget_files(ended.received_at.plus(Duration::from_hours(1))).await.unwrap();
    assert_eq!((kept(ended.id).await, kept(open).await), (0, 1), "only of what is over");
}

#[tokio::test]
async fn without_a_record_nothing_is_taken() {
    let desk = Desk::new().await;
    desk.town.broken.store(true, Ordering::SeqCst);
    assert_eq!(desk.refused(desk.submission(desk.report())).await, ProblemCode::Unavailable);
    let found = desk.feedback.list(
        crate::feedback::Listed::parse(
            &kw_protocol::feedback::FeedbackListed::default(),
            desk.town.clock_now(),
        )
        .unwrap(),
    );
    assert!(found.await.unwrap().reports.is_empty());
}

#[tokio::test]
async fn what_is_doubted_is_under_investigation_until_the_report_ends() {
    let desk = Desk::new().await;
    let doubts = async || desk.town.answer_to(None).await.unwrap().provenance.under_investigation;
    let before = doubts().await;
    let mut report = desk.report();
    report.attributes[0].pointer = "/person/birthDate".into();
    let view = desk.send(desk.submission(report)).await.unwrap();
    let during = doubts().await;
    assert!(!before.contains(&"/person/birthDate".to_owned()), "{before:?}");
    assert_eq!(during, [before.clone(), vec!["/person/birthDate".to_owned()]].concat());
    desk.by_reporter(view.id, status(FeedbackStatus::Withdrawn)).await.unwrap();
    assert_eq!(doubts().await, before);
}

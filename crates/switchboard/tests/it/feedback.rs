//! Where feedback reports stand, and who is told of a correction: the two parties, the recipients, and nobody else.

use std::time::Duration;

use kw_domain::{Clock as _, FeedbackId, Instant, SystemClock, TransactionId};
use kw_ledger::Event;
use kw_protocol::feedback::{
    CorrectionReport, FeedbackRoute, FeedbackStatus as S, FeedbackStatusReport, MOST_RECEIVED, ReceivedBy,
};
use kw_protocol::problem::ProblemCode;
use kw_protocol::signal::{SignalType, SignalsAsked};
use kw_testbed::{Member, PostgresServer, RunningChain};

use crate::child::chain;
use crate::log;
use crate::signals::{feed, kinds};

fn told(holder: &Member, reporter: &Member, id: FeedbackId, status: S, since: Instant) -> FeedbackRoute {
    let (holder, reporter) = (holder.oin, reporter.oin);
    FeedbackRoute { id, holder, reporter, status, since, overdue: false, annotated_at: None }
}

fn message(route: &FeedbackRoute) -> FeedbackStatusReport {
    let FeedbackRoute { id, reporter, status, since, overdue, annotated_at, .. } = route.clone();
    FeedbackStatusReport { id, reporter, status, since, overdue, annotated_at }
}

async fn statuses_and_corrections_reach_who_they_concern(chain: RunningChain) {
    let (school, care) = (chain.member("school").unwrap(), chain.member("youth-care").unwrap());
    let health = chain.member("youth-health").unwrap();
    let (holder, reporter, other) =
        (school.switchboard().unwrap(), care.switchboard().unwrap(), health.switchboard().unwrap());
    let start = SystemClock.now().minus(Duration::from_mins(1));
    let id = FeedbackId::new(start, [7; 10]);

    let reported = told(&school, &care, id, S::Reported, start);
    assert_eq!(holder.tell_feedback_status(&message(&reported)).await.unwrap(), reported);
    assert_eq!(holder.tell_feedback_status(&message(&reported)).await.unwrap(), reported, "again is once");
    let late = FeedbackRoute { overdue: true, ..reported.clone() };
    assert_eq!(holder.tell_feedback_status(&message(&late)).await.unwrap(), late);
    // Something is said without another status, which is heard of too; and not of what was said before that.
    let later = start.plus(Duration::from_millis(1));
    let noted = FeedbackRoute { annotated_at: Some(later), ..late.clone() };
    let told_twice = [&noted, &noted];
    for said in told_twice {
        assert_eq!(holder.tell_feedback_status(&message(said)).await.unwrap(), noted);
    }
    let before = FeedbackRoute { annotated_at: Some(start), overdue: false, ..noted.clone() };
    assert_eq!(holder.tell_feedback_status(&message(&before)).await.unwrap(), noted);
    let settled = told(&school, &care, id, S::Settled, start.plus(Duration::from_millis(2)));
    let settled = FeedbackRoute { annotated_at: Some(later), ..settled };
    let code = |error: kw_client::ClientError| error.code().unwrap();
    let correction = CorrectionReport {
        report: id,
        category: "school-attendance".parse().unwrap(),
        received: vec![ReceivedBy { recipient: health.oin, transaction: TransactionId::new(start, [1; 10]) }],
    };
    let early = holder.tell_correction(&correction).await.unwrap_err();
    assert_eq!(code(early), ProblemCode::IllegalTransition, "nothing is settled yet");
    assert_eq!(holder.tell_feedback_status(&message(&settled)).await.unwrap(), settled);
    let older = told(&school, &care, id, S::InProgress, start.plus(Duration::from_millis(1)));
    assert_eq!(
        holder.tell_feedback_status(&message(&older)).await.unwrap(),
        settled,
        "what is older is late"
    );

    // Nobody else changes it, or reads it.
    let theirs = message(&told(&health, &care, id, S::Withdrawn, SystemClock.now()));
    let taken = other.tell_feedback_status(&theirs).await.unwrap_err();
    assert_eq!(code(taken), ProblemCode::Conflict);
    assert_eq!(holder.feedback_route(id).await.unwrap(), settled);
    assert_eq!(reporter.feedback_route(id).await.unwrap(), settled);
    assert_eq!(code(other.feedback_route(id).await.unwrap_err()), ProblemCode::NotFound);
    let mut wrong = message(&settled);
    wrong.reporter = "00000099000000099000".parse().unwrap();
    wrong.since = SystemClock.now().plus(Duration::from_hours(1));
    wrong.annotated_at = Some(wrong.since);
    let Err(kw_client::ClientError::Problem(refused)) = holder.tell_feedback_status(&wrong).await else {
        panic!("it must be refused");
    };
    let places: Vec<_> = refused.problem.errors.iter().map(|field| field.pointer.as_str()).collect();
    assert_eq!(places, ["/reporter", "/since", "/annotatedAt"]);

    // A correction, of the holder of a settled report only, and once.
    let not_theirs = other.tell_correction(&correction).await.unwrap_err();
    assert_eq!(code(not_theirs), ProblemCode::NotFound);
    assert_eq!(holder.tell_correction(&correction).await.unwrap().told, 1);
    assert_eq!(holder.tell_correction(&correction).await.unwrap().told, 0);
    let pull = correction.received[0].transaction;
    let seen = other.correction(pull).await.unwrap();
    assert_eq!((seen.holder, seen.transaction), (school.oin, pull));
    assert_eq!(code(reporter.correction(pull).await.unwrap_err()), ProblemCode::NotFound);
    let mut many = correction.clone();
    many.received = vec![many.received[0].clone(); MOST_RECEIVED + 1];
    many.category = "no-such-category".parse().unwrap();
    let Err(kw_client::ClientError::Problem(refused)) = holder.tell_correction(&many).await else {
        panic!("it must be refused");
    };
    assert_eq!(refused.problem.errors.len(), 2);

    let changed = SignalType::FeedbackChanged;
    for member in [&school, &care] {
        let page = feed(&chain, member).read(&SignalsAsked::default()).await.unwrap();
        assert_eq!(kinds(&page), [changed; 4]);
        assert!(page.signals.iter().all(|signal| signal.link == format!("/v1/feedback-reports/{id}")));
    }
    let page = feed(&chain, &health).read(&SignalsAsked::default()).await.unwrap();
    assert_eq!(kinds(&page), [SignalType::ValueCorrected]);
    assert_eq!(page.signals[0].link, format!("/v1/corrections/{pull}"));

    let records = log::records(&log::index(&chain).await).await;
    let count = |event| records.iter().filter(|record| record.event == event).count();
    assert_eq!((count(Event::FeedbackChanged), count(Event::CorrectionTold)), (4, 2));
    assert!(records.iter().all(|record| record.subject.is_none()), "nobody is named");
}

#[tokio::test]
async fn statuses_and_corrections_reach_who_they_concern_on_sqlite() {
    statuses_and_corrections_reach_who_they_concern(chain().start().unwrap()).await;
}

#[tokio::test]
async fn statuses_and_corrections_reach_who_they_concern_on_postgresql() {
    let server = PostgresServer::shared().unwrap();
    statuses_and_corrections_reach_who_they_concern(chain().postgres(&server).unwrap().start().unwrap())
        .await;
}

//! Where feedback reports stand, and who is told of a correction: the two parties, the recipients, and nobody else.

use std::time::Duration;

use kw_client::Entropy;
use kw_domain::{Clock as _, FeedbackId, Instant, SystemClock, TransactionId};
use kw_ledger::Event;
use kw_protocol::feedback::{
    CorrectionReport, FeedbackRoute, FeedbackStatus as S, FeedbackStatusReport, MOST_RECEIVED, ReceivedBy,
};
use kw_protocol::problem::ProblemCode;
use kw_protocol::query::{Query, QueryAct};
use kw_protocol::signal::{SignalType, SignalsAsked};
use kw_testbed::{Member, PostgresServer, RunningChain};

use crate::child::chain;
use crate::log;
use crate::signals::{feed, kinds, register};

fn told(holder: &Member, reporter: &Member, id: FeedbackId, status: S, since: Instant) -> FeedbackRoute {
    let (holder, reporter) = (holder.oin, reporter.oin);
    FeedbackRoute { id, holder, reporter, status, since, overdue: false, annotated_at: None }
}

fn message(route: &FeedbackRoute) -> FeedbackStatusReport {
    let FeedbackRoute { id, reporter, status, since, overdue, annotated_at, .. } = route.clone();
    FeedbackStatusReport { id, reporter, status, since, overdue, annotated_at, transaction: None }
}

/// The transaction of the grant for the only record of somebody.
async fn granted_to(member: &Member, number: u64, act: QueryAct) -> TransactionId {
    let query = Query { act, ..member.question(number).unwrap() };
    let transaction = TransactionId::new(SystemClock.now(), Entropy::system().bytes());
    let answer = member.switchboard().unwrap().query(&query, transaction).await.unwrap();
    assert_eq!(answer.holders.len(), 1);
    answer.holders[0].transaction
}

#[tokio::test]
async fn one_id_at_two_holders_is_two_reports() {
    let chain = chain().start().unwrap();
    let (school, care) = (chain.member("school").unwrap(), chain.member("youth-care").unwrap());
    let health = chain.member("youth-health").unwrap();
    let start = SystemClock.now().minus(Duration::from_mins(1));
    let id = FeedbackId::new(start, [7; 10]);
    for (holder, number) in [(&school, 1), (&health, 2)] {
        register(holder, number).await;
        let reported = told(holder, &care, id, S::Reported, start);
        let transaction = Some(granted_to(&care, number, QueryAct::Feedback).await);
        let first = FeedbackStatusReport { transaction, ..message(&reported) };
        let teller = holder.switchboard().unwrap();
        assert_eq!(teller.tell_feedback_status(&first).await.unwrap(), reported);
    }
    let taken_up = told(&health, &care, id, S::InProgress, start.plus(Duration::from_millis(1)));
    let settled = told(&health, &care, id, S::Settled, start.plus(Duration::from_millis(2)));
    let teller = health.switchboard().unwrap();
    for status in [&taken_up, &settled] {
        teller.tell_feedback_status(&message(status)).await.unwrap();
    }
    let reporter = care.switchboard().unwrap();
    assert_eq!(reporter.feedback_route(id, Some(health.oin)).await.unwrap(), settled);
    assert_eq!(reporter.feedback_route(id, None).await.unwrap(), settled, "the one that changed last");
    let at_school = reporter.feedback_route(id, Some(school.oin)).await.unwrap();
    assert_eq!(at_school.status, S::Reported);
    assert_eq!(school.switchboard().unwrap().feedback_route(id, None).await.unwrap(), at_school);
    // The correction of either reaches who pulled there.
    let pull = granted_to(&care, 2, QueryAct::View).await;
    let correction = CorrectionReport {
        report: id,
        category: health.category().unwrap(),
        received: vec![ReceivedBy { recipient: care.oin, transaction: pull }],
    };
    assert_eq!(teller.tell_correction(&correction).await.unwrap().told, 1);
    assert_eq!(reporter.correction(pull).await.unwrap().holder, health.oin);
}

async fn statuses_and_corrections_reach_who_they_concern(chain: RunningChain) {
    let (school, care) = (chain.member("school").unwrap(), chain.member("youth-care").unwrap());
    let health = chain.member("youth-health").unwrap();
    let (holder, reporter, other) =
        (school.switchboard().unwrap(), care.switchboard().unwrap(), health.switchboard().unwrap());
    let start = SystemClock.now().minus(Duration::from_mins(1));
    let id = FeedbackId::new(start, [7; 10]);
    register(&school, 1).await;
    let granted = granted_to(&care, 1, QueryAct::Feedback).await;
    let pull = granted_to(&health, 1, QueryAct::View).await;
    let code = |error: kw_client::ClientError| error.code().unwrap();

    // Nobody tells of a report that nobody had a grant for, under no transaction, another's, or one that is for a pull.
    let reported = told(&school, &care, id, S::Reported, start);
    let first = FeedbackStatusReport { transaction: Some(granted), ..message(&reported) };
    for transaction in [None, Some(TransactionId::new(start, [9; 10])), Some(pull)] {
        let invented = FeedbackStatusReport { transaction, ..first.clone() };
        let refused = holder.tell_feedback_status(&invented).await.unwrap_err();
        assert_eq!(code(refused), ProblemCode::Denied, "{transaction:?}");
    }
    let theirs = FeedbackStatusReport { reporter: health.oin, ..first.clone() };
    assert_eq!(code(holder.tell_feedback_status(&theirs).await.unwrap_err()), ProblemCode::Denied);
    assert_eq!(code(other.tell_feedback_status(&first).await.unwrap_err()), ProblemCode::Denied);
    let done = FeedbackStatusReport { status: S::Settled, ..first.clone() };
    assert_eq!(code(holder.tell_feedback_status(&done).await.unwrap_err()), ProblemCode::IllegalTransition);
    assert_eq!(holder.tell_feedback_status(&first).await.unwrap(), reported);
    let again = FeedbackStatusReport { id: FeedbackId::new(start, [8; 10]), ..first.clone() };
    let spent = holder.tell_feedback_status(&again).await.unwrap_err();
    assert_eq!(code(spent), ProblemCode::Denied, "one grant, one report");
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
    let taken_up = told(&school, &care, id, S::InProgress, start.plus(Duration::from_millis(1)));
    let settled = told(&school, &care, id, S::Settled, start.plus(Duration::from_millis(2)));
    let settled = FeedbackRoute { annotated_at: Some(later), ..settled };
    let correction = CorrectionReport {
        report: id,
        category: "school-attendance".parse().unwrap(),
        received: vec![ReceivedBy { recipient: health.oin, transaction: pull }],
    };
    let early = holder.tell_correction(&correction).await.unwrap_err();
    assert_eq!(code(early), ProblemCode::IllegalTransition, "nothing is settled yet");
    assert_eq!(holder.tell_feedback_status(&message(&settled)).await.unwrap(), settled);
    assert_eq!(
        holder.tell_feedback_status(&message(&taken_up)).await.unwrap(),
        settled,
        "what is older is late"
    );

    // What is over stays over.
    let back = told(&school, &care, id, S::Reported, start.plus(Duration::from_millis(3)));
    let refused = holder.tell_feedback_status(&message(&back)).await.unwrap_err();
    assert_eq!(code(refused), ProblemCode::IllegalTransition);
    let ahead = told(&school, &care, id, S::Settled, SystemClock.now().plus(Duration::from_secs(100)));
    assert_eq!(code(holder.tell_feedback_status(&message(&ahead)).await.unwrap_err()), ProblemCode::Invalid);

    // Nobody else changes it, or reads it.
    let theirs = message(&told(&health, &care, id, S::Withdrawn, SystemClock.now()));
    let taken = other.tell_feedback_status(&theirs).await.unwrap_err();
    assert_eq!(code(taken), ProblemCode::Denied);
    assert_eq!(holder.feedback_route(id, None).await.unwrap(), settled);
    assert_eq!(reporter.feedback_route(id, None).await.unwrap(), settled);
    assert_eq!(code(other.feedback_route(id, None).await.unwrap_err()), ProblemCode::NotFound);
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
    let of_theirs = CorrectionReport { category: health.category().unwrap(), ..correction.clone() };
    let not_theirs = other.tell_correction(&of_theirs).await.unwrap_err();
    assert_eq!(code(not_theirs), ProblemCode::NotFound);
    // Nobody hears of a pull that was not theirs, was not of this holder, or never was.
    let mut invented = correction.clone();
    let random = |number: u8| TransactionId::new(start, [number; 10]);
    invented.received = (1..=100)
        .flat_map(|number| {
            [&health, &care].map(|one| ReceivedBy { recipient: one.oin, transaction: random(number) })
        })
        .chain([ReceivedBy { recipient: care.oin, transaction: pull }])
        .skip(1)
        .collect();
    assert_eq!(holder.tell_correction(&invented).await.unwrap().told, 0);
    let alien = CorrectionReport { category: "youth-health".parse().unwrap(), ..correction.clone() };
    let refused = holder.tell_correction(&alien).await.unwrap_err();
    assert_eq!(code(refused), ProblemCode::Invalid, "not what the holder registers");
    assert_eq!(holder.tell_correction(&correction).await.unwrap().told, 1);
    assert_eq!(holder.tell_correction(&correction).await.unwrap().told, 0);
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

    // Each pull is charged, and not each message: what was invented above is on the bill as well.
    let mut flooding = 0;
    let refused = loop {
        match holder.tell_correction(&invented).await {
            Ok(_) => flooding += 1,
            Err(error) => break error,
        }
        assert!(flooding < 10, "it never ends");
    };
    assert_eq!(code(refused), ProblemCode::BudgetExhausted);
    assert_eq!(holder.tell_correction(&correction).await.unwrap().told, 0, "what was told costs nothing");

    let changed = SignalType::FeedbackChanged;
    for member in [&school, &care] {
        let mut page = feed(&chain, member).read(&SignalsAsked::default()).await.unwrap();
        // The questions were asked with a reason, which is reviewed.
        page.signals.retain(|signal| signal.known() != Some(SignalType::ReviewDue));
        assert_eq!(kinds(&page), [changed; 4]);
        assert!(page.signals.iter().all(|signal| signal.link == format!("/v1/feedback-reports/{id}")));
    }
    let mut page = feed(&chain, &health).read(&SignalsAsked::default()).await.unwrap();
    page.signals.retain(|signal| signal.known() != Some(SignalType::ReviewDue));
    assert_eq!(kinds(&page), [SignalType::ValueCorrected]);
    assert_eq!(page.signals[0].link, format!("/v1/corrections/{pull}"));

    let records = log::records(&log::index(&chain).await).await;
    let count = |event| records.iter().filter(|record| record.event == event).count();
    assert_eq!((count(Event::FeedbackChanged), count(Event::CorrectionTold)), (4, 4 + flooding));
    let told = [Event::FeedbackChanged, Event::CorrectionTold];
    let mut of_reports = records.iter().filter(|record| told.contains(&record.event));
    assert!(of_reports.all(|record| record.subject.is_none()), "nobody is named");
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

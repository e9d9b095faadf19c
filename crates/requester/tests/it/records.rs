//! No access without its record.

use std::sync::Arc;
use std::time::Duration;

use kw_domain::SystemClock;
use kw_protocol::dossier::SectionStatus;
use kw_protocol::problem::ProblemCode;
use kw_requester::{AccessEvent, Limits, RecordError, RequestError};

use crate::chain::{CLINIC, Chain, SCHOOL, YOUTH_CARE, patient, question, subject};
use crate::holder::Behaviour;

#[actix_web::test]
async fn a_dossier_leaves_question_answer_and_the_outcome_of_every_pull() {
    let chain = Chain::start();
    chain.behave(SCHOOL, Behaviour::Refuse(ProblemCode::Denied));
    let dossier = chain.requester().dossier(&question()).await.unwrap();

    let events = chain.log.events();
    let [AccessEvent::Asked(asked), AccessEvent::Answered(answered), AccessEvent::Assembled(assembled)] =
        &events[..]
    else {
        panic!("{events:?}");
    };
    assert!(asked.subject == subject() && !asked.birth_date_given);
    assert_eq!(asked.transaction.to_string(), chain.switchboard.asked.lock().unwrap()[0].1);
    assert_eq!((answered.transaction, assembled.transaction), (asked.transaction, asked.transaction));
    assert_eq!((answered.query, &answered.receipt), (dossier.query, &dossier.receipt));
    assert!(answered.disclosed.iter().all(|disclosure| disclosure.grant.is_some()));
    let pulled: Vec<_> = answered.disclosed.iter().map(|disclosure| disclosure.transaction).collect();
    let outcomes: Vec<_> = assembled.outcomes.iter().map(|outcome| outcome.transaction).collect();
    assert_eq!(pulled, outcomes);
    let granted: Vec<_> = answered.disclosed.iter().map(|disclosure| disclosure.grant).collect();
    let used: Vec<_> = assembled.outcomes.iter().map(|outcome| outcome.grant).collect();
    assert_eq!(granted, used);
    assert_eq!(assembled.outcomes[1].status, SectionStatus::Refused);
    assert_eq!(assembled.outcomes[1].reason.as_deref(), Some("denied"));
    assert!(!assembled.complete);
}

#[actix_web::test]
async fn a_lookup_leaves_question_and_answer() {
    let chain = Chain::start();
    let lookup = chain.requester().lookup(&question(), Duration::from_secs(10)).await.unwrap();
    assert_eq!(chain.log.kinds(), ["asked", "answered"]);
    let holders: Vec<_> = lookup.holders.iter().map(|one| one.holder.oin.as_str()).collect();
    assert_eq!(holders, [YOUTH_CARE.0, SCHOOL.0, CLINIC.0]);
    assert!(lookup.holders_may_be_withheld);
    assert!(chain.holder(SCHOOL).pulls.lock().unwrap().is_empty(), "a lookup pulls nothing");
}

#[actix_web::test]
async fn what_cannot_be_recorded_is_not_asked() {
    let chain = Chain::start();
    chain.log.fail_on("asked");
    let error = chain.requester().dossier(&question()).await.unwrap_err();
    assert_eq!(error, RequestError::Record(RecordError::Failed));
    assert_eq!(chain.queries(), 0);
}

#[actix_web::test]
async fn what_cannot_be_recorded_is_not_handed_out() {
    for kind in ["answered", "assembled"] {
        let chain = Chain::start();
        chain.log.fail_on(kind);
        let error = chain.requester().dossier(&question()).await.unwrap_err();
        assert_eq!(error, RequestError::Record(RecordError::Failed), "{kind}");
    }
    let chain = Chain::start();
    chain.log.fail_on("answered");
    let error = chain.requester().lookup(&question(), Duration::from_secs(10)).await.unwrap_err();
    assert_eq!(error, RequestError::Record(RecordError::Failed));
}

#[actix_web::test]
async fn a_log_that_hangs_refuses() {
    let chain = Chain::start();
    chain.log.delay(Duration::from_mins(1));
    let limits = Limits { record_timeout: Duration::from_millis(50), ..patient() };
    let requester = chain.requester_with(limits, Arc::new(SystemClock));
    let error = requester.dossier(&question()).await.unwrap_err();
    assert_eq!(error, RequestError::Record(RecordError::TimedOut));
    assert_eq!(chain.queries(), 0);
}

#[actix_web::test]
async fn a_question_without_an_answer_is_recorded_as_such() {
    let chain = Chain::start();
    *chain.switchboard.refuses.lock().unwrap() = Some(ProblemCode::Denied);
    chain.requester().dossier(&question()).await.unwrap_err();
    let events = chain.log.events();
    let [AccessEvent::Asked(_), AccessEvent::Unanswered(unanswered)] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(unanswered.reason, "denied");
}

#[actix_web::test]
async fn no_event_shows_the_subject_in_debug() {
    let chain = Chain::start();
    chain.requester().dossier(&question()).await.unwrap();
    let text = format!("{:?}", chain.log.events());
    assert!(!text.contains("999990342"), "{text}");
}

//! A holder that keeps failing is left alone, and found again when it is back.

use std::sync::Arc;
use std::time::Duration;

use kw_domain::{Clock as _, ManualClock, SystemClock};
use kw_protocol::dossier::{Section, SectionStatus};
use kw_protocol::problem::ProblemCode;
use kw_requester::{BreakerSettings, Limits, Requester};

use crate::chain::{Chain, SCHOOL, YOUTH_CARE, patient, question};
use crate::holder::Behaviour;

async fn school(requester: &Requester) -> Section {
    let mut dossier = requester.dossier(&question()).await.unwrap();
    dossier.sections.retain(|section| section.holder.oin.as_str() == SCHOOL.0);
    dossier.sections.remove(0)
}

#[actix_web::test]
async fn the_breaker_opens_after_failures_and_a_probe_closes_it() {
    let chain = Chain::start();
    chain.disclose(&[YOUTH_CARE, SCHOOL]);
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let breaker = BreakerSettings { threshold: 2, ..BreakerSettings::default() };
    let requester = chain.requester_with(Limits { breaker, ..patient() }, Arc::clone(&clock) as _);
    let pulls = || chain.holder(SCHOOL).pulls.lock().unwrap().len();

    chain.behave(SCHOOL, Behaviour::Refuse(ProblemCode::Fault));
    for _ in 0..2 {
        assert_eq!(school(&requester).await.reason.as_deref(), Some("fault"));
    }
    chain.behave(SCHOOL, Behaviour::Nothing);
    let rested = school(&requester).await;
    assert_eq!((rested.status, rested.reason.as_deref()), (SectionStatus::Unavailable, Some("circuit-open")));
    assert_eq!(pulls(), 2, "a holder that rests is not asked");

    clock.advance(Duration::from_secs(5));
    assert_eq!(school(&requester).await.status, SectionStatus::Nothing);
    assert_eq!(school(&requester).await.status, SectionStatus::Nothing);
    assert_eq!(pulls(), 4);
}

#[actix_web::test]
async fn refusals_never_open_the_breaker() {
    let chain = Chain::start();
    let breaker = BreakerSettings { threshold: 1, ..BreakerSettings::default() };
    let requester = chain.requester_with(Limits { breaker, ..patient() }, Arc::new(SystemClock));
    chain.behave(SCHOOL, Behaviour::Refuse(ProblemCode::Denied));
    for _ in 0..3 {
        assert_eq!(school(&requester).await.reason.as_deref(), Some("denied"));
    }
}

#[actix_web::test]
async fn another_agreement_keeps_the_breakers() {
    let chain = Chain::start();
    let breaker = BreakerSettings { threshold: 1, ..BreakerSettings::default() };
    let requester = chain.requester_with(Limits { breaker, ..patient() }, Arc::new(SystemClock));
    chain.behave(SCHOOL, Behaviour::Refuse(ProblemCode::Fault));
    school(&requester).await;
    let renewed = requester.under(Arc::clone(&chain.agreement)).unwrap();
    assert_eq!(school(&renewed).await.reason.as_deref(), Some("circuit-open"));
}

#[actix_web::test]
async fn a_probe_whose_asker_went_away_lets_the_next_one_go() {
    let chain = Chain::start();
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let breaker = BreakerSettings { threshold: 1, ..BreakerSettings::default() };
    let requester = chain.requester_with(Limits { breaker, ..patient() }, Arc::clone(&clock) as _);
    chain.behave(SCHOOL, Behaviour::Refuse(ProblemCode::Fault));
    school(&requester).await;
    clock.advance(Duration::from_secs(5));

    chain.behave(SCHOOL, Behaviour::Hang(Duration::from_secs(30)));
    let pulls = || chain.holder(SCHOOL).pulls.lock().unwrap().len();
    let question = question();
    let probing = requester.dossier(&question);
    tokio::select! {
        _ = probing => panic!("the probe hangs"),
        () = async { while pulls() < 2 { tokio::time::sleep(Duration::from_millis(5)).await } } => {}
    }
    chain.behave(SCHOOL, Behaviour::Nothing);
    assert_eq!(school(&requester).await.status, SectionStatus::Nothing);
}

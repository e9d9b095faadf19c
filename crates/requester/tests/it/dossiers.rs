//! What a dossier says of each holder.

use std::time::{Duration, Instant};

use kw_domain::{BirthDate, Category, Oin};
use kw_protocol::dossier::{Dossier, SectionStatus};
use kw_protocol::problem::ProblemCode;
use kw_protocol::pull::ComparedPrecision;
use kw_requester::Limits;
use serde_json::json;

use crate::chain::{CLINIC, Chain, Oddities, SCHOOL, TOWN, YOUTH_CARE, document, patient, question};
use crate::holder::Behaviour;

fn status(dossier: &Dossier, holder: (&str, &str)) -> (SectionStatus, Option<String>) {
    let section = dossier.sections.iter().find(|section| section.holder.oin.as_str() == holder.0).unwrap();
    (section.status, section.reason.clone())
}

fn because(status: SectionStatus, reason: &str) -> (SectionStatus, Option<String>) {
    (status, Some(reason.to_owned()))
}

#[actix_web::test]
async fn every_holder_that_delivers_has_its_document_and_the_dossier_is_complete() {
    let chain = Chain::start();
    chain.behave(SCHOOL, Behaviour::Nothing);
    let dossier = chain.requester().dossier(&question()).await.unwrap();

    assert!(dossier.complete && dossier.holders_may_be_withheld);
    let sections: Vec<_> = dossier
        .sections
        .iter()
        .map(|section| (section.holder.name.as_str(), section.category.as_str(), section.status))
        .collect();
    assert_eq!(
        sections,
        [
            ("Jeugdzorg Demostad", "youth-care-plan", SectionStatus::Delivered),
            ("Scholengroep De Linde", "school-attendance", SectionStatus::Nothing),
            (
                chain.agreement.partner(chain.holder(CLINIC).oin).unwrap().name.as_str(),
                "youth-health",
                SectionStatus::Delivered
            ),
        ]
    );
    assert_eq!(dossier.sections[0].document, Some(document("Ede")));
    assert_eq!(dossier.sections[1].document, None);
    assert!(dossier.differences.is_empty());
    assert_eq!(dossier.receipt.index, 7);
}

#[actix_web::test]
async fn a_person_that_nobody_knows_has_an_empty_dossier_that_says_so() {
    let chain = Chain::start();
    chain.disclose(&[]);
    let dossier = chain.requester().dossier(&question()).await.unwrap();
    assert!(dossier.sections.is_empty() && dossier.complete && dossier.holders_may_be_withheld);
}

#[actix_web::test]
async fn a_slow_holder_is_timed_out_and_does_not_hold_up_the_others() {
    let chain = Chain::start();
    let requester = chain.requester_with(
        Limits {
            deadline: Duration::from_secs(4),
            holder_timeout: Duration::from_secs(1),
            ..Limits::default()
        },
        std::sync::Arc::new(kw_domain::SystemClock),
    );
    requester.dossier(&question()).await.unwrap();

    chain.behave(SCHOOL, Behaviour::Hang(Duration::from_secs(30)));
    let begun = Instant::now();
    let dossier = requester.dossier(&question()).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    assert_eq!(status(&dossier, SCHOOL), (SectionStatus::TimedOut, None));
    assert_eq!(status(&dossier, YOUTH_CARE).0, SectionStatus::Delivered);
    assert!(!dossier.complete);
}

#[actix_web::test]
async fn the_deadline_of_the_whole_cuts_off_a_holder_that_may_take_longer() {
    let chain = Chain::start();
    let requester = chain.requester_with(
        Limits {
            deadline: Duration::from_secs(2),
            holder_timeout: Duration::from_secs(30),
            ..Limits::default()
        },
        std::sync::Arc::new(kw_domain::SystemClock),
    );
    chain.behave(CLINIC, Behaviour::Hang(Duration::from_secs(30)));
    let begun = Instant::now();
    let dossier = requester.dossier(&question()).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    assert_eq!(status(&dossier, CLINIC), (SectionStatus::TimedOut, None));
}

#[actix_web::test]
async fn a_dead_holder_is_unavailable() {
    let chain = Chain::start_with(Oddities { clinic_is_dead: true, ..Oddities::default() });
    let dossier = chain.requester().dossier(&question()).await.unwrap();
    assert_eq!(status(&dossier, CLINIC), because(SectionStatus::Unavailable, "unreachable"));
    assert_eq!(status(&dossier, SCHOOL).0, SectionStatus::Delivered);
    assert!(!dossier.complete);
}

#[actix_web::test]
async fn a_holder_with_another_partys_certificate_is_not_asked() {
    let chain = Chain::start_with(Oddities { clinic_is_impostor: true, ..Oddities::default() });
    let dossier = chain.requester().dossier(&question()).await.unwrap();
    assert_eq!(status(&dossier, CLINIC), because(SectionStatus::Unavailable, "certificate-refused"));
    assert!(chain.holder(CLINIC).pulls.lock().unwrap().is_empty());
}

#[actix_web::test]
async fn refusals_and_mix_ups_keep_their_names() {
    let chain = Chain::start();
    let requester = chain.requester();
    for (behaviour, expected) in [
        (Behaviour::Refuse(ProblemCode::Denied), because(SectionStatus::Refused, "denied")),
        (Behaviour::Refuse(ProblemCode::SubjectMismatch), (SectionStatus::SubjectMismatch, None)),
        (Behaviour::Refuse(ProblemCode::BirthDateMismatch), (SectionStatus::BirthDateMismatch, None)),
        (Behaviour::Refuse(ProblemCode::BirthDateUnknown), (SectionStatus::BirthDateUnknown, None)),
        (
            Behaviour::Refuse(ProblemCode::SourceUnavailable),
            because(SectionStatus::Unavailable, "source-unavailable"),
        ),
        (Behaviour::Garbage, because(SectionStatus::Malformed, "answer-malformed")),
        (Behaviour::Deliver(json!({"secret": 1})), because(SectionStatus::Malformed, "document-malformed")),
        (
            Behaviour::AsAnother(Oin::parse(CLINIC.0).unwrap()),
            because(SectionStatus::Malformed, "not-what-was-granted"),
        ),
        (
            Behaviour::OtherCategory(Category::parse("youth-health").unwrap()),
            because(SectionStatus::Malformed, "not-what-was-granted"),
        ),
    ] {
        chain.behave(SCHOOL, behaviour.clone());
        let dossier = requester.dossier(&question()).await.unwrap();
        assert_eq!(status(&dossier, SCHOOL), expected, "{behaviour:?}");
        let section =
            dossier.sections.iter().find(|section| section.holder.oin.as_str() == SCHOOL.0).unwrap();
        assert_eq!(section.document, None, "{behaviour:?}");
        assert!(!dossier.complete, "{behaviour:?}");
    }
}

#[actix_web::test]
async fn a_holder_whose_record_is_about_somebody_else_refuses() {
    let chain = Chain::start();
    let mut other = question();
    other.subject = kw_domain::Subject::parse("nl.bsn:999994086").unwrap();
    let dossier = chain.requester().dossier(&other).await.unwrap();
    for holder in [YOUTH_CARE, SCHOOL, CLINIC] {
        assert_eq!(status(&dossier, holder), (SectionStatus::SubjectMismatch, None));
    }
}

#[actix_web::test]
async fn birth_dates_are_proven_at_the_precision_that_both_have() {
    let chain = Chain::start();
    let requester = chain.requester();
    for (given, expected, compared) in [
        ("2012-05-03", SectionStatus::Delivered, Some(ComparedPrecision::Day)),
        ("2012-05-00", SectionStatus::Delivered, Some(ComparedPrecision::Month)),
        ("2012", SectionStatus::BirthDateUnknown, None),
        ("2012-05-04", SectionStatus::BirthDateMismatch, None),
        ("2012-06", SectionStatus::BirthDateMismatch, None),
    ] {
        let mut question = question();
        question.birth_date = Some(BirthDate::parse(given).unwrap());
        let dossier = requester.dossier(&question).await.unwrap();
        assert_eq!(status(&dossier, SCHOOL).0, expected, "{given}");
        assert_eq!(dossier.sections[1].birth_date_compared, compared, "{given}");
    }
}

#[actix_web::test]
async fn where_the_agreement_demands_a_birth_date_an_uncompared_document_is_not_shown() {
    let chain = Chain::start();
    chain.disclose(&[SCHOOL]);
    chain.behave(SCHOOL, Behaviour::Uncompared(document("Ede")));
    let mut question = question();
    question.purpose = kw_domain::Purpose::parse("enforce-attendance").unwrap();
    question.birth_date = Some(BirthDate::parse("2012-05-03").unwrap());
    let dossier = chain.requester().dossier(&question).await.unwrap();
    assert_eq!(status(&dossier, SCHOOL), because(SectionStatus::Malformed, "birth-date-not-compared"));
}

#[actix_web::test]
async fn values_on_which_holders_disagree_are_shown_side_by_side() {
    let chain = Chain::start();
    chain.behave(SCHOOL, Behaviour::Deliver(document("Tiel")));
    let dossier = chain.requester().dossier(&question()).await.unwrap();
    assert_eq!(dossier.differences.len(), 1);
    let difference = &dossier.differences[0];
    assert_eq!(difference.attribute, "city");
    assert_eq!(difference.authoritative, Some(Oin::parse(TOWN.0).unwrap()));
    let said: Vec<_> = difference.values.iter().map(|held| held.value.as_str().unwrap()).collect();
    assert_eq!(said, ["Ede", "Tiel", "Ede"]);
}

#[actix_web::test]
async fn holders_cannot_correlate_what_they_are_asked() {
    let chain = Chain::start();
    chain.requester().dossier(&question()).await.unwrap();
    let seen: Vec<_> = [YOUTH_CARE, SCHOOL, CLINIC]
        .into_iter()
        .map(|holder| chain.holder(holder).pulls.lock().unwrap()[0].clone())
        .collect();
    let query = chain.switchboard.asked.lock().unwrap()[0].1.clone();
    for (place, (transaction, trace)) in seen.iter().enumerate() {
        assert_ne!(*transaction, query);
        assert!(trace.starts_with("00-") && trace.len() == 55, "{trace}");
        for (other_transaction, other_trace) in &seen[place + 1..] {
            assert_ne!(transaction, other_transaction);
            assert_ne!(trace[3..35], other_trace[3..35]);
        }
    }
}

#[actix_web::test]
async fn connections_are_used_again() {
    let chain = Chain::start();
    let requester = chain.requester();
    let made = || chain.connections.load(std::sync::atomic::Ordering::SeqCst);
    requester.dossier(&question()).await.unwrap();
    let first = made();
    for _ in 0..3 {
        requester.dossier(&question()).await.unwrap();
    }
    assert_eq!(made(), first);
}

#[actix_web::test]
async fn no_more_pulls_run_at_the_same_time_than_the_limit_says() {
    for concurrency in [1, 2] {
        let chain = Chain::start();
        for holder in [YOUTH_CARE, SCHOOL, CLINIC] {
            chain.behave(holder, Behaviour::Hang(Duration::from_millis(300)));
        }
        let limits = Limits { concurrency, ..patient() };
        let requester = chain.requester_with(limits, std::sync::Arc::new(kw_domain::SystemClock));
        assert!(requester.dossier(&question()).await.unwrap().complete);
        assert_eq!(chain.load.lock().unwrap().1, concurrency);
    }
}

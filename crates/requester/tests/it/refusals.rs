//! When there is no dossier at all, or a part of the answer is not used.

use std::time::Duration;

use kw_client::{ClientError, PseudonymError};
use kw_domain::{Epoch, KeyUse};
use kw_protocol::dossier::SectionStatus;
use kw_protocol::problem::ProblemCode;
use kw_requester::{Limits, RequestError};

use crate::chain::{CLINIC, Chain, Oddities, SCHOOL, YOUTH_CARE, question};
use crate::switchboard::Tamper;

#[actix_web::test]
async fn an_index_that_fails_is_an_error_and_never_an_empty_dossier() {
    let chain = Chain::start();
    let requester = chain.requester();
    for code in [ProblemCode::Unavailable, ProblemCode::Denied, ProblemCode::Fault, ProblemCode::TooMany] {
        *chain.switchboard.refuses.lock().unwrap() = Some(code);
        let before = chain.queries();
        let error = requester.dossier(&question()).await.unwrap_err();
        assert!(matches!(&error, RequestError::Index(error) if error.code() == Some(code)), "{error:?}");
        assert_eq!(chain.queries(), before + 1, "a query is never repeated");
    }
}

#[actix_web::test]
async fn an_index_that_is_too_slow_is_an_error() {
    let chain = Chain::start();
    *chain.switchboard.delay.lock().unwrap() = Duration::from_secs(30);
    let limits = Limits { deadline: Duration::from_secs(1), ..Limits::default() };
    let requester = chain.requester_with(limits, std::sync::Arc::new(kw_domain::SystemClock));
    assert_eq!(requester.dossier(&question()).await.unwrap_err(), RequestError::TimedOut);
    let lookup = requester.lookup(&question(), Duration::from_secs(1)).await;
    assert_eq!(lookup.unwrap_err(), RequestError::TimedOut);
}

#[actix_web::test]
async fn a_pseudonymiser_that_uses_another_key_is_caught_before_anything_is_asked() {
    let chain = Chain::start();
    *chain.pseudonymiser.cheats.lock().unwrap() = true;
    let error = chain.requester().dossier(&question()).await.unwrap_err();
    let RequestError::Pseudonym(PseudonymError::ProofRefused { epoch, .. }) = error else {
        panic!("{error:?}");
    };
    assert_eq!((epoch, chain.queries()), (Epoch(1), 0));
}

#[actix_web::test]
async fn keys_that_the_agreement_does_not_list_are_not_used() {
    let chain = Chain::start_with(Oddities { epochs: &[1, 2], listed: &[1], ..Oddities::default() });
    let lookup = chain.requester().lookup(&question(), Duration::from_secs(10)).await.unwrap();
    assert_eq!(lookup.holders.len(), 3);
    assert_eq!(chain.switchboard.asked.lock().unwrap()[0].0.subject.epoch, Epoch(1));
}

#[actix_web::test]
async fn the_newest_epoch_is_asked_and_the_one_before_when_the_switchboard_lacks_it() {
    let chain = Chain::start_with(Oddities { epochs: &[1, 2, 3], listed: &[1, 2, 3], ..Oddities::default() });
    let requester = chain.requester();
    let epochs = |chain: &Chain| -> Vec<u32> {
        chain.switchboard.asked.lock().unwrap().drain(..).map(|(query, _)| query.subject.epoch.0).collect()
    };
    assert!(requester.dossier(&question()).await.unwrap().complete);
    assert_eq!(epochs(&chain), [3]);

    *chain.switchboard.newest_epoch.lock().unwrap() = 2;
    assert!(requester.dossier(&question()).await.unwrap().complete);
    {
        let asked = chain.switchboard.asked.lock().unwrap();
        let expected = chain.pseudonymiser.element(&crate::chain::subject(), KeyUse::Index, 2);
        assert_eq!(asked[1].0.subject.element.0, expected.to_bytes());
    }
    assert_eq!(epochs(&chain), [3, 2]);

    *chain.switchboard.newest_epoch.lock().unwrap() = 1;
    let error = requester.dossier(&question()).await.unwrap_err();
    assert!(matches!(&error, RequestError::Index(error) if error.code() == Some(ProblemCode::EpochUnknown)));
    assert_eq!(epochs(&chain), [3, 2], "once more and no further");
}

#[actix_web::test]
async fn a_grant_that_is_not_for_this_pull_is_not_used() {
    let tampers: [Tamper; 6] = [
        |claims| claims.aud = claims.iss,
        |claims| claims.sub = claims.iss,
        |claims| claims.iss = claims.sub,
        |claims| claims.cnf.x5t_s256.0[0] ^= 1,
        |claims| claims.prp.cat.clear(),
        |claims| {
            claims.txn = kw_domain::TransactionId::new(kw_domain::Instant::from_millis(1), [1; 10]);
        },
    ];
    let chain = Chain::start();
    let requester = chain.requester();
    for (place, tamper) in tampers.into_iter().enumerate() {
        *chain.switchboard.tampers.lock().unwrap() = Some(tamper);
        let dossier = requester.dossier(&question()).await.unwrap();
        for section in &dossier.sections {
            let reason = section.reason.as_deref();
            assert_eq!(
                (section.status, reason),
                (SectionStatus::Malformed, Some("grant-malformed")),
                "{place}"
            );
        }
        assert!(!dossier.complete);
    }
    for holder in [YOUTH_CARE, SCHOOL, CLINIC] {
        assert!(chain.holder(holder).pulls.lock().unwrap().is_empty());
    }
}

#[actix_web::test]
async fn what_was_not_asked_for_is_not_pulled() {
    let chain = Chain::start();
    let mut question = question();
    question.categories = vec![kw_domain::Category::parse(SCHOOL.1).unwrap()];
    let dossier = chain.requester().dossier(&question).await.unwrap();
    let statuses: Vec<_> =
        dossier.sections.iter().map(|section| (section.status, section.reason.as_deref())).collect();
    assert_eq!(
        statuses,
        [
            (SectionStatus::Malformed, Some("not-asked")),
            (SectionStatus::Delivered, None),
            (SectionStatus::Malformed, Some("not-asked")),
        ]
    );
    assert!(chain.holder(CLINIC).pulls.lock().unwrap().is_empty());
}

#[actix_web::test]
async fn no_error_shows_the_subject_or_the_address() {
    let chain = Chain::start();
    *chain.switchboard.refuses.lock().unwrap() = Some(ProblemCode::Denied);
    let error = chain.requester().dossier(&question()).await.unwrap_err();
    let text = format!("{error} {error:?} {}", ClientError::Unreachable);
    assert!(!text.contains("999990342") && !text.contains("127.0.0.1"), "{text}");
}

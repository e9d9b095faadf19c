//! Questions of the partner's own systems.

use kw_client::ClientError;
use kw_domain::Subject;
use kw_ledger::{Event, Outcome};
use kw_protocol::dossier::DossierRequest;
use kw_protocol::problem::ProblemCode;

use crate::chain::Chain;

const TEST_NUMBER: &str = "999990342";
/// Passes the 11-proef and lies where numbers are issued; published by the tax authority as an example.
const OTHER_NUMBER: &str = "123456782";

fn request(bsn: &str) -> DossierRequest {
    serde_json::from_value(serde_json::json!({
        "subject": format!("nl.bsn:{bsn}"), "purpose": "coordinate-help", "case": "Z-2026-17",
        "actor": {"id": "j.jansen", "role": "municipal-consultant"}, "relation": {"basis": "listed"},
    }))
    .unwrap()
}

#[tokio::test]
async fn a_question_is_recorded_with_its_asker_before_it_fails_and_its_failure_too() {
    let mut chain = Chain::new();
    let running = chain.start().await;
    let error = running.client.dossier(&request(TEST_NUMBER)).await.unwrap_err();
    assert_eq!(
        error.code(),
        Some(ProblemCode::Unavailable),
        "an index that cannot be asked is no empty dossier"
    );
    let error = running.client.lookup(&request(TEST_NUMBER)).await.unwrap_err();
    assert_eq!(error.code(), Some(ProblemCode::Unavailable));
    running.stop().await;

    let records: Vec<_> =
        chain.records().into_iter().filter(|record| record.event != Event::SourceSynchronised).collect();
    let events: Vec<_> = records.iter().map(|record| (record.event, record.result)).collect();
    let once = [(Event::QueryAsked, Outcome::Success), (Event::AnswerReceived, Outcome::Error)];
    assert_eq!(events, [once, once].concat());
    for record in &records {
        assert_eq!(record.actor.as_ref().unwrap().id.as_str(), "j.jansen");
        assert_eq!(record.party.as_str(), chain.draft.partners[0].oin);
        assert!(record.legal_basis.is_some() && record.subject.is_some());
    }
    assert_eq!(records[0].transaction, records[1].transaction);
    assert_eq!(records[0].subject, records[1].subject);
    assert_ne!(records[0].subject, records[2].subject, "two questions cannot be told to be about one person");
    let subject = |bsn| Subject::parse(&format!("nl.bsn:{bsn}")).unwrap();
    let linked: Vec<_> =
        chain.asked_about(&subject(TEST_NUMBER)).into_iter().map(|(_, one)| Some(one)).collect();
    let named: Vec<_> = records.iter().map(|record| record.subject).collect();
    assert_eq!(linked, named, "the partner itself finds whom it asked about");
    assert_eq!(chain.asked_about(&subject(OTHER_NUMBER)), []);
    assert!(!chain.database_holds(TEST_NUMBER));
}

#[tokio::test]
async fn under_a_test_agreement_only_test_numbers_are_asked_about() {
    let mut chain = Chain::new();
    let running = chain.start().await;
    for wrong in [OTHER_NUMBER, "123456789"] {
        let Err(ClientError::Problem(refused)) = running.client.dossier(&request(wrong)).await else {
            panic!("it must be refused");
        };
        assert_eq!((refused.problem.code(), refused.problem.status), ("invalid", 400));
        assert_eq!(refused.problem.errors[0].pointer, "/subject");
        assert!(!serde_json::to_string(&refused.problem).unwrap().contains(wrong));
    }
    running.stop().await;
    assert!(!chain.records().iter().any(|record| record.event == Event::QueryAsked));
}

//! The partner's own sources, as far as that goes without a switchboard.

use std::collections::BTreeMap;
use std::fs;

use kw_adapter_files::{FileRules, FilesConfig};
use kw_client::ClientError;
use kw_domain::{Category, SourceName};
use kw_partner::{SourceSettings, SourceSystem};
use kw_protocol::local::{RegistrationRequest, SyncRequest, WithdrawalRequest};
use kw_protocol::pointer::WithdrawalReason;
use kw_protocol::problem::ProblemCode;

use crate::chain::Chain;

const ROWS: &str =
    "bsn,familyName,geboortedatum\n999990342,Jansen,2012-05-03\n123456782,Pietersen,2011-01-02\n";

fn with_files(chain: &mut Chain) -> Category {
    let category = Category::parse(&chain.draft.partners[0].registers[0]).unwrap();
    let folder = chain.path("data");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join(format!("{category}.csv")), ROWS).unwrap();
    let categories = BTreeMap::from([(category.clone(), FileRules::default())]);
    let system = SourceSystem::Files(FilesConfig { categories, ..FilesConfig::new(folder) });
    chain.config.sources = vec![SourceSettings { name: SourceName::parse("files").unwrap(), system }];
    category
}

fn registration(category: &Category, subject: &str) -> RegistrationRequest {
    serde_json::from_value(
        serde_json::json!({"subject": subject, "category": category, "source": "files", "record": "1"}),
    )
    .unwrap()
}

#[tokio::test]
async fn what_the_switchboard_cannot_be_told_waits_and_real_numbers_are_refused() {
    let mut chain = Chain::new();
    with_files(&mut chain);
    let running = chain.start().await;
    let report = running.client.sync(&SyncRequest { full: true, ..SyncRequest::default() }).await.unwrap();
    let source = &report.sources[0];
    assert_eq!((source.pending, source.registered, source.refused), (1, 0, 1), "{report:?}");
    assert!(source.refusals[0].reason.contains("test number"), "{report:?}");
    let status = running.client.status().await.unwrap();
    assert_eq!((status.sources[0].pending, status.sources[0].registered), (1, 0));
    running.stop().await;
    assert!(!chain.database_holds("999990342") && !chain.database_holds("123456782"));
}

#[tokio::test]
async fn a_registration_that_waits_is_not_said_to_be_done() {
    let mut chain = Chain::new();
    let category = with_files(&mut chain);
    let running = chain.start().await;
    let waits = running.client.register(&registration(&category, "nl.bsn:999990342")).await.unwrap_err();
    assert_eq!(waits.code(), Some(ProblemCode::Unavailable), "{waits}");
    let unknown = running.client.register(&registration(&category, "nl.bsn:999994086")).await.unwrap_err();
    assert_eq!(unknown.code(), Some(ProblemCode::NotFound), "{unknown}");
    running.stop().await;
}

#[tokio::test]
async fn every_mistake_in_a_registration_is_named_at_once() {
    let mut chain = Chain::new();
    with_files(&mut chain);
    let running = chain.start().await;
    let mut wrong = registration(&Category::parse("no-such-category").unwrap(), "nl.bsn:123456782");
    wrong.valid_until = Some(kw_domain::Instant::from_millis(0));
    let Err(ClientError::Problem(refused)) = running.client.register(&wrong).await else {
        panic!("it must be refused");
    };
    let pointers: Vec<_> = refused.problem.errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(pointers, ["/subject", "/category", "/category", "/validUntil"]);
    let sources = vec![SourceName::parse("elsewhere").unwrap()];
    let refused = running.client.sync(&SyncRequest { sources, ..SyncRequest::default() }).await.unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::Invalid));
    running.stop().await;
}

#[tokio::test]
async fn a_record_that_is_not_registered_cannot_be_taken_back() {
    let mut chain = Chain::new();
    let category = with_files(&mut chain);
    let running = chain.start().await;
    let withdrawal = WithdrawalRequest::Record {
        source: SourceName::parse("files").unwrap(),
        category,
        record: "nothing".to_owned(),
        subject: None,
        reason: WithdrawalReason::Deceased,
    };
    let refused = running.client.withdraw(&withdrawal).await.unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::NotFound));
    running.stop().await;
}

//! When the process does not start.

use kw_agreement::draft::key_text;
use kw_partner::StartError;
use kw_runtime::key_file::KeyFile;

use crate::chain::Chain;

#[tokio::test]
async fn not_with_the_certificate_of_nobody_in_the_chain() {
    let mut chain = Chain::new();
    chain.config.tls = chain.issue("stranger", "00000099000000999000");
    assert!(matches!(chain.prepare().await, Err(StartError::NoPartner { .. })));
}

#[tokio::test]
async fn not_without_the_key_that_sealed_its_database() {
    let chain = Chain::new();
    KeyFile::destroy(&chain.config.keys.directory.join("partner-row-1.key")).unwrap();
    let Err(error) = chain.prepare().await else { panic!("it must not start") };
    assert!(error.to_string().contains("ketenwijzer keys init"), "{error}");
}

#[tokio::test]
async fn not_without_the_log_and_witness_keys_of_the_agreement() {
    let refusal = async |chain: &Chain| {
        let Err(error) = chain.prepare().await else { panic!("it must not start") };
        error.to_string()
    };
    let mut chain = Chain::new();
    let agreed = std::mem::replace(&mut chain.draft.partners[0].log_key, key_text(&[7; 32]));
    assert!(refusal(&chain).await.contains("no log key"));
    chain.draft.partners[0].log_key = agreed;
    KeyFile::destroy(&chain.config.keys.directory.join("witness-1.key")).unwrap();
    assert!(refusal(&chain).await.contains("there is no witness key"));
    // A partner that is no witness needs none.
    chain.draft.partners[0].witness_key = None;
    chain.prepare().await.unwrap_or_else(|error| panic!("{error}"));
}

#[tokio::test]
async fn not_with_a_local_api_that_others_can_reach() {
    let mut chain = Chain::new();
    chain.config.local.listen = "0.0.0.0:0".parse().unwrap();
    assert!(matches!(chain.prepare().await, Err(StartError::Serve(_))));
}

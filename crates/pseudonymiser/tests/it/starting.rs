//! When the service does not start.

use std::fs;

use kw_agreement::draft::key_text;
use kw_domain::{Epoch, KeyUse};
use kw_pseudonymiser::{KeyRingError, StartError, keys};
use kw_runtime::Entropy;
use kw_runtime::key_file::KeyFile;

use crate::chain::{Chain, STRANGER};

async fn refusal(chain: &Chain) -> StartError {
    chain.try_start().await.err().unwrap()
}

#[tokio::test]
async fn not_without_the_newest_key_that_the_agreement_lists() {
    let mut chain = Chain::new();
    let directory = chain.config.keys.directory.clone();
    let first = keys::public_keys(&directory, &chain.chain()).unwrap();
    let rotated =
        keys::rotate(&directory, &chain.chain(), KeyUse::Binding, &directory, &mut Entropy::os()).unwrap();
    chain.list(&[first, vec![rotated.public_key]].concat());
    KeyFile::destroy(&directory.join("pseudonymiser-binding-2.key")).unwrap();
    let error = refusal(&chain).await;
    assert!(
        matches!(
            error,
            StartError::Keys(KeyRingError::NewestMissing { key_use: KeyUse::Binding, epoch: Epoch(2), .. })
        ),
        "{error}"
    );
    assert!(error.to_string().contains("ketenwijzer keys rotate"), "{error}");
}

#[tokio::test]
async fn but_with_an_older_key_missing_it_serves_the_others() {
    let mut chain = Chain::new();
    let directory = chain.config.keys.directory.clone();
    let first = keys::public_keys(&directory, &chain.chain()).unwrap();
    let rotated =
        keys::rotate(&directory, &chain.chain(), KeyUse::Binding, &directory, &mut Entropy::os()).unwrap();
    chain.list(&[first, vec![rotated.public_key]].concat());
    keys::retire(&directory, &chain.chain(), KeyUse::Binding, Epoch(1)).unwrap();
    chain.start().await.stop().await;
}

#[tokio::test]
async fn not_with_another_key_than_the_agreement_lists() {
    let mut chain = Chain::new();
    let mut listed = keys::public_keys(&chain.config.keys.directory, &chain.chain()).unwrap();
    let other = keys::init(&chain.path("other"), &chain.chain(), &mut Entropy::os()).unwrap();
    listed[0].public_key = other[0].public_key;
    chain.list(&listed);
    let error = refusal(&chain).await;
    assert!(
        matches!(error, StartError::Keys(KeyRingError::OtherThanListed { key_use: KeyUse::Index, .. })),
        "{error}"
    );
}

#[tokio::test]
async fn not_without_the_log_key_of_the_agreement() {
    let mut chain = Chain::new();
    let agreed = std::mem::replace(&mut chain.draft.pseudonymiser.log_key, key_text(&[7; 32]));
    assert!(refusal(&chain).await.to_string().contains("is the one that the agreement has"));
    chain.draft.pseudonymiser.log_key = agreed;
    KeyFile::destroy(&chain.config.keys.directory.join("log-1.key")).unwrap();
    assert!(refusal(&chain).await.to_string().contains("there is no log key"));
}

#[tokio::test]
async fn not_with_the_certificate_of_another_party() {
    let mut chain = Chain::new();
    chain.config.tls = chain.issue("stranger", STRANGER);
    assert!(matches!(refusal(&chain).await, StartError::OtherParty { .. }));
}

#[tokio::test]
async fn not_without_trust_anchors_or_revocation_lists() {
    let mut chain = Chain::new();
    let sound = chain.config.tls.clone();
    chain.config.tls.revocation_lists.clear();
    assert!(matches!(refusal(&chain).await, StartError::Tls(_)));
    chain.config.tls = sound;
    chain.config.tls.trust_anchors = chain.path("empty.pem");
    fs::write(chain.path("empty.pem"), "").unwrap();
    assert!(matches!(refusal(&chain).await, StartError::Tls(_)));
}

#[tokio::test]
async fn not_with_a_key_file_that_others_can_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let chain = Chain::new();
    let path = chain.config.keys.directory.join("pseudonymiser-index-1.key");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let error = refusal(&chain).await;
    assert!(error.to_string().contains("chmod 600"), "{error}");
}

#[tokio::test]
async fn not_on_the_database_of_another_log() {
    let mut chain = Chain::new();
    chain.start().await.stop().await;
    chain.draft.pseudonymiser.log_origin = "elsewhere.example/youth".to_owned();
    assert!(matches!(refusal(&chain).await, StartError::Store(_)));
}

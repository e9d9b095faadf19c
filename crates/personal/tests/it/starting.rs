//! When the service does not start.

use kw_personal::StartError;
use kw_runtime::key_file::KeyFile;

use crate::bed::Bed;

#[tokio::test]
async fn not_without_the_key_that_wrapped_its_dossiers() {
    let bed = Bed::new();
    KeyFile::destroy(&bed.config.keys.directory.join("personal-service-1.key")).unwrap();
    let Err(error) = bed.prepare().await else { panic!("it must not start") };
    assert!(error.to_string().contains("ketenwijzer keys init personal"), "{error}");
}

#[tokio::test]
async fn not_without_its_log_key_or_its_trust_anchors() {
    let bed = Bed::new();
    KeyFile::destroy(&bed.config.keys.directory.join("log-1.key")).unwrap();
    assert!(matches!(bed.prepare().await, Err(StartError::Logbook(_))));
    let bed = Bed::new();
    std::fs::remove_file(&bed.config.tls.trust_anchors).unwrap();
    assert!(matches!(bed.prepare().await, Err(StartError::Tls(_))));
}

#[tokio::test]
async fn not_where_its_users_cannot_reach_it() {
    let mut bed = Bed::new();
    bed.config.server.public = None;
    assert!(matches!(bed.prepare().await, Err(StartError::NoPublicListener)));
    let mut bed = Bed::new();
    for wrong in ["http://pgo.example", "https://pgo.example/x", "https://pgo.example/", "pgo"] {
        wrong.clone_into(&mut bed.config.users.address);
        assert!(matches!(bed.prepare().await, Err(StartError::Address)), "{wrong}");
    }
}

#[tokio::test]
async fn not_without_the_key_that_proves_it_to_the_provider() {
    let bed = Bed::new();
    let http = kw_runtime::Http::new(kw_runtime::Metrics::new());
    let prepared = kw_personal::prepare(bed.config.clone(), http).await;
    assert!(matches!(prepared, Err(StartError::ClientKey { .. })));
}

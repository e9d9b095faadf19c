//! PostgreSQL over TLS: whom the store believes to be its database.

use kw_store::{LedgerRead, OpenError};

use crate::bed::{Bed, ORIGIN, act};

fn over_tls() -> Bed {
    let mut bed = Bed::postgres();
    let server = bed.server.clone().unwrap();
    bed.config.url = server.over_tls(&bed.config.url);
    bed.config.root_certificates = Some(server.root_certificates());
    bed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_under_the_configured_authority_is_used_encrypted() {
    let bed = over_tls();
    let store = bed.open();
    store.write::<_, (), _>("test", |_| Ok(((), act(1)))).await.unwrap();
    assert_eq!(store.read(LedgerRead::ledger_size).await.unwrap(), 1);
    let sql = "SELECT count(*) FILTER (WHERE ssl) || ' of ' || count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
               WHERE datname = current_database() AND application_name = 'ketenwijzer'";
    let sessions = bed.select(sql).remove(0);
    let (encrypted, all) = sessions.split_once(" of ").unwrap();
    assert_eq!(encrypted, all, "every session is encrypted");
    assert_ne!(all, "0");
}

#[test]
fn a_server_under_another_authority_is_refused() {
    let mut bed = over_tls();
    let other = tempfile::tempdir().unwrap();
    let chain = kw_domain::ChainName::parse("other").unwrap();
    kw_transport::authority::Authority::init(&other.path().join("pki"), &chain).unwrap();
    bed.config.root_certificates = Some(other.path().join("pki/ca.pem"));
    assert!(matches!(bed.try_open(ORIGIN), Err(OpenError::Connection(_))));
}

#[test]
fn demanding_tls_without_saying_whom_to_trust_is_refused() {
    let mut bed = over_tls();
    bed.config.root_certificates = None;
    assert!(matches!(bed.try_open(ORIGIN), Err(OpenError::Tls(_))));
}

#[test]
fn a_server_without_its_name_in_the_certificate_is_refused() {
    let mut bed = over_tls();
    bed.config.url =
        format!("{}&hostaddr=127.0.0.1", bed.config.url.replace("127.0.0.1", "elsewhere.example"));
    match bed.try_open(ORIGIN) {
        Err(OpenError::Connection(reason)) => assert!(reason.contains("TLS handshake"), "{reason}"),
        opened => panic!("{opened:?}"),
    }
}

#[test]
fn an_address_where_nobody_listens_is_an_error_and_no_file() {
    let port = kw_testbed::free_port().unwrap();
    let url = format!("postgres://owner@127.0.0.1:{port}/x");
    let config = kw_store::DatabaseConfig::at(url.clone());
    let opened = kw_store::Store::<kw_store::switchboard::Switchboard>::open(&config, ORIGIN, |_| {});
    assert!(matches!(opened, Err(OpenError::Connection(_))));
    assert!(!std::path::Path::new(&url).exists());
}

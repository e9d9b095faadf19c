//! Settings that are refused before anything is asked.

use std::sync::Arc;

use kw_adapter::mapping::RecordKey;
use kw_adapter::{Source, SourceError};
use kw_adapter_sql::{SqlConfig, SqlSource};
use kw_domain::{SourceName, SystemClock};

const LIST: &str = "SELECT 1 AS record WHERE :after_record IS NULL LIMIT :limit";

fn refusal(url: &str, list: &str, fetch: &str) -> Option<String> {
    let text = format!("url = \"{url}\"\n[categories.t]\nlist = \"{list}\"\nfetch = \"{fetch}\"");
    let config: SqlConfig = toml::from_str(&text).unwrap();
    assert!(!format!("{config:?}").contains("secret"));
    let name = SourceName::parse("sql").unwrap();
    match SqlSource::new(name, config, RecordKey::new(&[7; 32]), Arc::new(SystemClock)) {
        Ok(_) => None,
        Err(SourceError::Configuration(message)) => Some(message),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn what_cannot_work_is_refused_with_what_to_do() {
    let fetch = "SELECT :record";
    assert_eq!(refusal("sqlite:///x.db", LIST, fetch), None);
    assert_eq!(refusal("postgres://u@db.example.nl/x", LIST, fetch), None);
    assert_eq!(refusal("mysql://u@db.example.nl/x", LIST, fetch), None);
    assert_eq!(refusal("mariadb://u@db.example.nl/x", LIST, "SELECT :record, :record"), None);
    for (url, list, fetch, reason) in [
        ("oracle://x", LIST, fetch, "neither sqlite:, postgres: nor mysql:"),
        ("mysql://x", LIST, fetch, "mysql://user@host:3306/database"),
        ("mysql://u:secret@localhost/x", LIST, fetch, "password_file"),
        ("mysql://u@localhost/x?verify_ca=false", LIST, fetch, "one parameter"),
        ("mysql://u@localhost/x", "SELECT ? LIMIT :limit", fetch, "question mark"),
        ("postgres://u:secret@localhost/x", LIST, fetch, "password_file"),
        ("sqlite:///x.db", "SELECT 1 LIMIT :limit", fetch, ":after_record"),
        ("sqlite:///x.db", "SELECT :after_record", fetch, ":limit"),
        ("sqlite:///x.db", LIST, "SELECT 1", ":record belongs in fetch"),
        ("sqlite:///x.db", LIST, "SELECT :record, :limit", ":record belongs in fetch"),
        ("sqlite:///x.db", LIST, "SELECT :record; SELECT 1", "more than one statement"),
    ] {
        let message = refusal(url, list, fetch).expect(reason);
        assert!(message.contains(reason) && !message.contains("secret"), "{message}");
    }
}

#[tokio::test]
async fn a_server_elsewhere_is_not_spoken_to_without_tls() {
    // A listener that takes the first bytes: a TLS request has its own code and no user name in it.
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let first = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut bytes = [0; 64];
        stream.readable().await.unwrap();
        let length = stream.try_read(&mut bytes).unwrap();
        bytes[..length].to_vec()
    });
    // 0.0.0.0 reaches this machine, but is not one of the addresses that are known to be it.
    let text = format!(
        "url = \"postgres://somebody@0.0.0.0:{port}/x\"\ndeadline_ms = 2000\n[categories.t]\nlist = \"{LIST}\"\nfetch = \"SELECT :record\""
    );
    let name = SourceName::parse("sql").unwrap();
    let config = toml::from_str(&text).unwrap();
    let source = SqlSource::new(name, config, RecordKey::new(&[7; 32]), Arc::new(SystemClock)).unwrap();
    assert!(source.changes(None).await.is_err());
    assert_eq!(first.await.unwrap(), [0, 0, 0, 8, 4, 210, 22, 47], "SSLRequest and nothing else");
}

#[tokio::test]
async fn a_file_that_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.db");
    let text = format!(
        "url = \"sqlite://{}\"\n[categories.t]\nlist = \"{LIST}\"\nfetch = \"SELECT :record\"",
        path.display()
    );
    let name = SourceName::parse("sql").unwrap();
    let config = toml::from_str(&text).unwrap();
    let source = SqlSource::new(name, config, RecordKey::new(&[7; 32]), Arc::new(SystemClock)).unwrap();
    assert!(matches!(source.changes(None).await, Err(SourceError::Unavailable(_))));
    assert!(!path.exists());
}

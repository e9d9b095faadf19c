//! What is particular to MariaDB and MySQL: their types, character sets, collations, users and connections.

use std::io::Write as _;
use std::sync::Arc;

use kw_adapter::{Cursor, LocalId, Source, SourceError};
use kw_domain::BirthDate;
use kw_testbed::MariaDbServer;
use serde_json::json;

use crate::backends::{ANNA, BRAM, Backend, CEES, category, everything, source};

const LIST: &str = "SELECT id AS record, bsn FROM t WHERE :after_record IS NULL OR id > :after_record ORDER BY id LIMIT :limit";

fn queries(list: &str, fetch: &str) -> String {
    format!("[categories.t]\nlist = \"{list}\"\nfetch = \"{fetch}\"")
}

/// The document of the one record of table `t`.
async fn document(schema: &str, fetch: &str) -> Result<serde_json::Value, SourceError> {
    // Held until the end: the server ends with the last test that holds it.
    let backend = Backend::mariadb(schema);
    let source = backend.with(&queries(LIST, fetch));
    let record = everything(&source, None).await.of("t", ANNA);
    Ok(source.fetch(&category("t"), &record).await?.unwrap().document)
}

#[tokio::test]
async fn every_type_becomes_the_json_that_its_column_says() {
    let schema = format!(
        "SET sql_mode = ''; CREATE TABLE t (id INT PRIMARY KEY, bsn CHAR(9), tiny TINYINT(1), small SMALLINT UNSIGNED, big BIGINT UNSIGNED,
           bits BIT(10), one BIT(1), price DECIMAL(10,2), count DECIMAL(12,0), exact DECIMAL(30,10), short FLOAT, wide DOUBLE, day DATE,
           moment DATETIME(3), stamp TIMESTAMP NULL, hour TIME, year YEAR, kind ENUM('a','é'), kinds SET('x','y'), text TEXT, doc JSON,
           none INT, zero DATE, zeros DATETIME, partial DATE);
         INSERT INTO t VALUES (1, '{ANNA}', 1, 65535, 18446744073709551615, b'1000000001', b'1', 12.50, 12, 12345678901234567890.0123456789,
           0.1, 2.5, '2012-05-03', '2026-01-10 09:00:00.250', '2026-01-10 09:00:00', '-26:01:02', 2026, 'é', 'x,y', 'Zoë 😀', '{{\\\"a\\\": [1]}}',
           NULL, '0000-00-00', '0000-00-00 00:00:00', '1984-00-00')",
    );
    // The server's time zone is the machine's; what is read is in UTC all the same.
    let schema = format!("SET time_zone = '+00:00'; {}", schema.replace("\\\"", "\""));
    let found = document(&schema, "SELECT * FROM t WHERE id = :record").await.unwrap();
    assert_eq!(
        found,
        json!({
            "id": 1, "tiny": 1, "small": 65535, "big": 18_446_744_073_709_551_615_u64, "bits": 513, "one": 1, "price": 12.5, "count": 12,
            "exact": "12345678901234567890.0123456789", "short": 0.1, "wide": 2.5, "day": "2012-05-03",
            "moment": "2026-01-10T09:00:00.250000", "stamp": "2026-01-10T09:00:00Z", "hour": "-26:01:02", "year": 2026, "kind": "é",
            "kinds": "x,y", "text": "Zoë 😀", "doc": "{\"a\": [1]}", "partial": "1984-00-00"
        })
    );
}

#[tokio::test]
async fn a_column_of_bytes_is_refused_by_name_and_not_by_value() {
    let schema = format!(
        "CREATE TABLE t (id INT PRIMARY KEY, bsn CHAR(9), photo BLOB); INSERT INTO t VALUES (1, '{ANNA}', 'secret')"
    );
    let error = document(&schema, "SELECT * FROM t WHERE id = :record").await.unwrap_err().to_string();
    assert!(error.contains("\"photo\" holds bytes") && !error.contains("secret"), "{error}");
    let found = document(&schema, "SELECT bsn, HEX(photo) AS photo FROM t WHERE id = :record").await.unwrap();
    assert_eq!(found, json!({"photo": "736563726574"}));
}

#[tokio::test]
async fn birth_dates_and_as_of_moments_are_read_from_columns_made_for_them() {
    let schema = format!(
        "SET sql_mode = ''; SET time_zone = '+00:00'; CREATE TABLE t (id INT PRIMARY KEY, bsn CHAR(9), born DATE, told TIMESTAMP NULL);
         INSERT INTO t VALUES (1, '{ANNA}', '2012-05-03', '2026-01-10 09:00:00'), (2, '{BRAM}', '2010-11-00', NULL), (3, '{CEES}', '0000-00-00', NULL)"
    );
    let list = "SELECT id AS record, bsn, born AS birth_date FROM t WHERE :after_record IS NULL OR id > :after_record ORDER BY id LIMIT :limit";
    let source = Backend::mariadb(&schema)
        .with(&queries(list, "SELECT bsn, born AS birth_date, told AS as_of FROM t WHERE id = :record"));
    let all = everything(&source, None).await;
    let born: Vec<_> = all.present.iter().map(|record| record.birth_date).collect();
    assert_eq!(born, [BirthDate::parse("2012-05-03").ok(), BirthDate::parse("2010-11").ok(), None]);
    let found = source.fetch(&category("t"), &all.of("t", ANNA)).await.unwrap().unwrap();
    assert_eq!(found.as_of.to_string(), "2026-01-10T09:00:00.000Z");
}

#[tokio::test]
async fn changes_are_found_to_the_microsecond_by_columns_made_for_moments() {
    for kind in ["DATETIME(6)", "TIMESTAMP(6)"] {
        let schema = format!(
            "SET time_zone = '+00:00'; CREATE TABLE t (id INT PRIMARY KEY, bsn CHAR(9), changed {kind} NOT NULL);
             INSERT INTO t VALUES (1, '{ANNA}', '2026-01-10 09:00:00.000001'), (2, '{BRAM}', '2026-01-10 09:00:00.000002'), (3, '{CEES}', '2026-01-10 09:00:00.000002')"
        );
        let backend = Backend::mariadb(&schema);
        let list = "SELECT id AS record, bsn, changed AS changed_at FROM t WHERE :after IS NULL OR changed > :after OR (changed = :after AND id > :after_record) ORDER BY changed, id LIMIT :limit";
        let source = backend
            .with(&format!("page_size = 1\n{}", queries(list, "SELECT bsn FROM t WHERE id = :record")));
        let all = everything(&source, None).await;
        assert_eq!(all.present.len(), 3, "{kind}");
        assert_eq!(everything(&source, Some(&all.cursor)).await.present.len(), 0, "{kind}");
        backend.sql(
            "SET time_zone = '+00:00'; UPDATE t SET changed = '2026-01-10 09:00:00.000003' WHERE id = 1",
        );
        let next = everything(&source, Some(&all.cursor)).await;
        assert_eq!((next.present.len(), &next.present[0].record), (1, &all.of("t", ANNA)), "{kind}");
    }
}

/// Keys that a collation orders otherwise than bytes do, with accents, capitals and blanks in them.
#[tokio::test]
async fn paging_orders_as_the_query_compares_in_every_character_set_and_collation() {
    for (charset, collation) in [
        ("utf8mb4", "utf8mb4_general_ci"),
        ("utf8mb4", "utf8mb4_unicode_520_ci"),
        ("utf8mb4", "utf8mb4_bin"),
        ("latin1", "latin1_swedish_ci"),
        ("latin1", "latin1_bin"),
    ] {
        let keys = ["Z", "a", "b", "é", "Ö", "10", "9", "_", "x y"];
        let rows = keys.iter().map(|key| format!("('{key}', '{ANNA}')")).collect::<Vec<_>>().join(", ");
        let schema = format!(
            "CREATE TABLE t (id VARCHAR(20) CHARACTER SET {charset} COLLATE {collation} PRIMARY KEY, bsn CHAR(9)); INSERT INTO t VALUES {rows}"
        );
        let backend = Backend::mariadb(&schema);
        for page_size in [1, 2, 100] {
            let settings = queries(LIST, "SELECT bsn FROM t WHERE id = :record");
            let source = backend.with(&format!("page_size = {page_size}\n{settings}"));
            let all = everything(&source, None).await;
            assert_eq!(
                (all.present.len(), all.refused.len()),
                (keys.len(), 0),
                "{collation}, pages of {page_size}"
            );
            for record in &all.present {
                assert!(source.fetch(&category("t"), &record.record).await.unwrap().is_some(), "{collation}");
            }
        }
    }
}

#[tokio::test]
async fn keys_that_differ_only_in_capitals_are_all_read_when_the_query_compares_bytes() {
    let schema = format!(
        "CREATE TABLE t (id VARCHAR(20) COLLATE utf8mb4_general_ci, bsn CHAR(9)); INSERT INTO t VALUES ('a', '{ANNA}'), ('A', '{BRAM}'), ('á', '{CEES}')"
    );
    let list = "SELECT id AS record, bsn FROM t WHERE :after_record IS NULL OR id COLLATE utf8mb4_bin > :after_record ORDER BY id COLLATE utf8mb4_bin LIMIT :limit";
    let fetch = "SELECT bsn FROM t WHERE id COLLATE utf8mb4_bin = :record";
    let backend = Backend::mariadb(&schema);
    let source = backend.with(&format!("page_size = 1\n{}", queries(list, fetch)));
    let all = everything(&source, None).await;
    assert_eq!(all.present.len(), 3);
    for number in [ANNA, BRAM, CEES] {
        assert!(source.fetch(&category("t"), &all.of("t", number)).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_user_with_a_password_and_the_right_to_read_is_enough() {
    let backend = Backend::mariadb(&format!(
        "CREATE TABLE t (id INT PRIMARY KEY, bsn CHAR(9)); INSERT INTO t VALUES (1, '{ANNA}')"
    ));
    let Backend::MariaDb { server, url } = &backend else { panic!("it is MariaDB") };
    let database = url.split('?').next().unwrap().rsplit('/').next().unwrap();
    backend.sql(&format!("CREATE OR REPLACE USER reader@'%' IDENTIFIED BY 'pass wörd'; GRANT SELECT ON {database}.t TO reader@'%'"));
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "pass wörd").unwrap();
    let with = |password: Option<&std::path::Path>, fetch: &str| {
        let password = password.map(|path| format!("password_file = {path:?}\n")).unwrap_or_default();
        let settings =
            format!("url = {:?}\n{password}{}", server.over_tcp(url, "reader"), queries(LIST, fetch));
        source(toml::from_str(&settings).unwrap())
    };
    let good = with(Some(file.path()), "SELECT * FROM mysql.user WHERE user = :record");
    let record = everything(&good, None).await.of("t", ANNA);
    let error = good.fetch(&category("t"), &record).await.unwrap_err().to_string();
    assert!(error.contains("denied") && !error.contains("wörd"), "{error}");
    let error = with(None, "SELECT bsn FROM t WHERE id = :record").changes(None).await.unwrap_err();
    assert!(
        matches!(&error, SourceError::Configuration(why) if why.contains("check user, password")),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_is_spoken_to_over_tls_and_only_under_the_named_authority() {
    let backend = Backend::mariadb(&format!(
        "CREATE TABLE t (id INT PRIMARY KEY, bsn CHAR(9)); INSERT INTO t VALUES (1, '{ANNA}')"
    ));
    let Backend::MariaDb { server, url } = &backend else { panic!("it is MariaDB") };
    let stranger = tempfile::tempdir().unwrap();
    let chain = kw_domain::ChainName::parse("stranger").unwrap();
    kw_transport::authority::Authority::init(&stranger.path().join("pki"), &chain).unwrap();
    let fetch = "SELECT bsn, (SELECT VARIABLE_VALUE FROM information_schema.session_status WHERE VARIABLE_NAME = 'Ssl_version') AS secured FROM t WHERE id = :record";
    let over_tls = |roots: &std::path::Path| {
        let settings = format!(
            "url = {:?}\nroot_certificates = {roots:?}\n{}",
            server.over_tcp(url, "owner"),
            queries(LIST, fetch)
        );
        source(toml::from_str(&settings).unwrap())
    };
    let trusting = over_tls(&server.root_certificates());
    assert!(trusting.describe().await.unwrap().system.ends_with("over TLS"));
    let record = everything(&trusting, None).await.of("t", ANNA);
    let found = trusting.fetch(&category("t"), &record).await.unwrap().unwrap();
    assert_eq!(found.document, json!({"secured": "TLSv1.3"}));
    let wary = over_tls(&stranger.path().join("pki/ca.pem"));
    assert!(matches!(wary.changes(None).await, Err(SourceError::Unavailable(_))));
    let plain = source(
        toml::from_str(&format!("url = {:?}\n{}", server.over_tcp(url, "owner"), queries(LIST, fetch)))
            .unwrap(),
    );
    let found = plain.fetch(&category("t"), &record).await.unwrap().unwrap();
    assert_eq!(found.document, json!({"secured": ""}), "on this machine it need not be");
}

#[tokio::test]
async fn a_server_elsewhere_that_offers_no_tls_never_hears_a_user_or_password() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    // 0.0.0.0 reaches this machine, but is not one of the addresses that are known to be it.
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        // The first words of a MariaDB server that has everything but TLS (flag 0x0800).
        let mut greeting = vec![10];
        greeting.extend(b"5.5.5-10.11.14-MariaDB\0");
        greeting.extend([1, 0, 0, 0]);
        greeting.extend(b"12345678\0");
        greeting.extend([0xfe, 0xf7, 45, 2, 0, 0xff, 0x81, 21]);
        greeting.extend([0; 10]);
        greeting.extend(b"123456789012\0mysql_native_password\0");
        let mut packet = vec![greeting.len() as u8, 0, 0, 0];
        packet.extend(&greeting);
        stream.write_all(&packet).await.unwrap();
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await.unwrap();
        heard
    });
    let settings = format!(
        "url = \"mysql://somebody@0.0.0.0:{port}/x\"\ndeadline_ms = 2000\n{}",
        queries(LIST, "SELECT :record")
    );
    let error = source(toml::from_str(&settings).unwrap()).changes(None).await.unwrap_err();
    assert!(matches!(&error, SourceError::Configuration(why) if why.contains("offers no TLS")), "{error}");
    let heard = heard.await.unwrap();
    assert!(!heard.windows(8).any(|part| part == b"somebody"), "{} bytes", heard.len());
}

#[tokio::test]
async fn a_server_that_goes_away_and_comes_back_is_found_again() {
    let server = Arc::new(MariaDbServer::start().unwrap());
    let url = server.database().unwrap();
    server
        .query(
            &url,
            &format!("CREATE TABLE t (id INT PRIMARY KEY, bsn CHAR(9)); INSERT INTO t VALUES (1, '{ANNA}')"),
        )
        .unwrap();
    let settings = format!(
        "url = {url:?}\ndeadline_ms = 3000\n{}",
        queries(LIST, "SELECT bsn, id FROM t WHERE id = :record")
    );
    let source = source(toml::from_str(&settings).unwrap());
    let record = everything(&source, None).await.of("t", ANNA);
    server.crash().unwrap();
    let error = source.fetch(&category("t"), &record).await.unwrap_err();
    assert!(matches!(error, SourceError::Unavailable(_)), "{error}");
    server.run().unwrap();
    assert_eq!(source.fetch(&category("t"), &record).await.unwrap().unwrap().document, json!({"id": 1}));
}

#[tokio::test]
async fn many_callers_share_few_connections() {
    let backend = Backend::mariadb(&format!(
        "CREATE TABLE t (id INT PRIMARY KEY, bsn CHAR(9)); INSERT INTO t VALUES (1, '{ANNA}')"
    ));
    let Backend::MariaDb { server, url } = &backend else { panic!("it is MariaDB") };
    let source = Arc::new(backend.with(&format!(
        "connections = 2\n{}",
        queries(LIST, "SELECT bsn, SLEEP(0.02) FROM t WHERE id = :record")
    )));
    let record: LocalId = everything(&source, None).await.of("t", ANNA);
    let callers: Vec<_> = (0..20)
        .map(|_| {
            let (source, record) = (Arc::clone(&source), record.clone());
            tokio::spawn(async move { source.fetch(&category("t"), &record).await.unwrap().is_some() })
        })
        .collect();
    for caller in callers {
        assert!(caller.await.unwrap());
    }
    let sessions = server
        .query(
            url,
            "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'owner' AND db = DATABASE()",
        )
        .unwrap();
    assert_eq!(sessions, "2");
}

#[tokio::test]
async fn a_cursor_of_another_kind_of_source_is_refused_in_words() {
    let source = Backend::mariadb("CREATE TABLE t (id INT, bsn CHAR(9))")
        .with(&queries(LIST, "SELECT bsn FROM t WHERE id = :record"));
    let error = source.changes(Some(&Cursor("{\"Done\":1}".to_owned()))).await.unwrap_err();
    assert!(error.to_string().contains("read from the start"), "{error}");
}

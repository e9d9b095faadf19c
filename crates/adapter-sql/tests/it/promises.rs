//! What the source promises, on every backend.

use std::time::{Duration, Instant};

use kw_adapter::{Source, SourceError};
use kw_domain::BirthDate;
use serde_json::json;

use crate::backends::{ANNA, BRAM, Backend, CEES, category, everything, source};

#[tokio::test]
async fn the_samples_give_records_documents_and_changes() {
    for backend in Backend::all() {
        for page_size in [1, 2, 1000] {
            let source = backend.sample(page_size);
            let all = everything(&source, None).await;
            assert_eq!((all.present.len(), all.gone.len(), all.complete), (5, 1, true), "{:?}", all.refused);
            assert!(all.refused.is_empty());
            let provision = all.of("provision", ANNA);
            let found = source.fetch(&category("provision"), &provision).await.unwrap().unwrap();
            assert_eq!(
                found.document,
                json!({"person": {"name": "Anna de Vries", "birthDate": "2012-05-03"},
                       "provision": {"kind": "household", "hoursPerWeek": 3}})
            );
            assert_eq!(found.as_of.to_string(), "2026-01-10T09:00:00.000Z");
            let residence =
                source.fetch(&category("residence"), &all.of("residence", BRAM)).await.unwrap().unwrap();
            assert_eq!(residence.document, json!({"name": "Bram Smit", "birth_date": "2010-11-00"}));
            assert_eq!(residence.birth_date, BirthDate::parse("2010-11").ok());
            let again = everything(&source, Some(&all.cursor)).await;
            assert_eq!(
                (again.present.len(), again.complete),
                (3, false),
                "only what cannot tell changes comes again"
            );
        }
    }
}

#[tokio::test]
async fn what_changed_comes_and_what_stayed_does_not() {
    for backend in Backend::all() {
        let source = backend.sample(1);
        let first = everything(&source, None).await;
        backend
            .sql("UPDATE provisions SET hours = 9, changed_at = '2026-04-01T00:00:00Z' WHERE id IN (10, 11)");
        backend.sql("UPDATE provisions SET active = FALSE WHERE id = 11");
        let next = everything(&source, Some(&first.cursor)).await;
        let changed: Vec<_> =
            next.present.iter().filter(|record| record.category.as_str() == "provision").collect();
        assert_eq!((changed.len(), next.gone.len()), (1, 1));
        assert_eq!(changed[0].record, first.of("provision", ANNA));
        assert_eq!(next.gone[0], first.of("provision", BRAM));
        assert!(source.fetch(&category("provision"), &next.gone[0]).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_row_that_comes_to_be_about_another_person_is_never_given_for_the_first() {
    for backend in Backend::all() {
        let source = backend.sample(10);
        let first = everything(&source, None).await;
        backend.sql("UPDATE provisions SET resident = 2 WHERE id = 10");
        let record = first.of("provision", ANNA);
        assert!(source.fetch(&category("provision"), &record).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn rows_that_cannot_be_used_are_reported_without_values() {
    let schema = format!(
        "CREATE TABLE t (id TEXT, bsn TEXT, birth_date TEXT); INSERT INTO t VALUES
         ('a', '999940003', NULL), ('b', '{ANNA}', '1984-02-31'), ('c', NULL, NULL), ('{BRAM}', '{BRAM}', NULL), ('e', '{CEES}', '1984')"
    );
    for backend in Backend::all_with(&schema) {
        let source = backend.with(
            "[categories.t]\nlist = \"SELECT id AS record, bsn, birth_date FROM t WHERE :after_record IS NULL OR id > :after_record ORDER BY id LIMIT :limit\"\nfetch = \"SELECT * FROM t WHERE id = :record\"",
        );
        let all = everything(&source, None).await;
        assert_eq!((all.present.len(), all.refused.len()), (1, 4));
        let shown = format!("{all:?} {source:?}");
        let told: Vec<_> = all.refused.iter().map(|row| row.record.is_some()).collect();
        assert_eq!(
            told,
            [false, false, true, false],
            "only of the wrong birth date is it known which record it is"
        );
        for value in ["999940003", ANNA, BRAM, CEES, "1984"] {
            assert!(!shown.contains(value), "{value} is in {shown}");
        }
        let found = source.fetch(&category("t"), &all.of("t", CEES)).await.unwrap().unwrap();
        assert_eq!(found.document, json!({"id": "e", "birth_date": "1984"}));
    }
}

#[tokio::test]
async fn values_are_bound_and_never_part_of_the_query() {
    let schema = format!(
        "CREATE TABLE t (id TEXT, bsn TEXT, x TEXT); INSERT INTO t VALUES ('o''; DROP TABLE t; --', '{ANNA}', 'one'), ('p', '{BRAM}', 'two')"
    );
    for backend in Backend::all_with(&schema) {
        let source = backend.with(
            "page_size = 1\n[categories.t]\nlist = \"SELECT id AS record, bsn FROM t WHERE :after_record IS NULL OR id > :after_record ORDER BY id LIMIT :limit -- end\"\nfetch = \"SELECT bsn, x FROM t WHERE id = :record\"",
        );
        let all = everything(&source, None).await;
        assert_eq!(all.present.len(), 2);
        let found = source.fetch(&category("t"), &all.of("t", ANNA)).await.unwrap().unwrap();
        assert_eq!(found.document, json!({"x": "one"}));
    }
}

#[tokio::test]
async fn a_json_document_is_given_as_it_is_and_several_rows_as_a_list() {
    let schema = format!(
        "CREATE TABLE t (id INTEGER, bsn TEXT, document TEXT, doubt TEXT);
         INSERT INTO t VALUES (1, '{ANNA}', '{{\"a\": [1, 2]}}', '[\"/a/0\"]'), (2, '{BRAM}', '{{\"b\": 1}}', NULL), (2, '{BRAM}', '{{\"b\": 2}}', '/b')"
    );
    for backend in Backend::all_with(&schema) {
        let source = backend.with(
            "[categories.t]\nlist = \"SELECT DISTINCT id AS record, bsn FROM t WHERE :after_record IS NULL OR id > CAST(:after_record AS INTEGER) ORDER BY 1 LIMIT :limit\"\nfetch = \"SELECT bsn, document, doubt AS under_investigation FROM t WHERE id = CAST(:record AS INTEGER) ORDER BY document\"",
        );
        let all = everything(&source, None).await;
        let one = source.fetch(&category("t"), &all.of("t", ANNA)).await.unwrap().unwrap();
        assert_eq!((one.document, one.under_investigation), (json!({"a": [1, 2]}), vec!["/a/0".to_owned()]));
        let two = source.fetch(&category("t"), &all.of("t", BRAM)).await.unwrap().unwrap();
        assert_eq!(two.document, json!({"rows": [{"b": 1}, {"b": 2}]}));
        assert_eq!(two.under_investigation, ["/rows/1/b"]);
    }
}

#[tokio::test]
async fn a_list_that_does_not_go_on_or_has_no_bound_is_refused() {
    let schema =
        format!("CREATE TABLE t (id INTEGER, bsn TEXT); INSERT INTO t VALUES (1, '{ANNA}'), (2, '{BRAM}')");
    for backend in Backend::all_with(&schema) {
        for (list, reason) in [
            (
                "SELECT 1 AS record, bsn FROM t WHERE CAST(:after_record AS TEXT) IS NULL OR 1 = 1 LIMIT :limit",
                "same rows again",
            ),
            (
                "SELECT id AS record, bsn FROM t WHERE CAST(:after_record AS TEXT) IS NULL AND CAST(:limit AS INTEGER) > 0",
                "more than :limit",
            ),
            ("SELECT bsn FROM t WHERE CAST(:after_record AS TEXT) IS NULL LIMIT :limit", "column record"),
        ] {
            let source = backend.with(&format!(
                "page_size = 1\n[categories.t]\nlist = \"{list}\"\nfetch = \"SELECT * FROM t WHERE id = :record\""
            ));
            let first = source.changes(None).await;
            let error = match first {
                Ok(page) => source.changes(Some(&page.cursor)).await.unwrap_err(),
                Err(error) => error,
            };
            assert!(
                matches!(&error, SourceError::Configuration(message) if message.contains(reason)),
                "{error}"
            );
        }
    }
}

#[tokio::test]
async fn an_error_of_the_database_explains_the_query_but_quotes_no_value() {
    let schema = format!("CREATE TABLE t (id TEXT, bsn TEXT); INSERT INTO t VALUES ('{ANNA}', '{ANNA}')");
    for backend in Backend::all_with(&schema) {
        let list =
            "SELECT id AS record, bsn FROM t WHERE :after_record IS NULL OR id > :after_record LIMIT :limit";
        let source = backend.with(&format!(
            "[categories.t]\nlist = \"{list}\"\nfetch = \"SELECT * FROM u WHERE id = :record\""
        ));
        let record = kw_adapter::LocalId::new("x~0").unwrap();
        let error = source.fetch(&category("t"), &record).await.unwrap_err().to_string();
        assert!(
            error.contains('u')
                && ["no such table", "does not exist", "doesn't exist"].iter().any(|why| error.contains(why)),
            "{error}"
        );
    }
    let [postgres, ..] = Backend::all_with(&schema);
    let source = postgres.with(
        "[categories.t]\nlist = \"SELECT id AS record, bsn, bsn::date FROM t WHERE :after_record IS NULL OR id > :after_record LIMIT :limit\"\nfetch = \"SELECT * FROM t WHERE id = :record\"",
    );
    let error = source.changes(None).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains(&ANNA[..5]), "{error}");
}

#[tokio::test]
async fn nothing_can_be_written() {
    let schema = format!("CREATE TABLE t (id INTEGER, bsn TEXT); INSERT INTO t VALUES (1, '{ANNA}')");
    let [postgres, sqlite, mariadb] = Backend::all_with(&schema);
    postgres.sql("CREATE FUNCTION meddle() RETURNS int LANGUAGE sql AS 'DELETE FROM t; SELECT 1'");
    mariadb.sql(
        "DELIMITER //
CREATE FUNCTION meddle() RETURNS int MODIFIES SQL DATA BEGIN DELETE FROM t; RETURN 1; END //",
    );
    let list = "SELECT id AS record, bsn FROM t WHERE :after_record IS NULL LIMIT :limit";
    for (backend, fetch) in [
        (&postgres, "SELECT bsn, meddle() FROM t WHERE id = CAST(:record AS INTEGER)"),
        (&sqlite, "DELETE FROM t WHERE id = :record RETURNING bsn"),
        (&mariadb, "SELECT bsn, meddle() FROM t WHERE id = :record"),
        (&mariadb, "DELETE FROM t WHERE id = :record RETURNING bsn"),
        (&mariadb, "SELECT bsn FROM t WHERE id = :record INTO DUMPFILE '/tmp/kw-never-written'"),
        (&mariadb, "SET SESSION max_statement_time = :record"),
    ] {
        let source = backend.with(&format!("[categories.t]\nlist = \"{list}\"\nfetch = \"{fetch}\""));
        let record = everything(&source, None).await.of("t", ANNA);
        let error = source.fetch(&category("t"), &record).await.unwrap_err();
        assert!(matches!(error, SourceError::Configuration(_)), "{error}");
        assert_eq!(everything(&source, None).await.present.len(), 1);
    }
}

#[tokio::test]
async fn a_slow_query_ends_in_time_and_a_lost_connection_is_made_again() {
    let schema = format!("CREATE TABLE t (id INTEGER, bsn TEXT); INSERT INTO t VALUES (1, '{ANNA}')");
    let [postgres, sqlite, mariadb] = Backend::all_with(&schema);
    let list = "SELECT id AS record, bsn FROM t WHERE :after_record IS NULL LIMIT :limit";
    let forever = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n, t WHERE CAST(id AS TEXT) = :record";
    let bounded = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 3000000) SELECT count(*) FROM n, t WHERE CAST(id AS TEXT) = :record";
    for (backend, timeouts, slow) in [
        (&postgres, "statement_timeout_ms = 200", forever),
        (&postgres, "deadline_ms = 200", forever),
        (&sqlite, "deadline_ms = 50", bounded),
        (&mariadb, "statement_timeout_ms = 200", "SELECT SLEEP(20), bsn FROM t WHERE id = :record"),
        (&mariadb, "deadline_ms = 200", "SELECT SLEEP(20), bsn FROM t WHERE id = :record"),
    ] {
        let source =
            backend.with(&format!("{timeouts}\n[categories.t]\nlist = \"{list}\"\nfetch = \"{slow}\""));
        let begin = Instant::now();
        let record = kw_adapter::LocalId::new("1~0").unwrap();
        let error = source.fetch(&category("t"), &record).await.unwrap_err();
        assert!(matches!(error, SourceError::Unavailable(_)), "{error}");
        assert!(begin.elapsed() < Duration::from_secs(3));
    }
    for backend in [postgres, mariadb] {
        let source = backend.with(&format!(
            "[categories.t]\nlist = \"{list}\"\nfetch = \"SELECT * FROM t WHERE id = CAST(:record AS INTEGER)\""
        ));
        let record = everything(&source, None).await.of("t", ANNA);
        match &backend {
            Backend::MariaDb { server, url } => server.end_sessions(url).unwrap(),
            Backend::Postgres { server, url } => server.end_sessions(url).unwrap(),
            Backend::Sqlite { .. } => {}
        }
        assert!(source.fetch(&category("t"), &record).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_row_that_becomes_unusable_is_named_as_the_record_that_it_was_and_is_no_nothing() {
    let schema = format!(
        "CREATE TABLE t (id TEXT, bsn TEXT, birth_date TEXT); INSERT INTO t VALUES ('a', '{ANNA}', '1984-02-28'), ('b', '{BRAM}', NULL)"
    );
    for backend in Backend::all_with(&schema) {
        let source = backend.with(
            "[categories.t]\nlist = \"SELECT id AS record, bsn, birth_date FROM t WHERE :after_record IS NULL OR id > :after_record ORDER BY id LIMIT :limit\"\nfetch = \"SELECT * FROM t WHERE id = :record\"",
        );
        let before = everything(&source, None).await;
        let (anna, bram) = (before.of("t", ANNA), before.of("t", BRAM));
        backend.sql("UPDATE t SET birth_date = '1984-02-31' WHERE id = 'a'");
        backend.sql("UPDATE t SET bsn = '999940003' WHERE id = 'b'");
        let after = everything(&source, None).await;
        assert_eq!(after.refused[0].record, Some((category("t"), anna.clone())));
        assert_eq!(after.refused[1].record, None);
        for record in [anna, bram] {
            let error = source.fetch(&category("t"), &record).await.unwrap_err();
            assert!(matches!(error, SourceError::Content(_)), "{error}");
        }
    }
}

#[tokio::test]
async fn a_server_is_spoken_to_over_tls_and_only_under_the_named_authority() {
    let schema = format!("CREATE TABLE t (id TEXT, bsn TEXT); INSERT INTO t VALUES ('a', '{ANNA}')");
    let [postgres, ..] = Backend::all_with(&schema);
    let Backend::Postgres { server, url } = &postgres else { panic!("the first is PostgreSQL") };
    let stranger = tempfile::tempdir().unwrap();
    let chain = kw_domain::ChainName::parse("stranger").unwrap();
    kw_transport::authority::Authority::init(&stranger.path().join("pki"), &chain).unwrap();
    let queries = "[categories.t]\nlist = \"SELECT id AS record, bsn FROM t WHERE :after_record IS NULL OR id > :after_record ORDER BY id LIMIT :limit\"\nfetch = \"SELECT bsn, (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AS secured FROM t WHERE id = :record\"";
    let over_tls = |roots: &std::path::Path| {
        let settings = format!("url = {:?}\nroot_certificates = {roots:?}\n{queries}", server.over_tls(url));
        source(toml::from_str(&settings).unwrap())
    };
    let trusting = over_tls(&server.root_certificates());
    let record = everything(&trusting, None).await.of("t", ANNA);
    let found = trusting.fetch(&category("t"), &record).await.unwrap().unwrap();
    assert_eq!(found.document, json!({"secured": true}));
    let wary = over_tls(&stranger.path().join("pki/ca.pem"));
    assert!(matches!(wary.changes(None).await, Err(SourceError::Unavailable(_))));
}

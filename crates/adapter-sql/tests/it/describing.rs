//! What a database source says of itself before anything is registered.

use kw_adapter::Source;
use kw_adapter::description::FieldRole;

use crate::backends::{ANNA, Backend, category};

#[tokio::test]
async fn a_source_tells_which_column_is_what_and_no_value() {
    for backend in Backend::all() {
        let described = backend.sample(10).describe().await.unwrap();
        assert!(described.system.contains("database, version "), "{}", described.system);
        let provision = &described.categories[&category("provision")];
        assert_eq!((provision.tells_changes, provision.concerns.len()), (Some(true), 0));
        let column = |wanted| {
            provision.roles.iter().find(|role| role.role == wanted).and_then(|role| role.column.as_deref())
        };
        assert_eq!(column(FieldRole::Subject), Some("bsn"));
        assert_eq!(column(FieldRole::Key), Some("record"));
        assert_eq!(column(FieldRole::ChangedAt), Some("changed_at"));
        assert_eq!(column(FieldRole::AsOf), Some("as_of"));
        assert_eq!(column(FieldRole::Gone), Some("gone"));
        let fields: Vec<_> =
            provision.fields.iter().map(|field| (&*field.from, &*field.to, &*field.becomes)).collect();
        assert!(fields.contains(&("birth_date", "/person/birthDate", "date")), "{fields:?}");
        let residence = &described.categories[&category("residence")];
        let passing: Vec<_> = residence.fields.iter().map(|field| &*field.to).collect();
        assert_eq!(passing.len(), 2);
        assert!(passing.contains(&"/name") && passing.contains(&"/birth_date"), "{passing:?}");
        let shown = serde_json::to_string(&described).unwrap();
        for value in ["Anna", "Bram", "9999", "2012", "household"] {
            assert!(!shown.contains(value), "{value} is in {shown}");
        }
    }
}

#[tokio::test]
async fn what_the_queries_lack_is_said_before_a_row_is_refused() {
    let schema = format!(
        "CREATE TABLE t (id INTEGER, bsn VARCHAR(9), x VARCHAR(9)); INSERT INTO t VALUES (1, '{ANNA}', 'y')"
    );
    for backend in Backend::all_with(&schema) {
        let source = backend.with(
            "[categories.t]\nlist = \"SELECT id AS record, bsn FROM t WHERE :after_record IS NULL OR id > CAST(:after_record AS INTEGER) ORDER BY id LIMIT :limit\"\nfetch = \"SELECT x FROM t WHERE id = CAST(:record AS INTEGER)\"\n[categories.t.columns]\nx = \"/x\"\nz = \"/z\"\n[categories.u]\nlist = \"SELECT id AS record FROM none WHERE CAST(:after_record AS TEXT) IS NULL LIMIT :limit\"\nfetch = \"SELECT :record AS bsn\"",
        );
        let described = source.describe().await.unwrap();
        let concerns = |name: &str| {
            let all = described.categories[&category(name)].concerns.iter();
            all.map(|concern| concern.what.as_str()).collect::<Vec<_>>().join("\n")
        };
        assert!(concerns("t").contains("`columns` names \"z\""), "{}", concerns("t"));
        assert!(concerns("t").contains("neither bsn nor subject"), "{}", concerns("t"));
        assert!(concerns("u").contains("list query cannot be used"), "{}", concerns("u"));
    }
}

//! The same database on every backend.

use std::path::Path;
use std::sync::Arc;

use diesel::Connection;
use diesel::connection::SimpleConnection;
use diesel::sqlite::SqliteConnection;
use kw_adapter::mapping::RecordKey;
use kw_adapter::{Change, Cursor, LocalId, RefusedRow, Source, SourceRecord};
use kw_adapter_sql::{SqlConfig, SqlSource};
use kw_domain::{Category, SourceName, SystemClock};
use kw_testbed::{MariaDbServer, PostgresServer};
use tempfile::TempDir;

pub(crate) const ANNA: &str = "999990342";
pub(crate) const BRAM: &str = "999994086";
pub(crate) const CEES: &str = "999995492";

/// A database that the test may change, and its URL.
pub(crate) enum Backend {
    MariaDb { server: Arc<MariaDbServer>, url: String },
    Postgres { server: Arc<PostgresServer>, url: String },
    Sqlite { folder: TempDir },
}

impl Backend {
    /// The sample schema on every backend.
    pub(crate) fn all() -> [Self; 3] {
        let schema = std::fs::read_to_string(samples().join("schema.sql")).unwrap();
        Self::all_with(&schema)
    }

    /// PostgreSQL, SQLite and MariaDB.
    pub(crate) fn all_with(schema: &str) -> [Self; 3] {
        let server = PostgresServer::shared().unwrap();
        let url = server.database().unwrap();
        let postgres = Self::Postgres { server, url };
        postgres.sql(schema);
        let sqlite = Self::Sqlite { folder: tempfile::tempdir().unwrap() };
        sqlite.sql(schema);
        [postgres, sqlite, Self::mariadb(schema)]
    }

    pub(crate) fn mariadb(schema: &str) -> Self {
        let server = MariaDbServer::shared().unwrap();
        let url = server.database().unwrap();
        let mariadb = Self::MariaDb { server, url };
        mariadb.sql(schema);
        mariadb
    }

    pub(crate) fn url(&self) -> String {
        match self {
            Self::MariaDb { url, .. } | Self::Postgres { url, .. } => url.clone(),
            Self::Sqlite { folder } => format!("sqlite://{}/x y.db", folder.path().display()),
        }
    }

    pub(crate) fn sql(&self, sql: &str) {
        match self {
            Self::MariaDb { server, url } => drop(server.query(url, sql).unwrap()),
            Self::Postgres { server, url } => drop(server.query(url, sql).unwrap()),
            Self::Sqlite { folder } => {
                let path = folder.path().join("x y.db");
                SqliteConnection::establish(path.to_str().unwrap()).unwrap().batch_execute(sql).unwrap();
            }
        }
    }

    /// The source that the sample configuration makes of this database.
    pub(crate) fn sample(&self, page_size: usize) -> SqlSource {
        let file = match self {
            Self::MariaDb { .. } => "mariadb.toml",
            Self::Postgres { .. } => "postgres.toml",
            Self::Sqlite { .. } => "sqlite.toml",
        };
        let mut config: SqlConfig =
            toml::from_str(&std::fs::read_to_string(samples().join(file)).unwrap()).unwrap();
        (config.url, config.page_size) = (self.url(), page_size);
        source(config)
    }

    /// A source of this database. Queries are in the SQL that all understand, but for one cast.
    pub(crate) fn with(&self, queries: &str) -> SqlSource {
        let queries = match self {
            Self::MariaDb { .. } => queries.replace(" AS TEXT)", " AS CHAR)"),
            Self::Postgres { .. } | Self::Sqlite { .. } => queries.to_owned(),
        };
        source(toml::from_str(&format!("url = {:?}\n{queries}", self.url())).unwrap())
    }
}

pub(crate) fn samples() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/sources")
}

pub(crate) fn source(config: SqlConfig) -> SqlSource {
    SqlSource::new(SourceName::parse("sql").unwrap(), config, RecordKey::new(&[7; 32]), Arc::new(SystemClock))
        .unwrap()
}

/// Everything that reading to the end gives.
#[derive(Debug)]
pub(crate) struct Everything {
    pub(crate) present: Vec<SourceRecord>,
    pub(crate) gone: Vec<LocalId>,
    pub(crate) refused: Vec<RefusedRow>,
    pub(crate) cursor: Cursor,
    pub(crate) complete: bool,
}

impl Everything {
    /// The record in a category about the person with that number.
    pub(crate) fn of(&self, category: &str, number: &str) -> LocalId {
        let mut found = self.present.iter().filter(|record| {
            record.category.as_str() == category && record.subject.canonical().ends_with(number.as_bytes())
        });
        found.next().expect("the record is there").record.clone()
    }
}

pub(crate) async fn everything(source: &SqlSource, after: Option<&Cursor>) -> Everything {
    let mut after = after.cloned();
    let mut all = Everything {
        present: vec![],
        gone: vec![],
        refused: vec![],
        cursor: Cursor(String::new()),
        complete: false,
    };
    loop {
        let page = source.changes(after.as_ref()).await.unwrap();
        for change in page.changes {
            match change {
                Change::Present(record) => all.present.push(record),
                Change::Gone { record, .. } => all.gone.push(record),
            }
        }
        all.refused.extend(page.refused);
        (all.cursor, all.complete) = (page.cursor.clone(), page.complete);
        if !page.more {
            return all;
        }
        after = Some(page.cursor);
    }
}

pub(crate) fn category(name: &str) -> Category {
    Category::parse(name).unwrap()
}

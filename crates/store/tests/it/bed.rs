//! A database for one test, and what tests write into it.

use std::sync::Arc;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use kw_domain::{Category, ChainName, Instant, Oin, PointerId, SubjectId, SubjectReference};
use kw_ledger::{AccessRecord, Canonical, Event, LeafKind, canonical};
use kw_protocol::pointer::PointerState;
use kw_store::switchboard::{LiveTags, NewSubject, StoredPointer, Switchboard};
use kw_store::{Act, DatabaseConfig, OpenError, Store};
use kw_testbed::PostgresServer;
use tempfile::TempDir;

pub(crate) const ORIGIN: &str = "switchboard.example/youth";
pub(crate) const HOLDER: &str = "00000099000000012000";

/// An empty database.
pub(crate) struct Bed {
    pub(crate) config: DatabaseConfig,
    pub(crate) server: Option<Arc<PostgresServer>>,
    _folder: TempDir,
}

/// The same test on SQLite and on PostgreSQL.
macro_rules! on_both {
    ($($(#[$doc:meta])* async fn $name:ident($bed:ident) $body:block)+) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(crate::bed::Bed::sqlite()).await; })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name(crate::bed::Bed::postgres()).await; })+
        }
        $($(#[$doc])* async fn $name($bed: crate::bed::Bed) $body)+
    };
}
pub(crate) use on_both;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = diesel::sql_types::Text)]
    line: String,
}

impl Bed {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = DatabaseConfig::at(folder.path().join("store.db").to_str().unwrap());
        Self { config, server: None, _folder: folder }
    }

    pub(crate) fn postgres() -> Self {
        Self::on(PostgresServer::shared().unwrap())
    }

    pub(crate) fn on(server: Arc<PostgresServer>) -> Self {
        let config = DatabaseConfig::at(server.database().unwrap());
        Self { config, server: Some(server), _folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn try_open(&self, origin: &str) -> Result<Store<Switchboard>, OpenError> {
        Store::open(&self.config, origin, |bytes| aws_lc_rs::rand::fill(bytes).unwrap())
    }

    /// Opens the database on a thread of its own, as services do.
    pub(crate) fn open(&self) -> Arc<Store<Switchboard>> {
        std::thread::scope(|scope| scope.spawn(|| Arc::new(self.try_open(ORIGIN).unwrap())).join().unwrap())
    }

    /// Opens it as a log of this name, on a thread of its own.
    pub(crate) async fn try_open_elsewhere(
        &self,
        origin: &'static str,
    ) -> Result<Store<Switchboard>, OpenError> {
        let config = self.config.clone();
        let fill = |bytes: &mut [u8]| aws_lc_rs::rand::fill(bytes).unwrap();
        tokio::task::spawn_blocking(move || Store::open(&config, origin, fill)).await.unwrap()
    }

    /// Runs SQL past the store. What is selected is one column called `line`.
    pub(crate) fn select(&self, sql: &str) -> Vec<String> {
        if let Some(server) = &self.server {
            let text = server.query(&self.config.url, sql).unwrap();
            return text.lines().map(str::to_owned).collect();
        }
        let rows: Vec<Row> = diesel::sql_query(sql).load(&mut self.sqlite_connection()).unwrap();
        rows.into_iter().map(|row| row.line).collect()
    }

    /// Runs statements past the store.
    pub(crate) fn execute(&self, sql: &str) {
        match &self.server {
            Some(server) => drop(server.query(&self.config.url, sql).unwrap()),
            None => self.sqlite_connection().batch_execute(sql).unwrap(),
        }
    }

    /// A connection past the store, which waits while the store writes.
    pub(crate) fn sqlite_connection(&self) -> SqliteConnection {
        let mut connection = SqliteConnection::establish(&self.config.url).unwrap();
        connection.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
        connection
    }

    pub(crate) fn count(&self, table: &str) -> usize {
        let line = if self.server.is_some() { "count(*)" } else { "CAST(count(*) AS TEXT) AS line" };
        self.select(&format!("SELECT {line} FROM {table}"))[0].parse().unwrap()
    }
}

pub(crate) fn now() -> Instant {
    Instant::from_millis(1_795_000_000_000)
}

pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).unwrap();
    bytes
}

pub(crate) fn holder() -> Oin {
    Oin::parse(HOLDER).unwrap()
}

/// A record that says which write it is of.
pub(crate) fn record(number: usize) -> Canonical {
    let chain = ChainName::parse("youth").unwrap();
    let mut record = AccessRecord::new(Event::PointerRegistered, now(), chain, holder(), holder(), "ab");
    record.count = Some(number as u64);
    canonical(&record).unwrap()
}

pub(crate) fn act(number: usize) -> Act {
    Act::new(now(), LeafKind::Access, record(number))
}

/// The subject with this number; its tag is always the same.
pub(crate) fn tags(number: u8) -> LiveTags {
    LiveTags { even: None, odd: Some([number; 32]) }
}

pub(crate) fn subject(number: u8) -> NewSubject {
    NewSubject {
        id: SubjectId::new(now(), random()),
        tags: tags(number),
        generation: 1,
        element: vec![7; 60],
    }
}

pub(crate) fn pointer(subject: SubjectId) -> StoredPointer {
    let later = now().plus(std::time::Duration::from_hours(24));
    StoredPointer {
        id: PointerId::new(now(), random()),
        subject: Some(subject),
        holder: holder(),
        category: Category::parse("school-attendance").unwrap(),
        source_key: Some([1; 16]),
        sealed: Some(vec![2; 50]),
        purposes: None,
        state: PointerState::Active,
        withdrawal: None,
        registered_at: now(),
        valid_until: later,
        due_at: later,
        destroy_by: None,
        superseded_by: None,
    }
}

pub(crate) fn reference() -> SubjectReference {
    SubjectReference::new(now(), random())
}

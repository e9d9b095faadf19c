//! What an operator writes about a database.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use kw_adapter::mapping::{Columns, Combining};
use kw_domain::Category;
use serde::Deserialize;

/// A database and what to ask it.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SqlConfig {
    /// `sqlite:///absolute/path`, or `postgres://user@host:5432/database` (`?host=/run/postgresql` for a socket). Never
    /// with a password in it.
    pub url: String,
    /// A file with the password of the PostgreSQL user.
    pub password_file: Option<PathBuf>,
    /// Trust anchors (PEM) for TLS to PostgreSQL; without them those of the system. A server that is not on this
    /// machine is only spoken to over TLS.
    pub root_certificates: Option<PathBuf>,
    /// Whether to use TLS also to a server on this machine.
    #[serde(default)]
    pub tls: bool,
    /// How long PostgreSQL may work on one query, in milliseconds.
    #[serde(default = "SqlConfig::usual_statement_timeout")]
    pub statement_timeout_ms: u64,
    /// How long a caller waits at most, in milliseconds, waiting for a connection included.
    #[serde(default = "SqlConfig::usual_deadline")]
    pub deadline_ms: u64,
    /// How many connections are open at most.
    #[serde(default = "SqlConfig::usual_connections")]
    pub connections: usize,
    /// How many rows a page has.
    #[serde(default = "SqlConfig::usual_page")]
    pub page_size: usize,
    /// The categories, and how to ask for them.
    pub categories: BTreeMap<Category, CategoryQueries>,
}

/// The queries of one category.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryQueries {
    /// Gives the records, in a fixed order: columns `record`, `bsn` or `subject`, and if there are any `birth_date`,
    /// `changed_at` and `gone`. Parameters: `:limit`, `:after_record` and, if it can tell what changed, `:after`.
    pub list: String,
    /// Gives one record: parameter `:record`; columns `bsn` or `subject`, if there are any `birth_date`, `as_of` and
    /// `under_investigation`, and either `document` (JSON) or the columns of the document.
    pub fetch: String,
    /// The columns that go into the document; without it, all but the ones above and those that hold a BSN.
    pub columns: Option<Columns>,
    /// When the rows of a record stand in a list.
    #[serde(default)]
    pub rows: Combining,
}

impl SqlConfig {
    fn usual_statement_timeout() -> u64 {
        5000
    }

    fn usual_deadline() -> u64 {
        10_000
    }

    fn usual_connections() -> usize {
        4
    }

    fn usual_page() -> usize {
        1000
    }
}

impl fmt::Debug for SqlConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may hold a password until it has been refused for it.
        f.debug_struct("SqlConfig").field("categories", &self.categories).finish_non_exhaustive()
    }
}

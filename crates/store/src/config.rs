//! Where the database is.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// Where the database is. Without a `postgres://` URL it is a SQLite file, which is created when it is not there.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// A path to a SQLite file, or `postgres://user@host/database?sslmode=require`.
    pub url: String,
    /// PEM file with the authorities that PostgreSQL's certificate must come from; demanded when `sslmode` is `require`.
    #[serde(default)]
    pub root_certificates: Option<PathBuf>,
    /// Connections for reading; 4 when left out.
    #[serde(default = "default_readers")]
    pub readers: u32,
}

impl DatabaseConfig {
    /// A database at `url` with everything else as it is when left out.
    pub fn at(url: impl Into<String>) -> Self {
        Self { url: url.into(), root_certificates: None, readers: default_readers() }
    }

    /// Makes relative paths start at `folder`.
    pub fn resolve_paths(&mut self, folder: &Path) {
        if let Some(file) = self.sqlite_file() {
            self.url = folder.join(file).to_string_lossy().into_owned();
        }
        if let Some(path) = &mut self.root_certificates {
            *path = folder.join(&*path);
        }
    }

    /// Whether this is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        self.url.starts_with("postgres://") || self.url.starts_with("postgresql://")
    }

    /// The SQLite file, unless this is PostgreSQL.
    pub(crate) fn sqlite_file(&self) -> Option<&Path> {
        let file = || Path::new(self.url.strip_prefix("sqlite:").unwrap_or(&self.url));
        (!self.is_postgres()).then(file)
    }
}

impl fmt::Debug for DatabaseConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_postgres() { "PostgreSQL" } else { "SQLite" };
        f.debug_struct("DatabaseConfig").field("kind", &kind).finish_non_exhaustive()
    }
}

fn default_readers() -> u32 {
    4
}

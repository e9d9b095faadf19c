//! Whether the file of a SQLite database is still the one that was opened.
//!
//! A file that was moved or removed under a running process still reads and writes: into nothing that anybody will find again, or
//! beside a copy that somebody put in its place. So both stop until it is back.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::config::DatabaseConfig;
use crate::error::{OpenError, StoreError};

/// The file as it was opened.
#[derive(Debug)]
pub(crate) struct OpenedFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl OpenedFile {
    /// The file of a database that is open; none for PostgreSQL.
    pub(crate) fn of(config: &DatabaseConfig) -> Result<Option<Self>, OpenError> {
        let Some(path) = config.sqlite_file() else { return Ok(None) };
        let identity = identity(path).map_err(|error| OpenError::Connection(error.to_string()))?;
        Ok(Some(Self { path: path.to_owned(), identity }))
    }

    /// An error when it is somewhere else by now, or gone.
    pub(crate) fn is_in_place(&self) -> Result<(), StoreError> {
        match identity(&self.path) {
            Ok(found) if found == self.identity => Ok(()),
            _ => Err(StoreError::Database(MOVED.to_owned())),
        }
    }
}

fn identity(path: &Path) -> std::io::Result<(u64, u64)> {
    let metadata = std::fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

pub(crate) const MOVED: &str = "the database file was moved, removed or replaced while it was in use";

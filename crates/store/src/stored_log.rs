//! A log as it lies in a database, whichever service's: for whoever reads it beside the service, or a copy of it.

use std::fmt;

use kw_ledger::Leaf;

use crate::backend::{Connection, ConnectionRole};
use crate::books::Publication;
use crate::config::DatabaseConfig;
use crate::error::{OpenError, StoreError};
use crate::ledger::StoredEntry;

/// Reads a log and changes nothing, neither entries nor schema. Blocks.
pub struct StoredLog {
    connection: Connection,
    origin: String,
}

impl StoredLog {
    /// Opens the database for reading. It has to be there, with the schema that this version writes.
    pub fn open(config: &DatabaseConfig) -> Result<Self, OpenError> {
        if config.sqlite_file().is_some_and(|file| !file.is_file()) {
            return Err(OpenError::Connection("there is no such file".to_owned()));
        }
        let mut connection = Connection::open(config, ConnectionRole::Reader)?;
        let ledger = connection.ledger();
        let origin = ledger.ledger_origin()?.ok_or(StoreError::Damaged("log head"))?;
        // Fails now, and not halfway, where the schema is another.
        ledger.ledger_entries_before(None, 1)?;
        Ok(Self { connection, origin })
    }

    /// The name of the log.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How many entries there are.
    pub fn size(&mut self) -> Result<u64, StoreError> {
        self.connection.ledger().ledger_size()
    }

    /// At most `limit` leaves from `from` on with their indices.
    pub fn leaves(&mut self, from: u64, limit: u32) -> Result<Vec<(u64, Leaf)>, StoreError> {
        self.connection.ledger().ledger_leaves(from, limit)
    }

    /// At most `limit` entries before `before`, or the newest ones; newest first.
    pub fn entries_before(
        &mut self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        self.connection.ledger().ledger_entries_before(before, limit)
    }

    /// At most `limit` entries from `from` on.
    pub fn entries_from(&mut self, from: u64, limit: u32) -> Result<Vec<StoredEntry>, StoreError> {
        self.connection.ledger().ledger_entries(from, limit)
    }

    /// The newest checkpoint that was signed.
    pub fn publication(&mut self) -> Result<Option<Publication>, StoreError> {
        self.connection.ledger().publication()
    }

    /// At most `limit` roots of complete subtrees of 256^(`level` + 1) leaves, from the `from`th on.
    pub fn subtree_roots(&mut self, level: u8, from: u64, limit: u32) -> Result<Vec<[u8; 32]>, StoreError> {
        self.connection.ledger().subtree_roots(level, from, limit)
    }
}

impl fmt::Debug for StoredLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredLog").field("origin", &self.origin).finish_non_exhaustive()
    }
}

//! The two databases, chosen by the URL's scheme and never by trying.

pub(crate) mod postgres;
pub(crate) mod sqlite;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _};

use crate::books::Bookkeeping;
use crate::config::DatabaseConfig;
use crate::error::{OpenError, StoreError};
use crate::ledger::LedgerWrite;

/// One open connection.
#[expect(clippy::large_enum_variant, reason = "a handful exist, each for the life of the process")]
pub enum Connection {
    Postgres(postgres::Conn),
    Sqlite(sqlite::Conn),
}

/// Migrations of one part of the schema, for each backend.
pub struct Migrations {
    pub(crate) postgres: EmbeddedMigrations,
    pub(crate) sqlite: EmbeddedMigrations,
}

impl Connection {
    pub(crate) fn open(config: &DatabaseConfig, role: ConnectionRole) -> Result<Self, OpenError> {
        if config.is_postgres() {
            postgres::open(config, role).map(Self::Postgres)
        } else {
            sqlite::open(config, role).map(Self::Sqlite)
        }
    }

    pub(crate) fn migrate(&mut self, migrations: Migrations) -> Result<(), OpenError> {
        let done = match self {
            Self::Postgres(conn) => {
                // Two processes that start together take turns; the lock goes with the session at the latest.
                conn.batch_execute(postgres::MIGRATION_DEADLINES).map_err(StoreError::from)?;
                conn.batch_execute(MIGRATION_LOCK).map_err(StoreError::from)?;
                let done = conn.run_pending_migrations(migrations.postgres).map(|_| ());
                conn.batch_execute(MIGRATION_UNLOCK).map_err(StoreError::from)?;
                conn.batch_execute(postgres::DEADLINES).map_err(StoreError::from)?;
                done
            }
            Self::Sqlite(conn) => conn.run_pending_migrations(migrations.sqlite).map(|_| ()),
        };
        done.map_err(|error| OpenError::Migration(error.to_string()))
    }

    /// How many migrations the schema still lacks.
    pub(crate) fn pending(&mut self, migrations: Migrations) -> Result<usize, OpenError> {
        let pending = match self {
            Self::Postgres(conn) => conn.pending_migrations(migrations.postgres).map(|missing| missing.len()),
            Self::Sqlite(conn) => conn.pending_migrations(migrations.sqlite).map(|missing| missing.len()),
        };
        pending.map_err(|error| OpenError::Migration(error.to_string()))
    }

    /// Begins a transaction that is going to write, so that two writers queue up instead of failing halfway.
    pub(crate) fn begin(&mut self) -> Result<(), StoreError> {
        let begin = match self {
            Self::Postgres(_) => "BEGIN",
            Self::Sqlite(_) => "BEGIN IMMEDIATE",
        };
        self.execute(begin)
    }

    pub(crate) fn execute(&mut self, statement: &str) -> Result<(), StoreError> {
        match self {
            Self::Postgres(conn) => conn.batch_execute(statement)?,
            Self::Sqlite(conn) => conn.batch_execute(statement)?,
        }
        Ok(())
    }

    pub(crate) fn ledger(&mut self) -> &mut dyn LedgerWrite {
        match self {
            Self::Postgres(conn) => conn,
            Self::Sqlite(conn) => conn,
        }
    }

    pub(crate) fn books(&mut self) -> &mut dyn Bookkeeping {
        match self {
            Self::Postgres(conn) => conn,
            Self::Sqlite(conn) => conn,
        }
    }

    /// Empties SQLite's write-ahead log. `false` when somebody reads from it for longer than a moment.
    pub(crate) fn truncate_wal(&mut self) -> Result<bool, StoreError> {
        match self {
            Self::Postgres(_) => Ok(true),
            Self::Sqlite(conn) => sqlite::truncate_wal(conn),
        }
    }

    pub(crate) fn is_alive(&mut self) -> bool {
        match self {
            Self::Postgres(conn) => {
                diesel::select(diesel::dsl::sql::<diesel::sql_types::Integer>("1")).execute(conn).is_ok()
            }
            Self::Sqlite(_) => true,
        }
    }
}

// The number is arbitrary, but everybody's.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_lock(720186011)";
const MIGRATION_UNLOCK: &str = "SELECT pg_advisory_unlock(720186011)";

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConnectionRole {
    Reader,
    Writer,
}

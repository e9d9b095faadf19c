//! Storage: Diesel over SQLite or PostgreSQL, one group-commit writer per process, one module per service.
//!
//! - All writes go through [`Store::write`], whose closure hands back an [`Act`]: a change or an answer without a record
//!   cannot be expressed. The caller is answered after the commit, or told that nothing is certain ([`WriteError`]).
//! - Reads go through [`Store::read`].
//! - The statements of each service stand in one file that is compiled for both backends (docs/decisions/0004).
#![forbid(unsafe_code)]
#![expect(
    clippy::duplicate_mod,
    reason = "one file of statements, compiled for both backends (docs/decisions/0004)"
)]

mod backend;
mod checkpoint;
mod config;
mod error;
mod ledger;
mod literal;
pub mod partner;
mod pool;
pub mod pseudonymiser;
mod schema;
mod store;
pub mod switchboard;
mod writer;

pub use config::DatabaseConfig;
pub use error::{Abort, OpenError, ReadError, StoreError, WriteError};
pub use ledger::{Act, Committed, LedgerRead, StoredEntry, StoredReceipt};
pub use store::{Service, Store};
pub use writer::Tx;

use backend::Migrations;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

const LEDGER_SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/ledger/sqlite");
const LEDGER_POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/ledger/postgres");

fn ledger_migrations() -> Migrations {
    Migrations { postgres: LEDGER_POSTGRES, sqlite: LEDGER_SQLITE }
}

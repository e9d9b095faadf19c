//! Storage: Diesel over SQLite or PostgreSQL, one group-commit writer per process, one module per service.
//!
//! - All acts go through [`Store::write`], whose closure hands back an [`Act`]: a change or an answer without a record
//!   cannot be expressed. The caller is answered after the commit, or told that nothing is certain ([`WriteError`]).
//! - What the log's keeper notes about the log itself, such as the checkpoint it signed, goes through [`Store::keep`]: it shares
//!   the commit and leaves no record.
//! - Reads go through [`Store::read`].
//! - The statements of each service stand in one file that is compiled for both backends (docs/decisions/0004).
#![forbid(unsafe_code)]
#![expect(
    clippy::duplicate_mod,
    reason = "one file of statements, compiled for both backends (docs/decisions/0004)"
)]

mod backend;
mod books;
mod checkpoint;
mod config;
mod delegations;
mod error;
mod events;
mod leadership;
mod ledger;
mod literal;
pub mod partner;
pub mod personal;
mod pool;
pub mod pseudonymiser;
mod resolutions;
mod same_file;
mod schema;
mod statements;
mod store;
mod stored_log;
mod succession;
pub mod switchboard;
mod without_ledger;
mod writer;

pub use books::{Bookkeeping, BooksRead, PendingReceipt, Publication, ReceiptsWrite, WitnessMemory};
pub use config::DatabaseConfig;
pub use delegations::{DelegationsRead, DelegationsWrite, StoredDelegation};
pub use error::{Abort, KeepError, OpenError, ReadError, StoreError, WriteError};
pub use events::EVENTS as LOG_EVENTS;
pub use leadership::Leadership;
pub use ledger::{Act, Committed, Erased, LedgerRead, Links, Meant, StoredEntry, StoredReceipt};
pub use resolutions::{Consent, Resolution, ResolutionsRead};
pub use statements::{PersonStatements, SubjectStatements};
pub use store::{Service, Store};
pub use stored_log::StoredLog;
pub use succession::Succession;
pub use without_ledger::WITHOUT_LEDGER;
pub use writer::Tx;

use backend::Migrations;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};

const LEDGER_SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/ledger/sqlite");
const LEDGER_POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/ledger/postgres");

fn ledger_migrations() -> Migrations {
    Migrations { postgres: LEDGER_POSTGRES, sqlite: LEDGER_SQLITE }
}

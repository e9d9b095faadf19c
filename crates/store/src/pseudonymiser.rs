//! The pseudonymiser's tables: budgets.

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use kw_domain::{Instant, KeyUse, Oin};
use kw_protocol::evaluation::BudgetClass;

use crate::backend::{Connection, Migrations};
use crate::error::StoreError;
use crate::ledger::{LedgerRead, Links};
use crate::store::{Service, sealed};

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/pseudonymiser/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/pseudonymiser/postgres");

/// The pseudonymiser's database.
#[derive(Debug)]
pub struct Pseudonymiser;

impl sealed::Sealed for Pseudonymiser {
    fn migrations() -> Migrations {
        Migrations { postgres: POSTGRES, sqlite: SQLITE }
    }
}

impl Service for Pseudonymiser {
    type Read = dyn PseudonymiserRead;
    type Write = dyn PseudonymiserWrite;
    const NAME: &'static str = "pseudonymiser";
    const LINKS: Links = Links::None;

    fn reading(connection: &mut sealed::Open) -> &mut Self::Read {
        match connection {
            Connection::Postgres(conn) => conn,
            Connection::Sqlite(conn) => conn,
        }
    }

    fn writing(connection: &mut sealed::Open) -> &mut Self::Write {
        match connection {
            Connection::Postgres(conn) => conn,
            Connection::Sqlite(conn) => conn,
        }
    }
}

/// Whose budget, for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetKey {
    /// The party.
    pub party: Oin,
    /// The class.
    pub class: BudgetClass,
    /// Index or binding.
    pub key_use: KeyUse,
}

/// What was used in the current minute, hour and day; each window begins at its own start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BudgetUse {
    /// In the minute.
    pub minute: WindowUse,
    /// In the hour.
    pub hour: WindowUse,
    /// In the day.
    pub day: WindowUse,
}

/// What was used in one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowUse {
    /// When it began.
    pub start: Instant,
    /// How many evaluations.
    pub used: u64,
}

impl Default for WindowUse {
    fn default() -> Self {
        Self { start: Instant::from_millis(0), used: 0 }
    }
}

/// Reading budgets.
pub trait PseudonymiserRead: LedgerRead {
    /// What a party used; nothing yet when it is not there.
    fn budget_use(&mut self, key: BudgetKey) -> Result<BudgetUse, StoreError>;
}

/// Changing budgets.
pub trait PseudonymiserWrite: PseudonymiserRead {
    /// Stores what a party used.
    fn store_budget_use(&mut self, key: BudgetKey, budget: &BudgetUse) -> Result<(), StoreError>;
}

//! The ledger persisted: publishing, witnessing, receipts, inspection, retention.
//!
//! - [`Logbook`]: a service's own log, checked at the start, published as it grows, cosigned by witnesses, served to whoever
//!   checks it; and the witness of others' logs.
//! - [`recovery`]: how a log goes on whose database is older than what was signed.
//! - [`inspection`]: what auditors read of the access log.
//! - [`receipts`]: whether the logs of others hold what they promised.
//! - [`retention`]: erasing what was kept long enough.
//! - [`statement`]: what the log says about one person.
#![forbid(unsafe_code)]

mod books;
mod confirmation;
mod cosigning;
mod derived;
mod doubt;
mod events;
mod gauges;
mod growth;
mod in_force;
pub mod inspection;
mod logbook;
mod memory;
mod publisher;
pub mod reader;
pub mod receipts;
pub mod recovery;
pub mod retention;
pub mod serving;
mod settings;
mod start;
pub mod statement;
pub mod witness;
mod witnesses;

pub use doubt::{Contradiction, Doubt, Fault, Known};
pub use events::EVENTS as LOG_EVENTS;
pub use in_force::{InForce, NotRecorded};
pub use logbook::{Logbook, LogbookError, LogbookParts};
pub use settings::LedgerSettings;

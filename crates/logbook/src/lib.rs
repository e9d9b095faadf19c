//! The ledger persisted: publishing, witnessing, receipts, inspection, retention.
#![forbid(unsafe_code)]

mod events;
mod in_force;
pub mod inspection;
pub mod reader;
pub mod statement;

pub use events::EVENTS as LOG_EVENTS;
pub use in_force::{InForce, NotRecorded};

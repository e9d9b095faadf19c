//! The ledger persisted: publishing, witnessing, receipts, inspection, retention.
#![forbid(unsafe_code)]

pub mod inspection;
pub mod statement;

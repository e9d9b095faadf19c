//! The ledger seen from outside.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod allowed_fields;
mod field_maps;
mod projections;
mod reconciliation;
mod reports;
mod sample;
mod signed_notes;
mod tiled_logs;

//! The requester against real servers over mutual TLS.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

mod breaking;
mod chain;
mod dossiers;
mod holder;
mod log;
mod pseudonymiser;
mod records;
mod refusals;
mod switchboard;

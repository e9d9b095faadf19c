//! The pseudonymiser: evaluates blinded subjects under its keys, within budgets, and records every batch.
//!
//! It sees a blinded point, an OIN, a budget class and a count (design §3). The promises, each with a test over real
//! mutual TLS:
//!
//! - a batch is charged and recorded, durably and in one transaction, before it is evaluated;
//! - a party that used up a budget gets nothing before the window that blocks it has ended, restarts included;
//! - the operator of the switchboard gets nothing, and trying is a security event;
//! - only keys that the agreement lists are used, and the process does not start when it lacks the newest of them.
#![forbid(unsafe_code)]

mod app;
mod budget;
mod caller;
mod config;
mod error;
mod evaluations;
mod events;
mod key_ring;
pub mod keys;
mod openapi;
mod public_keys;
mod serve;
mod volume;

pub use config::{KeySettings, PseudonymiserConfig};
pub use error::StartError;
pub use events::EVENTS as LOG_EVENTS;
pub use key_ring::{KeyRing, KeyRingError};
pub use openapi::openapi;
pub use serve::{prepare, serve};

//! Typed HTTP clients of the services.
//!
//! Each client of another party accepts exactly one OIN at the other end, and takes that OIN and the address from the
//! agreement together. Every call has a deadline, every answer a bound, and no error repeats anything that was sent or
//! received beyond a problem's own words.
//!
//! - [`AccessLogClient`]: what an auditor reads of any service's log.
//! - [`AuthorisationClient`]: a holder's authorisation server, for a personal environment.
//! - [`PseudonymiserClient`]: subjects in, verified group elements out.
//! - [`SignalClient`]: what a party is told.
//! - [`SwitchboardClient`]: pointers and queries.
//! - [`HolderClient`]: one document under one grant; feedback reports, for who reported.
//! - [`LogClient`]: what a party's own log says about one person.
//! - [`TileClient`]: a log as it is published.
//! - [`WebhookClient`]: a subscriber's address, where signals are delivered.
//! - [`WitnessClient`]: cosignatures under a log's checkpoint.
//! - [`LocalClient`]: the partner process on the same machine.
#![forbid(unsafe_code)]

mod access_log;
mod authorisation;
mod context;
mod entropy;
mod error;
mod events;
mod feedback;
mod holder;
mod http;
mod jwks;
mod local;
mod ndjson;
mod pseudonymiser;
mod retry;
mod switchboard;
mod tiles;
mod webhook;
mod witness;

pub use access_log::AccessLogClient;
pub use authorisation::AuthorisationClient;
pub use context::Context;
pub use entropy::Entropy;
pub use error::{ClientError, Refused};
pub use events::EVENTS as LOG_EVENTS;
pub use holder::{HolderClient, LogClient};
pub use jwks::{Jwk, Jwks};
pub use local::{LocalClient, LocalToken};
pub use pseudonymiser::{EpochElement, PseudonymError, PseudonymiserClient, Pseudonyms};
pub use retry::Retry;
pub use switchboard::{IdempotencyKey, IdempotencyKeyError, SignalClient, SwitchboardClient};
pub use tiles::TileClient;
pub use webhook::{Allowed, Undelivered, WebhookClient, sink_mistake};
pub use witness::{Cosigning, WitnessClient};

//! The switchboard: index, grants and queries.
//!
//! It knows only pointers: pseudonym → chain partner, category, handle. It never sees a BSN, a birth date or a document.
#![forbid(unsafe_code)]

mod about;
mod access_reports;
mod alarms;
mod app;
mod config;
mod consents;
mod delegations;
mod departures;
mod events;
mod feedback;
mod grants;
mod index;
mod inspection;
mod keys;
mod lifecycle;
mod mandates;
mod matches;
mod objections;
pub mod openapi;
mod operator;
mod pointers;
mod proving;
mod public;
mod queries;
mod quota;
mod relations;
mod reviews;
pub mod rotation;
mod serve;
mod signalling;
mod signals;
mod signer;
mod staleness;
mod subscriptions;
mod upkeep;

pub use config::SwitchboardConfig;
pub use events::EVENTS as LOG_EVENTS;
pub use keys::{KeysError, init as init_keys, rotate_grant as rotate_grant_key};
pub use serve::serve;
pub use subscriptions::DeliverySettings;

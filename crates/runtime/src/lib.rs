//! What every service shares: HTTP conventions, configuration, telemetry, background jobs, listeners.
//!
//! A service describes its routes, hands them to [`serve::Server`], and gets the rest: problem details on every
//! refusal, `API-Version` and trace headers on every response, metrics and health on a listener of their own, reload
//! on SIGHUP, an orderly end on SIGTERM.
#![forbid(unsafe_code)]

pub mod acting;
pub mod admin;
mod auditor;
pub mod config;
pub mod entropy;
mod events;
pub mod http;
pub mod jobs;
pub mod key_file;
pub mod log_key;
pub mod member;
pub mod metrics;
pub mod operator_key;
pub mod party;
pub mod problem;
pub mod serve;
mod shape;
pub mod shared;
pub mod telemetry;

pub use acting::{ActedBy, Asking, Evaluating, Registering};
pub use auditor::Auditor;
pub use entropy::{Entropy, Identifier};
pub use events::EVENTS as LOG_EVENTS;
pub use http::{Body, Http, Trace};
pub use jobs::Jobs;
pub use member::{Listener, LogReader, Member, Membership};
pub use metrics::Metrics;
pub use party::{Party, SharedAgreement};
pub use problem::Refusal;
pub use serve::{Server, ServerSettings};
pub use shared::Shared;

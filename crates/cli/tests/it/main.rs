//! The real binary, as people and scripts run it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so by panicking")]
#![expect(
    clippy::print_stderr,
    clippy::format_collect,
    reason = "tests say what they measured and what they left out"
)]

mod agreement;
mod audit_records;
mod canaries;
mod conformance;
mod consent;
mod demo;
mod deployment;
mod feedback_received;
mod feedback_sent;
mod first_load;
mod identity_checks;
mod inspection;
mod inzage;
mod killed_sync;
mod log_events;
mod logs;
mod nothing_personal;
mod outside;
mod outside_sources;
mod own_data;
mod partner_check;
mod pki_and_keys;
mod program;
mod proven_actor;
mod provider;
mod replay;
mod representation;
mod reviewing;
mod rotation;
mod subscribing;
mod usage;
mod walk_through;
mod youth_case;

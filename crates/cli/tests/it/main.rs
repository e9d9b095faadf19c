//! The real binary, as people and scripts run it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so by panicking")]
#![expect(
    clippy::print_stderr,
    clippy::format_collect,
    reason = "tests say what they measured and what they left out"
)]

mod agreement;
mod audit_records;
mod browser;
mod canaries;
mod conformance;
mod consent;
mod console;
mod demo;
mod deployment;
mod desk;
mod desk_pages;
mod feedback_received;
mod feedback_sent;
mod first_load;
mod identity_checks;
mod inspection;
mod inzage;
mod inzage_pages;
mod killed_sync;
mod leaving;
mod log_events;
mod logs;
mod matching;
mod nothing_personal;
mod outside;
mod outside_sources;
mod own_data;
mod partner_api;
mod partner_check;
mod pki_and_keys;
mod program;
mod proven_actor;
mod provider;
mod real_sources;
mod replay;
mod representation;
mod reviewing;
mod rotation;
mod staff_provider;
mod subscribing;
mod supplier;
mod town;
mod usage;
mod walk_through;
mod youth_case;

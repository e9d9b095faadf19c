//! The switchboard as its parties see it: real processes, real certificates, real databases.
#![expect(clippy::large_futures, reason = "a test may wait for much at once")]
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]
#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "`|index| index.count_subjects()` says what is read"
)]
#![expect(clippy::format_collect, clippy::print_stderr, reason = "tests say what they counted")]

mod access_reports;
mod alarms;
mod bulk;
mod child;
mod consents;
mod crash;
mod delegations;
mod departures;
mod description;
mod digests;
mod every_signal;
mod faults;
mod feedback;
mod idempotency;
mod in_force;
mod indistinguishable;
mod inspection;
mod lifecycle;
mod log;
mod mandates;
mod matches;
mod matrix;
mod objections;
mod pointers;
mod promises;
mod publication;
mod queries;
mod quota;
mod representing;
mod reviews;
mod rolled_back;
mod rotation;
mod signals;
mod sink;
mod starting;
mod subscriptions;
mod takeover;
mod undelivered;
mod webhook_kills;
mod webhook_suppliers;

//! A JSON API over real sockets: one that does what a test says, and two that others made.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where something is not as it says")]
#![expect(clippy::panic, reason = "tests say what failed")]

mod auth;
mod changes;
mod faults;
mod outside;
mod paging;
mod samples;
mod settings;
mod stand_in;

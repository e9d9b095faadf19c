//! The runtime from outside: conventions over a real router, services over real sockets.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it stands")]

mod approvals;
mod child;
mod conventions;
mod errors_page;
mod service;
mod town;

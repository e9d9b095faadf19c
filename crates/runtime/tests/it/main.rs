//! The runtime from outside: conventions over a real router, services over real sockets.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should say where and stop"
)]

mod child;
mod conventions;
mod errors_page;
mod service;
mod town;

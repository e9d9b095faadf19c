//! The switchboard as its parties see it: real processes, real certificates, real databases.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod bulk;
mod child;
mod crash;
mod description;
mod digests;
mod idempotency;
mod lifecycle;
mod log;
mod matrix;
mod pointers;
mod queries;
mod quota;
mod rotation;
mod starting;

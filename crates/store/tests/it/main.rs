//! One suite of promises, kept by both databases.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bed;
mod commits;
mod failures;
mod identity;
mod partner;
mod schema;
mod transport;

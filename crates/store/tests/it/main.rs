//! One suite of promises, kept by both databases.

mod bed;
mod commits;
mod failures;
mod identity;
mod schema;
mod transport;

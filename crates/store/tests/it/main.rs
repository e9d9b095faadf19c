//! One suite of promises, kept by both databases.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod authorisations;
mod bed;
mod books;
mod canaries;
mod commits;
mod erasing;
mod failures;
mod feedback;
mod feedback_sent;
mod identity;
mod leadership;
mod matches;
mod partner;
mod personal;
mod resolutions;
mod reviews;
mod schema;
mod signals;
mod statements;
mod stored_log;
mod succession;
mod transport;

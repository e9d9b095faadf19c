//! The clients against real servers.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

mod answers;
mod bulk;
mod local;
mod pseudonyms;
mod repeating;
mod server;

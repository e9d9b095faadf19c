//! A small application over the shell, over real HTTP, with a certified OpenID provider.
#![expect(clippy::unwrap_used, reason = "a test that fails says so by panicking")]

mod bed;
mod forms;
mod headers;
mod sign_in;

//! What the pages say, and who gets in.
#![expect(clippy::unwrap_used, reason = "a test that fails says so by panicking")]

mod certificates;
mod starting;
mod words;

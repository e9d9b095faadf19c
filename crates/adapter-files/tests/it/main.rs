//! The source as a partner process uses it: real folders, changed underneath.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it says")]

mod folders;
mod promises;
mod samples;
mod tricky;

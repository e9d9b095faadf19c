//! The personal environment over HTTPS, with a provider and holders that the test answers for.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]
mod bed;
mod browser;
mod description;
mod interleavings;
mod leaks;
mod scenarios;
mod starting;
mod world;

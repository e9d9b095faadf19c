//! The personal environment over HTTPS, with a provider and holders that the test answers for.

mod bed;
mod browser;
mod description;
mod interleavings;
mod leaks;
mod scenarios;
mod starting;
mod world;

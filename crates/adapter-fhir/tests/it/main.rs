//! A FHIR server over real sockets: one that others made (PyPI `sekmet-fhir`), and one that does what a test says.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where something is not as it says")]
#![expect(clippy::panic, reason = "tests say what failed")]

mod faults;
mod history;
mod official;
mod outside;
mod reading;
mod samples;
mod stand_in;

//! The partner process over real sockets, with a real pseudonymiser; the switchboard is not there.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "what a test sets up must work")]

mod asking;
mod authorising;
mod chain;
mod deliveries;
mod description;
mod doors;
mod in_force;
mod inspection;
mod sources;
mod starting;

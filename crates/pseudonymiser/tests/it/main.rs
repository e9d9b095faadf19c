//! The service over real mutual TLS, from real files.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "what a test sets up must work")]

mod accepted;
mod budgets;
mod chain;
mod description;
mod in_force;
mod inspection;
mod refused;
mod starting;

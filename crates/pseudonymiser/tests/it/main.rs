//! The service over real mutual TLS, from real files.

mod accepted;
mod budgets;
mod chain;
mod description;
mod refused;
mod starting;

//! Console (beheerpagina): the pages of auditors and operators, at the switchboard.
#![forbid(unsafe_code)]

mod app;
mod auditor;
mod config;
mod error;
mod operator;
mod pages;
mod serve;
mod services;

pub use config::ConsoleConfig;
pub use serve::{prepare, serve};

//! Console (beheerpagina): the pages of auditors and operators, at the switchboard.
#![forbid(unsafe_code)]

mod config;
mod error;
mod pages;
mod provider;
mod serve;

pub use config::ConsoleConfig;
pub use error::StartError;
pub use serve::{prepare, serve};

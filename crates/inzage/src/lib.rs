//! Inzage: the pages of citizens and their representatives.
#![forbid(unsafe_code)]

mod config;
mod error;
mod pages;
mod provider;
mod serve;

pub use config::InzageConfig;
pub use error::StartError;
pub use serve::{prepare, serve};

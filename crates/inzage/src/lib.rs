//! Inzage: the pages of citizens and their representatives.
#![forbid(unsafe_code)]
#![expect(dead_code, reason = "the pages that ask come next")]

mod app;
mod config;
mod error;
mod pages;
mod person;
mod provider;
mod serve;

pub use config::{InzageConfig, PersonalSettings};
pub use error::StartError;
pub use serve::{prepare, serve};

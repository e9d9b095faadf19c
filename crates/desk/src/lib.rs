//! Desk (werkplek): the pages of a caseworker, at a partner.
#![forbid(unsafe_code)]

mod config;
mod error;
mod pages;
mod provider;
mod serve;

pub use config::DeskConfig;
pub use error::StartError;
pub use serve::{prepare, serve};

//! Desk (werkplek): the pages of a caseworker, at a partner.
#![forbid(unsafe_code)]

mod app;
mod asking;
mod config;
mod document;
mod error;
mod opened;
mod pages;
mod provider;
mod serve;

pub use config::{DeskConfig, Duties};
pub use error::StartError;
pub use serve::{prepare, serve};

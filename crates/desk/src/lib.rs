//! Desk (werkplek): the pages of a caseworker, at a partner.
#![forbid(unsafe_code)]

#[expect(dead_code, reason = "the pages that ask come next")]
mod app;
mod config;
mod error;
mod pages;
mod provider;
mod serve;

pub use config::{DeskConfig, Duties};
pub use error::StartError;
pub use serve::{prepare, serve};

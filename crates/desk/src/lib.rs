//! Desk (werkplek): the pages of a caseworker, at a partner.
#![forbid(unsafe_code)]

mod app;
mod asking;
mod config;
mod document;
mod opened;
mod pages;
mod serve;

pub use config::{DeskConfig, Duties};
pub use serve::{prepare, serve};

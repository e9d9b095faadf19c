//! Inzage: the pages of citizens and their representatives.
#![forbid(unsafe_code)]

mod app;
mod config;
mod gathering;
mod kept;
mod pages;
mod person;
mod personal;
mod provider;
mod rules;
mod serve;
mod standing;
mod view;

pub use config::{InzageConfig, PersonalSettings};
pub use serve::{prepare, serve};

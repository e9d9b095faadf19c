//! The personal environment (PGO, persoonlijke gezondheidsomgeving): accounts, dossiers of exactly one person each,
//! sessions bound to one dossier, collections at holders.
//!
//! No BSN ever comes here. Whom a dossier is about is its *pairwise binding* (docs/pseudonym.md §6), stated by the chain's
//! provider; what a holder delivers is proven with the same binding, and stored only in the dossier that it was proven
//! for ([`rules`]). Promises, each with a test:
//!
//! - no document of one person is in the dossier of another, whatever users mistake or try;
//! - a session is bound to one dossier, and never to another;
//! - nothing is stored, shown or refused without a record in the own ledger.
#![forbid(unsafe_code)]

mod app;
mod collections;
mod config;
mod cookie;
mod documents;
mod dossiers;
mod error;
pub mod holders;
pub mod keys;
mod opaque;
pub mod openapi;
pub mod provider;
pub mod rules;
mod serve;
mod sessions;
mod users;
mod views;

pub use config::{KeySettings, PersonalConfig, ProviderSettings, UserSettings};
pub use error::StartError;
pub use serve::{Outside, prepare, prepare_with, serve};

//! The partner process: it answers pulls, keeps the index in line with the partner's sources, and asks for dossiers.
//!
//! Two doors lead to it. The service listener, mutual TLS, is for other partners: `POST /v1/pulls`. The local listener,
//! plain HTTP on loopback with a bearer token, is for the partner's own systems and the command line: BSNs come in here
//! and leave the process in no form. The promises, each with a test:
//!
//! - the local API answers nobody without the token, and no request that names another host than this machine;
//! - nothing is asked and no dossier is handed out before the partner's own ledger has it, with the person who asked;
//! - under a test agreement only test numbers are taken, from callers and from sources alike.
#![forbid(unsafe_code)]

mod access_log;
mod app;
mod authorisation;
mod canaries;
pub mod check;
mod clients;
mod config;
mod deliveries;
mod elements;
mod error;
mod events;
pub mod keys;
mod local;
mod openapi;
mod people;
mod reader;
mod received_feedback;
mod refusals;
mod sent_feedback;
mod serve;
mod signals;
mod sources;
mod sync_gauges;
mod token;
mod workbench;

pub use authorisation::AuthorisationError;
pub use canaries::{CanaryActor, CanarySettings};
pub use config::{
    KeySettings, LocalSettings, PartnerConfig, SignalSettings, SourceSettings, SourceSystem, SyncSettings,
};
pub use error::StartError;
pub use events::EVENTS as LOG_EVENTS;
pub use kw_identity::IdentitySettings;
pub use openapi::{local_openapi, openapi};
pub use serve::{prepare, serve};
pub use workbench::Workbench;

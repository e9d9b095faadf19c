//! Answering: the [`Source`] trait, pulls and change sync.
//!
//! - [`Source`]: what a partner's own system must be able to do;
//! - [`check`]: what would be registered, before anything is;
//! - [`grants`]: is this pull grant good, for this caller, here and now;
//! - [`feedback`]: `/v1/feedback-reports`, doubts about what this holder says;
//! - [`pulls`]: `POST /v1/pulls`, from the grant to the recorded answer;
//! - [`statements`]: `POST /v1/access-statements`, what the own log says about a person, for that person;
//! - [`sync`]: keeps the index in line with the sources.
#![forbid(unsafe_code)]

pub mod check;
pub mod description;
mod events;
pub mod feedback;
pub mod grants;
pub mod identity_checks;
pub mod mapping;
pub mod pulls;
pub mod source;
pub mod statements;
pub mod sync;
#[cfg(test)]
mod testing;
pub mod vault;

pub use description::SourceDescription;
pub use events::EVENTS as LOG_EVENTS;
pub use source::{
    Change, ChangePage, Cursor, LocalId, LocalIdError, RefusedRow, Source, SourceDocument, SourceError,
    SourceRecord,
};
pub use vault::Vault;

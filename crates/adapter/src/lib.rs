//! Answering: the [`Source`] trait, pulls and change sync.
#![forbid(unsafe_code)]

pub mod mapping;
pub mod source;

pub use source::{
    Change, ChangePage, Cursor, LocalId, LocalIdError, RefusedRow, Source, SourceDocument, SourceError, SourceRecord,
};

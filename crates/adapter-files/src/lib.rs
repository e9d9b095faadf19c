//! A source that is a folder of CSV or JSON files, one per category: as people really have them.
//!
//! Its promises: a record keeps its key when rows move, and gets another when it comes to be about another person; a
//! row that cannot be used is reported by file and line, never by value; a file that may be cut off withdraws nothing.
#![forbid(unsafe_code)]

mod config;
mod cursor;
mod delimited;
mod description;
mod discovery;
mod encoding;
mod folder;
mod index;
mod json;
mod roles;
mod source;

pub use config::{Combining, FileFormat, FileRules, FilesConfig};
pub use discovery::{Discovered, GenericColumns};
pub use source::{FileReport, FilesSource};

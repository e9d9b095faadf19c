//! A record in its log.

use crate::AccessRecord;

/// A record, and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Logged<'a> {
    /// The log's name.
    pub origin: &'a str,
    /// The entry's index in that log.
    pub index: u64,
    /// The record.
    pub record: &'a AccessRecord,
}

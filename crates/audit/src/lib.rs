//! Logs of others, read from outside, as an auditor does: searched record by record, verified against what is published,
//! compared with each other, counted, exported. The commands and the pages of auditors do it with the same code.
//!
//! Nothing here believes a service: a record has to open its leaf, a leaf has to be in the tree, and the tree is what log and
//! witnesses signed.
#![forbid(unsafe_code)]

mod comparing;
mod export;
mod month;
pub mod reader;
mod records;

pub use comparing::{Compared, GRACE, compare, place};
pub use export::{ExportFormat, Exporter, sha256_hex};
pub use month::Month;
pub use records::{
    Entry, Found, Log, Opening, Pages, Patience, Period, RemoteError, RemotePages, Tally, Walk,
    merged_newest, opened_entry,
};

//! How the ready-made sources turn a row into a record: which columns become which document, and how a row gets a key
//! that is stable, says nothing and belongs to one person.

mod columns;
mod leave_out;
mod once;
mod record_key;
mod row;

pub use columns::{ColumnTarget, ColumnType, Columns, ColumnsError, names_a_bsn};
pub use leave_out::{leave_out, leave_out_bsns};
pub use once::{Once, says_twice};
pub use record_key::RecordKey;
pub use row::{
    Combined, Combining, RowFault, SourceRow, cell, combine, finer_birth_date, read_birth_date, read_subject,
    text_of,
};

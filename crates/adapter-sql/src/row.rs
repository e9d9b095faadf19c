//! What the columns of a row mean.

use kw_adapter::mapping::{
    Columns, RecordKey, RowFault, SourceRow, cell, names_a_bsn, read_birth_date, read_subject, text_of,
};
use kw_adapter::{Change, LocalId, SourceRecord};
use kw_domain::{Category, Subject};
use serde_json::{Map, Value};

/// Columns that are about the row and not in the document.
pub(crate) const ABOUT: [&str; 6] = ["record", "bsn", "subject", "as_of", "under_investigation", "document"];

/// A row that cannot be used, and which record it is if that can be told.
pub(crate) struct Unusable {
    pub(crate) fault: RowFault,
    pub(crate) record: Option<LocalId>,
}

/// The row of a list.
pub(crate) fn change(
    row: &Map<String, Value>,
    own: &str,
    category: &Category,
    key: &RecordKey,
) -> Result<Change, Unusable> {
    let of_nobody = |fault| Unusable { fault, record: None };
    let subject = subject(row).map_err(of_nobody)?;
    let record = key.local_id(category.as_str(), Some(own), &subject).map_err(of_nobody)?;
    let category = category.clone();
    let gone = cell(row, "gone")
        .is_some_and(|gone| matches!(text_of(gone).as_deref(), Some("1" | "t" | "true")) || gone == true);
    if gone {
        return Ok(Change::Gone { category, record });
    }
    let birth_date = match cell(row, "birth_date") {
        Some(value) => match read_birth_date(value) {
            Ok(birth_date) => birth_date,
            Err(fault) => return Err(Unusable { fault, record: Some(record) }),
        },
        None => None,
    };
    Ok(Change::Present(SourceRecord { category, record, subject, birth_date }))
}

/// The key of the record that a row of the fetch query belongs to.
pub(crate) fn record_of(
    row: &Map<String, Value>,
    own: &str,
    category: &Category,
    key: &RecordKey,
) -> Result<LocalId, RowFault> {
    key.local_id(category.as_str(), Some(own), &subject(row)?)
}

/// The row of a fetch query.
pub(crate) fn document(row: &Map<String, Value>, columns: Option<&Columns>) -> Result<SourceRow, RowFault> {
    let document = match (columns, row.get("document")) {
        (Some(columns), _) => columns.document(row)?,
        (None, Some(Value::Object(document))) => document.clone(),
        (None, Some(Value::String(text))) => serde_json::from_str(text).map_err(|_| RowFault::NotAnObject)?,
        (None, Some(_)) => return Err(RowFault::NotAnObject),
        (None, None) => row
            .iter()
            .filter(|(name, value)| !ABOUT.contains(&name.as_str()) && !names_a_bsn(name) && !value.is_null())
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    };
    let birth_date = match cell(row, "birth_date") {
        Some(value) => read_birth_date(value)?,
        None => None,
    };
    Ok(SourceRow {
        document,
        birth_date,
        as_of: cell(row, "as_of").map(SourceRow::read_as_of).transpose()?,
        under_investigation: match cell(row, "under_investigation") {
            // SQLite has no lists, but may have a JSON text of one.
            Some(Value::String(text)) if text.starts_with('[') => {
                serde_json::from_str(text).map_err(|_| RowFault::UnderInvestigation)?
            }
            Some(value) => SourceRow::read_under_investigation(value)?,
            None => Vec::new(),
        },
    })
}

fn subject(row: &Map<String, Value>) -> Result<Subject, RowFault> {
    let value = cell(row, "subject").or_else(|| cell(row, "bsn")).ok_or(RowFault::BsnMissing)?;
    read_subject(value)
}

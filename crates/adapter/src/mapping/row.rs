//! One row, and several rows that are one record.

use kw_domain::{BirthDate, BirthDateError, Bsn, BsnError, DatePrecision, Instant, Subject, SubjectError};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A row that was read and found usable.
pub struct SourceRow {
    /// The part of the document that this row makes.
    pub document: Map<String, Value>,
    /// The birth date, if the row has one.
    pub birth_date: Option<BirthDate>,
    /// What the row is true as of, if it says so.
    pub as_of: Option<Instant>,
    /// JSON pointers into `document` to values that are under investigation.
    pub under_investigation: Vec<String>,
}

/// When the rows of a record stand in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Combining {
    /// One row is the document; of several rows the document is `{"rows": […]}`.
    #[default]
    WhenSeveral,
    /// The document is `{"rows": […]}`, also of one row.
    Always,
}

/// The rows of one record together.
pub struct Combined {
    /// The document.
    pub document: Value,
    /// The birth date, at the finest precision that a row has.
    pub birth_date: Option<BirthDate>,
    /// The oldest of the moments that the rows give.
    pub as_of: Option<Instant>,
    /// JSON pointers into `document`.
    pub under_investigation: Vec<String>,
}

/// Why a row cannot be used: the source's owner to mend. Never contains a value from the row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowFault {
    /// The moment that the row is true as of is written wrong.
    #[error("the as-of moment is not a date (YYYY-MM-DD) or a date and time as in RFC 3339")]
    AsOf,
    /// The birth date is wrong.
    #[error("the birth date cannot be used: {0}")]
    BirthDate(#[from] BirthDateError),
    /// Rows about one person do not agree on the birth date, so one of them may be about somebody else.
    #[error("rows about one person give different birth dates: correct them")]
    BirthDatesDiffer,
    /// The citizen service number is wrong.
    #[error("the BSN cannot be used: {0}")]
    Bsn(#[from] BsnError),
    /// There is no citizen service number or other subject.
    #[error("the BSN is missing")]
    BsnMissing,
    /// The record's own key is empty.
    #[error("the record's own key is missing")]
    KeyMissing,
    /// The record's own key contains the number of the subject.
    #[error("the record's own key contains the BSN: choose another column as key, or none")]
    KeyNamesSubject,
    /// Several rows have the same key.
    #[error("more than one row has this record's own key: keep one")]
    KeyTwice,
    /// The record's own key is too long.
    #[error("the record's own key is longer than 479 bytes")]
    KeyTooLong,
    /// The row is no set of named values.
    #[error("this is not an object with named values")]
    NotAnObject,
    /// Several values may be the subject, and they differ.
    #[error("more than one member may be the BSN: name the right one in the configuration")]
    SubjectUnclear,
    /// The subject is wrong.
    #[error("the subject cannot be used: {0}")]
    Subject(SubjectError),
    /// The list of values under investigation is wrong.
    #[error("what is under investigation is not a list of JSON pointers such as /person/name")]
    UnderInvestigation,
    /// A column does not hold what the configuration says.
    #[error("column {column:?} should hold {expected}")]
    Value {
        /// The column, as it stands in the configuration.
        column: String,
        /// What was expected.
        expected: &'static str,
    },
}

/// The value of a column, or at a JSON pointer when the name begins with `/`; `None` when absent, null or blank.
pub fn cell<'a>(row: &'a Map<String, Value>, column: &str) -> Option<&'a Value> {
    let value = match column.strip_prefix('/') {
        None => row.get(column)?,
        Some(path) => {
            let mut parts = path.split('/').map(|part| part.replace("~1", "/").replace("~0", "~"));
            let first = row.get(&parts.next()?)?;
            parts.try_fold(first, |at, part| at.get(part))?
        }
    };
    match value {
        Value::Null => None,
        Value::String(text) if text.trim().is_empty() => None,
        value => Some(value),
    }
}

/// The text of a value that is a text or a number.
pub fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Reads a BSN, in digits that may be parted by dots or spaces, or a subject in its canonical form (`nl.kvk:…`).
pub fn read_subject(value: &Value) -> Result<Subject, RowFault> {
    let text = text_of(value).ok_or(RowFault::Bsn(BsnError::NotDigits))?;
    if text.contains(':') {
        return Subject::parse(&text).map_err(RowFault::Subject);
    }
    let digits: String = text.chars().filter(|c| !matches!(c, '.' | ' ' | '\u{a0}')).collect();
    Ok(Subject::Bsn(Bsn::parse(&digits)?))
}

/// Reads a birth date; one of which all is unknown (`00000000`) is none. A time of midnight after it is ignored.
pub fn read_birth_date(value: &Value) -> Result<Option<BirthDate>, RowFault> {
    let text = text_of(value).ok_or(BirthDateError::Form)?;
    let date = match text.split_once(['T', ' ']) {
        Some((date, time)) if time.bytes().all(|c| matches!(c, b'0' | b':' | b'.' | b'Z' | b'+')) => date,
        _ => text.as_str(),
    };
    if date.bytes().any(|c| c == b'0') && date.bytes().all(|c| matches!(c, b'0' | b'-')) {
        return Ok(None);
    }
    Ok(Some(BirthDate::parse(date)?))
}

impl SourceRow {
    /// Reads the moment a row is true as of: a date, or RFC 3339.
    pub fn read_as_of(value: &Value) -> Result<Instant, RowFault> {
        let text = text_of(value).ok_or(RowFault::AsOf)?;
        let text = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text };
        Instant::parse(&text).map_err(|_| RowFault::AsOf)
    }

    /// Reads JSON pointers: a list, or a text in which they are parted by spaces, commas or semicolons.
    pub fn read_under_investigation(value: &Value) -> Result<Vec<String>, RowFault> {
        let pointers: Option<Vec<String>> = match value {
            Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
            Value::String(text) => {
                let parts = text.split([' ', ',', ';', '\n', '\r', '\t']).filter(|part| !part.is_empty());
                Some(parts.map(str::to_owned).collect())
            }
            _ => None,
        };
        pointers.filter(|all| all.iter().all(|one| one.starts_with('/'))).ok_or(RowFault::UnderInvestigation)
    }
}

/// Makes one record of its rows. `rows` may not be empty: of no rows the document is `{}`.
pub fn combine(rows: Vec<SourceRow>, combining: Combining) -> Result<Combined, RowFault> {
    let mut birth_date = None;
    for row in &rows {
        birth_date = finer_birth_date(birth_date, row.birth_date)?;
    }
    let as_of = rows.iter().filter_map(|row| row.as_of).min();
    if combining == Combining::WhenSeveral && rows.len() <= 1 {
        let (document, under_investigation) =
            rows.into_iter().next().map(|row| (row.document, row.under_investigation)).unwrap_or_default();
        return Ok(Combined { document: Value::Object(document), birth_date, as_of, under_investigation });
    }
    let under_investigation = rows
        .iter()
        .enumerate()
        .flat_map(|(at, row)| {
            row.under_investigation.iter().map(move |pointer| format!("/rows/{at}{pointer}"))
        })
        .collect();
    let documents: Vec<_> = rows.into_iter().map(|row| Value::Object(row.document)).collect();
    Ok(Combined { document: json!({ "rows": documents }), birth_date, as_of, under_investigation })
}

/// Of two birth dates of one person the one of which more is known; refused when they cannot be the same day.
pub fn finer_birth_date(
    one: Option<BirthDate>,
    other: Option<BirthDate>,
) -> Result<Option<BirthDate>, RowFault> {
    let (Some(one), Some(other)) = (one, other) else { return Ok(one.or(other)) };
    let common: DatePrecision = one.precision().min(other.precision());
    if one.digits_at(common) != other.digits_at(common) {
        return Err(RowFault::BirthDatesDiffer);
    }
    Ok(Some(if one.precision() >= other.precision() { one } else { other }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(document: Value, birth_date: &str, as_of: Option<&str>, pointers: &[&str]) -> SourceRow {
        SourceRow {
            document: document.as_object().unwrap().clone(),
            birth_date: BirthDate::parse(birth_date).ok(),
            as_of: as_of.map(|text| Instant::parse(text).unwrap()),
            under_investigation: pointers.iter().map(|&pointer| pointer.to_owned()).collect(),
        }
    }

    #[test]
    fn several_rows_make_one_document_that_is_as_old_as_the_oldest() {
        let rows = || {
            vec![
                row(json!({"a": 1}), "1984", Some("2026-03-01T00:00:00Z"), &[]),
                row(json!({"a": 2}), "1984-05-03", Some("2026-01-01T00:00:00Z"), &["/a"]),
            ]
        };
        let combined = combine(rows(), Combining::WhenSeveral).unwrap();
        assert_eq!(combined.document, json!({"rows": [{"a": 1}, {"a": 2}]}));
        assert_eq!(combined.under_investigation, ["/rows/1/a"]);
        assert_eq!(combined.as_of, Instant::parse("2026-01-01T00:00:00Z").ok());
        assert_eq!(combined.birth_date, BirthDate::parse("1984-05-03").ok());
        let one = || rows().drain(1..).collect::<Vec<_>>();
        assert_eq!(combine(one(), Combining::WhenSeveral).unwrap().document, json!({"a": 2}));
        assert_eq!(combine(one(), Combining::Always).unwrap().document, json!({"rows": [{"a": 2}]}));
    }

    #[test]
    fn rows_that_differ_on_the_birth_date_are_not_combined() {
        let rows = vec![row(json!({}), "1984-05-03", None, &[]), row(json!({}), "1985", None, &[])];
        assert_eq!(combine(rows, Combining::WhenSeveral).err(), Some(RowFault::BirthDatesDiffer));
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        let expected = read_subject(&json!("999990342")).unwrap();
        for given in
            [json!(" 9999.90.342 "), json!("999 990 342"), json!(999_990_342), json!("nl.bsn:999990342")]
        {
            assert_eq!(read_subject(&given), Ok(expected.clone()));
        }
        assert_eq!(read_subject(&json!("999940003")), Err(RowFault::Bsn(BsnError::FailsElevenTest)));
        assert_eq!(read_subject(&json!(true)), Err(RowFault::Bsn(BsnError::NotDigits)));
        assert_eq!(read_birth_date(&json!("1984-05-03 00:00:00")), Ok(BirthDate::parse("1984-05-03").ok()));
        assert_eq!(read_birth_date(&json!(19_840_503)), Ok(BirthDate::parse("1984-05-03").ok()));
        assert_eq!(read_birth_date(&json!("00000000")), Ok(None));
        assert!(read_birth_date(&json!("gisteren")).is_err());
    }

    #[test]
    fn values_are_found_by_name_or_by_pointer() {
        let row = json!({"a": {"b": "x"}, "blank": " ", "none": null});
        let row = row.as_object().unwrap();
        assert_eq!(cell(row, "/a/b"), Some(&json!("x")));
        assert_eq!(cell(row, "a"), Some(&json!({"b": "x"})));
        for absent in ["blank", "none", "/a/c", "/", "b"] {
            assert_eq!(cell(row, absent), None, "{absent}");
        }
    }
}

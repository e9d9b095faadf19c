//! Which columns become which values of a document.

use std::collections::BTreeMap;

use kw_domain::{BirthDate, DatePrecision};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{RowFault, cell};
use crate::description::FieldDescription;

/// The columns of a row that go into its document, and where; a column that is not named stays at the source.
///
/// In configuration: `"Achternaam" = "/person/name"` or `"Uren" = { to = "/hours", type = "number" }`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "BTreeMap<String, TargetForm>")]
pub struct Columns(BTreeMap<String, ColumnTarget>);

/// Where a column's value goes in the document, and as what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnTarget {
    /// A JSON pointer (RFC 6901) of which every part is a member name.
    pub to: String,
    /// What the value becomes.
    pub kind: ColumnType,
    /// What stands between the items of a list.
    pub separator: String,
}

/// What the value of a column becomes in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColumnType {
    /// The value as it is: text from a CSV file, whatever it was from a JSON file or a database.
    #[default]
    Any,
    /// Text.
    String,
    /// A number; a decimal comma is read as a point.
    Number,
    /// `true` or `false`, from `ja/nee`, `j/n`, `waar/onwaar`, `true/false`, `yes/no`, `y/n`, `1/0`.
    Bool,
    /// A list of texts.
    List,
    /// A date, possibly partial, written as `YYYY-MM-DD`, `YYYY-MM` or `YYYY`.
    Date,
}

/// Why a set of columns cannot be used: the operator's to mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnsError {
    /// A target is not a JSON pointer to a member.
    #[error("column {0:?} goes to something that is not a JSON pointer such as \"/person/name\"")]
    NotAPointer(String),
    /// Two columns go to the same place, or one inside the other.
    #[error("columns {0:?} and {1:?} go to the same place in the document, or one inside the other")]
    Overlap(String, String),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a JSON pointer, or a table with `to`, `type` and `separator`")]
enum TargetForm {
    Pointer(String),
    Table(TargetTable),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetTable {
    to: String,
    #[serde(default, rename = "type")]
    kind: ColumnType,
    #[serde(default = "comma")]
    separator: String,
}

impl TryFrom<BTreeMap<String, TargetForm>> for Columns {
    type Error = ColumnsError;

    fn try_from(forms: BTreeMap<String, TargetForm>) -> Result<Self, ColumnsError> {
        let mut columns: BTreeMap<String, ColumnTarget> = BTreeMap::new();
        for (column, form) in forms {
            let target = match form {
                TargetForm::Pointer(to) => ColumnTarget { to, kind: ColumnType::Any, separator: comma() },
                TargetForm::Table(TargetTable { to, kind, separator }) => {
                    ColumnTarget { to, kind, separator }
                }
            };
            if !target.to.starts_with('/') || target.to.split('/').skip(1).any(str::is_empty) {
                return Err(ColumnsError::NotAPointer(column));
            }
            if let Some((other, _)) = columns.iter().find(|(_, other)| overlap(&other.to, &target.to)) {
                return Err(ColumnsError::Overlap(other.clone(), column));
            }
            columns.insert(column, target);
        }
        Ok(Self(columns))
    }
}

impl Columns {
    /// The names of the columns, or pointers into the JSON objects, that are used.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// What goes where, for [`crate::Source::describe`].
    pub fn describe(&self) -> Vec<FieldDescription> {
        let described = |(column, target): (&String, &ColumnTarget)| FieldDescription {
            from: column.clone(),
            to: target.to.clone(),
            becomes: target.kind.as_str().to_owned(),
        };
        self.0.iter().map(described).collect()
    }

    /// The document for a row. Empty and absent values are left out.
    pub fn document(&self, row: &Map<String, Value>) -> Result<Map<String, Value>, RowFault> {
        let mut document = Map::new();
        for (column, target) in &self.0 {
            let Some(value) = cell(row, column) else { continue };
            let value = target.convert(value).ok_or_else(|| RowFault::Value {
                column: column.clone(),
                expected: target.kind.expectation(),
            })?;
            place(&mut document, &target.to, value);
        }
        Ok(document)
    }
}

impl ColumnTarget {
    fn convert(&self, value: &Value) -> Option<Value> {
        match (self.kind, value) {
            (ColumnType::Any, _)
            | (ColumnType::String, Value::String(_))
            | (ColumnType::Number, Value::Number(_))
            | (ColumnType::Bool, Value::Bool(_))
            | (ColumnType::List, Value::Array(_)) => Some(value.clone()),
            (ColumnType::String, Value::Number(_) | Value::Bool(_)) => Some(Value::String(value.to_string())),
            (ColumnType::Bool, Value::Number(number)) => match number.as_i64() {
                Some(0) => Some(Value::Bool(false)),
                Some(1) => Some(Value::Bool(true)),
                _ => None,
            },
            (ColumnType::Date, Value::Number(number)) => iso_date(&number.to_string()),
            (kind, Value::String(text)) => self.convert_text(kind, text.trim()),
            _ => None,
        }
    }

    fn convert_text(&self, kind: ColumnType, text: &str) -> Option<Value> {
        match kind {
            ColumnType::Number => number(text),
            ColumnType::Bool => match text.to_lowercase().as_str() {
                "ja" | "j" | "waar" | "true" | "yes" | "y" | "1" => Some(Value::Bool(true)),
                "nee" | "n" | "onwaar" | "false" | "no" | "0" => Some(Value::Bool(false)),
                _ => None,
            },
            ColumnType::List => {
                let items =
                    text.split(self.separator.as_str()).map(str::trim).filter(|item| !item.is_empty());
                Some(items.map(Value::from).collect())
            }
            ColumnType::Date => iso_date(text),
            ColumnType::Any | ColumnType::String => Some(Value::from(text)),
        }
    }
}

impl ColumnType {
    /// As in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::String => "string",
            Self::Number => "number",
            Self::Bool => "bool",
            Self::List => "list",
            Self::Date => "date",
        }
    }

    fn expectation(self) -> &'static str {
        match self {
            Self::Any => "a value",
            Self::String => "a text",
            Self::Number => "a number",
            Self::Bool => "yes or no (ja/nee, true/false, 1/0)",
            Self::List => "a list",
            Self::Date => "a date (YYYY-MM-DD, YYYYMMDD or DD-MM-YYYY)",
        }
    }
}

/// Whether a column or member of this name holds a BSN, of the subject or of somebody else: such a one is in no
/// document unless it is named in [`Columns`].
pub fn names_a_bsn(name: &str) -> bool {
    let name: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    name.contains("bsn") || name.contains("burgerservicen") || name.contains("sofinummer")
}

fn comma() -> String {
    ",".to_owned()
}

fn overlap(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn number(text: &str) -> Option<Value> {
    if let Ok(whole) = text.parse::<i64>() {
        return Some(Value::from(whole));
    }
    let well_formed =
        text.bytes().all(|c| c.is_ascii_digit() || matches!(c, b'.' | b',' | b'-' | b'+' | b'e' | b'E'));
    // With a point and a comma nobody can tell which of them is the decimal sign.
    let one_sign = text.bytes().filter(|c| matches!(c, b'.' | b',')).count() <= 1;
    if !well_formed || !one_sign {
        return None;
    }
    text.replace(',', ".").parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from)
}

fn iso_date(text: &str) -> Option<Value> {
    let date = BirthDate::parse(text).ok()?;
    let digits = date.digits_at(date.precision())?;
    let (year, month, day) = (&digits[..4], &digits[4..6], &digits[6..]);
    Some(Value::from(match date.precision() {
        DatePrecision::Day => format!("{year}-{month}-{day}"),
        DatePrecision::Month => format!("{year}-{month}"),
        DatePrecision::Year => year.to_owned(),
    }))
}

fn place(document: &mut Map<String, Value>, pointer: &str, value: Value) {
    let mut parts =
        pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")).peekable();
    let mut at = document;
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            at.insert(part, value);
            return;
        }
        let member = at.entry(part).or_insert_with(|| Value::Object(Map::new()));
        // Columns whose targets overlap are refused with the configuration, so this is always an object.
        let Value::Object(inner) = member else { return };
        at = inner;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn columns(form: Value) -> Result<Columns, String> {
        serde_json::from_value(form).map_err(|error| error.to_string())
    }

    fn row(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn columns_go_where_the_configuration_says_and_the_rest_stays() {
        let columns = columns(json!({
            "Achternaam": "/person/name",
            "Geb": { "to": "/person/birthDate", "type": "date" },
            "Uren": { "to": "/care/hours", "type": "number" },
            "Actief": { "to": "/active", "type": "bool" },
            "Soorten": { "to": "/kinds", "type": "list", "separator": "|" },
            "Leeg": "/empty",
        }))
        .unwrap();
        let row = row(json!({
            "Achternaam": "De Vries", "Geb": "00-05-1984", "Uren": "12,5", "Actief": "Ja",
            "Soorten": "a | b|", "Leeg": " ", "Geheim": "x"
        }));
        assert_eq!(
            Value::Object(columns.document(&row).unwrap()),
            json!({"person": {"name": "De Vries", "birthDate": "1984-05"}, "care": {"hours": 12.5},
                   "active": true, "kinds": ["a", "b"]})
        );
    }

    #[test]
    fn a_value_that_does_not_fit_is_refused_without_being_shown() {
        let columns = columns(json!({ "Uren": { "to": "/hours", "type": "number" } })).unwrap();
        let fault = columns.document(&row(json!({ "Uren": "1.234,56" }))).unwrap_err();
        assert_eq!(fault.to_string(), "column \"Uren\" should hold a number");
    }

    #[test]
    fn targets_that_overlap_or_are_no_pointer_are_refused() {
        assert!(columns(json!({ "a": "/x", "b": "/x/y" })).unwrap_err().contains("one inside the other"));
        assert!(columns(json!({ "a": "/x", "b": "/xy" })).is_ok());
        for pointer in ["x", "", "/", "/a//b"] {
            assert!(columns(json!({ "a": pointer })).is_err(), "{pointer}");
        }
        assert!(columns(json!({ "a": { "to": "/x", "kind": "list" } })).is_err());
    }

    #[test]
    fn names_of_bsn_columns_are_recognised() {
        for name in ["bsn", "BSN ouder", "ouder_bsn", "Burgerservicenummer", "bsnKind"] {
            assert!(names_a_bsn(name), "{name}");
        }
        assert!(!names_a_bsn("naam"));
    }

    #[test]
    fn odd_texts_never_make_a_conversion_panic() {
        for text in ["", "-", "é", "1e999", "٣", "\u{0}", "--1", "1.5.2", "9".repeat(40).as_str()] {
            for kind in
                [ColumnType::String, ColumnType::Number, ColumnType::Bool, ColumnType::List, ColumnType::Date]
            {
                let target = ColumnTarget { to: "/x".to_owned(), kind, separator: String::new() };
                assert!(
                    target.convert(&Value::from(text)).is_none_or(|value| !value.is_null()),
                    "{text} {kind:?}"
                );
            }
        }
    }
}

//! A document of another party, made into rows that a page can show whatever is in it.

use std::fmt::Write as _;

use serde_json::Value;

/// One value of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// Where it stands: a JSON pointer (RFC 6901).
    pub(crate) pointer: String,
    /// The same for people, from the outside in.
    pub(crate) path: Vec<String>,
    pub(crate) value: Shown,
}

/// A value as a page says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shown {
    Text(String),
    Yes,
    No,
    Nothing,
}

impl Shown {
    pub(crate) fn of(value: &Value) -> Self {
        match value {
            Value::Bool(true) => Self::Yes,
            Value::Bool(false) => Self::No,
            Value::Null => Self::Nothing,
            Value::String(text) if text.trim().is_empty() => Self::Nothing,
            Value::String(text) => Self::Text(harmless(text)),
            Value::Array(values) if values.is_empty() => Self::Nothing,
            Value::Object(fields) if fields.is_empty() => Self::Nothing,
            other => Self::Text(harmless(&other.to_string())),
        }
    }
}

/// The values of a document, and whether there are more of them than a page shows.
pub(crate) fn rows(document: &Value) -> (Vec<Row>, bool) {
    let mut rows = Vec::new();
    let whole = collect(document, &mut String::new(), &mut Vec::new(), &mut rows);
    (rows, !whole)
}

/// Whether all of it was taken.
fn collect(value: &Value, pointer: &mut String, path: &mut Vec<String>, rows: &mut Vec<Row>) -> bool {
    if rows.len() >= MOST {
        return false;
    }
    let before = pointer.len();
    let mut inside = |key: &str, label: String, value: &Value, path: &mut Vec<String>| {
        // Writing into a text does not fail.
        let _ = write!(pointer, "/{}", key.replace('~', "~0").replace('/', "~1"));
        path.push(label);
        let whole = collect(value, pointer, path, rows);
        path.pop();
        pointer.truncate(before);
        whole
    };
    match value {
        Value::Object(fields) if !fields.is_empty() && path.len() < DEEPEST => {
            fields.iter().all(|(key, value)| inside(key, harmless(key), value, path))
        }
        Value::Array(values) if !values.is_empty() && path.len() < DEEPEST => {
            let mut values = values.iter().enumerate();
            values.all(|(at, value)| inside(&at.to_string(), (at + 1).to_string(), value, path))
        }
        value => {
            rows.push(Row { pointer: pointer.clone(), path: path.clone(), value: Shown::of(value) });
            true
        }
    }
}

/// Text of others: without what would turn the words around it, and of bounded length. Escaping is the template's.
pub(crate) fn harmless(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    let mut shown: String = text
        .chars()
        .take(LONGEST)
        .map(|c| if c == '\n' || c == '\t' { ' ' } else { c })
        .map(|c| if c.is_control() || turns(c) { '\u{fffd}' } else { c })
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

/// Values of one document on a page.
const MOST: usize = 150;
const DEEPEST: usize = 16;
const LONGEST: usize = 2_000;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_value_has_its_place_in_words_and_as_a_pointer() {
        let document = json!({"person": {"name": "Sanne", "a/b~": true}, "notes": ["one", null], "none": {}});
        let (rows, more) = rows(&document);
        assert!(!more);
        let seen: Vec<_> = rows.iter().map(|row| (row.pointer.as_str(), row.path.join(" › "))).collect();
        let expected = [
            ("/none", "none"),
            ("/notes/0", "notes › 1"),
            ("/notes/1", "notes › 2"),
            ("/person/a~1b~0", "person › a/b~"),
            ("/person/name", "person › name"),
        ];
        assert_eq!(seen, expected.map(|(pointer, path)| (pointer, path.to_owned())));
        for row in &rows {
            assert!(document.pointer(&row.pointer).is_some(), "{}", row.pointer);
        }
        assert_eq!(rows[3].value, Shown::Yes);
        assert_eq!(rows[2].value, Shown::Nothing);
    }

    #[test]
    fn text_of_others_turns_nothing_around_and_ends() {
        assert_eq!(harmless("a\u{202e}b\u{2066}c\u{0}d\ne"), "a\u{fffd}b\u{fffd}c\u{fffd}d e");
        assert_eq!(harmless(&"x".repeat(5_000)).chars().count(), LONGEST + 1);
    }

    #[test]
    fn a_document_without_end_is_cut_and_says_so() {
        let (many, more) = rows(&json!(vec![1; 10_000]));
        assert_eq!((many.len(), more), (MOST, true));
        let deep = (0..40).fold(json!("x"), |inside, _| json!({ "a": inside }));
        let (deep, more) = rows(&deep);
        assert_eq!((deep.len(), deep[0].path.len(), more), (1, DEEPEST, false));
    }
}

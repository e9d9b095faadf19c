//! A document of another party, made into rows that a page can show whatever is in it.

use std::fmt::Write as _;

pub(crate) use kw_web::harmless;
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

/// Keeps of a value what fits in `room` bytes of memory, in the order in which a page shows it: whatever is in it that is too large goes.
/// Whether all was kept; nothing when there is no room for any of it.
pub(crate) fn keep(value: &mut Value, room: &mut usize) -> Option<bool> {
    let text = if let Value::String(text) = &*value { text.len() } else { 0 };
    *room = room.checked_sub(OVERHEAD + text)?;
    let mut whole = true;
    let mut keep_inside = |name: usize, value: &mut Value| {
        let mut left = room.saturating_sub(name);
        let kept = keep(value, &mut left);
        if kept.is_some() {
            *room = left;
        }
        whole &= kept == Some(true);
        kept.is_some()
    };
    match value {
        Value::Array(values) => values.retain_mut(|value| keep_inside(0, value)),
        Value::Object(fields) => fields.retain(|name, value| keep_inside(name.len(), value)),
        _ => {}
    }
    Some(whole)
}

/// The name of a value in a document for people, where the agreement has none: `absentHours` is "Absent hours".
pub(crate) fn readable(name: &str) -> String {
    let mut words = String::new();
    let mut before = ' ';
    for c in harmless(name).chars() {
        let begins = c.is_uppercase() && before.is_lowercase();
        if begins || matches!(c, '-' | '_') {
            words.push(' ');
        }
        match c {
            '-' | '_' => {}
            _ if words.is_empty() => words.extend(c.to_uppercase()),
            _ if begins => words.extend(c.to_lowercase()),
            _ => words.push(c),
        }
        before = c;
    }
    words
}

/// Values of one document on a page.
const MOST: usize = 150;
const DEEPEST: usize = 16;
/// What a value takes in memory beside its text.
const OVERHEAD: usize = 64;

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
        assert_eq!(harmless(&"x".repeat(5_000)).chars().count(), 2_001);
    }

    #[test]
    fn a_document_is_kept_as_far_as_there_is_room_for_it() {
        let document = json!({"a": "x".repeat(100), "b": ["y".repeat(100), "z".repeat(100)], "c": true});
        let kept = |mut room: usize| {
            let mut document = document.clone();
            keep(&mut document, &mut room).map(|whole| (document, whole))
        };
        assert_eq!(kept(10_000), Some((document.clone(), true)));
        assert_eq!(kept(500), Some((json!({"a": "x".repeat(100), "b": ["y".repeat(100)]}), false)));
        assert_eq!(kept(70), Some((json!({}), false)));
        assert_eq!(
            kept(200),
            Some((json!({"b": [], "c": true}), false)),
            "what is small is not lost with what is large"
        );
        assert_eq!(kept(10), None);

        let mut large = json!(vec!["w".repeat(1_000); 10_000]);
        assert_eq!(keep(&mut large, &mut 100_000), Some(false));
        assert!((80_000..100_000).contains(&large.to_string().len()));
    }

    #[test]
    fn a_name_of_a_system_is_read_as_words() {
        for (name, words) in [
            ("absentHours", "Absent hours"),
            ("school_year", "School year"),
            ("a-b", "A b"),
            ("BSN", "BSN"),
            ("", ""),
        ] {
            assert_eq!(readable(name), words);
        }
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

//! Files of JSON objects.

use std::collections::BTreeMap;

use kw_adapter::mapping::{Once, says_twice};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::delimited::LineCounter;
use crate::index::{RawRow, Span, Trouble};

/// Hands over every object of a JSON file: of the list, of the only list of objects in an object, or the object itself.
/// `Err` says what is wrong with the file.
pub(crate) fn each_element(text: &str, mut take: impl FnMut(RawRow)) -> Result<(), String> {
    let wrong =
        |error: serde_json::Error| format!("the file is not valid JSON: look at line {}", error.line());
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err("the file is empty: write [] when there is nothing".to_owned());
    }
    let elements: Vec<&RawValue> = if trimmed.starts_with('{') {
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).map_err(wrong)?;
        let mut lists = members.values().filter(|value| is_list_of_objects(value.get()));
        match (lists.next(), lists.next(), members.len()) {
            // An object with more in it than the list is a record that happens to have a list.
            (Some(list), None, 1) => serde_json::from_str(list.get()).map_err(wrong)?,
            _ => vec![serde_json::from_str(text).map_err(wrong)?],
        }
    } else {
        serde_json::from_str(text).map_err(wrong)?
    };
    let mut lines = LineCounter::new();
    for element in elements {
        let start = element.get().as_ptr() as usize - text.as_ptr() as usize;
        let span = Span { start: start as u64, len: element.get().len(), line: lines.line_at(text, start) };
        take(RawRow { span, content: parse(element.get()) });
    }
    Ok(())
}

/// Hands over every line of a file with one object per line.
pub(crate) fn each_line(text: &str, mut take: impl FnMut(RawRow)) {
    let mut start = 0;
    for (line, content) in (1..).zip(text.split_inclusive('\n')) {
        if !content.trim().is_empty() {
            let span = Span { start, len: content.len(), line };
            take(RawRow { span, content: parse(content) });
        }
        start += content.len() as u64;
    }
}

/// Reads one object.
pub(crate) fn parse(text: &str) -> Result<Map<String, Value>, Trouble> {
    match serde_json::from_str(text) {
        Ok(Once(Value::Object(members))) => Ok(members),
        Ok(_) => {
            Err(Trouble { reason: "this is not an object with named values".to_owned(), hides_records: true })
        }
        Err(error) if says_twice(&error) => Err(Trouble {
            reason: "a name stands twice in this object: write each once".to_owned(),
            hides_records: true,
        }),
        Err(_) => Err(Trouble { reason: "this is not valid JSON".to_owned(), hides_records: true }),
    }
}

fn is_list_of_objects(text: &str) -> bool {
    text.strip_prefix('[').is_some_and(|rest| rest.trim_start().starts_with(['{', ']']))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(text: &str) -> Result<Vec<u64>, String> {
        let mut lines = Vec::new();
        each_element(text, |raw| {
            assert!(text[raw.span.start as usize..][..raw.span.len].starts_with(['{', '1']));
            lines.push(raw.span.line);
        })?;
        Ok(lines)
    }

    #[test]
    fn a_list_a_wrapped_list_and_an_object_are_read() {
        assert_eq!(lines("[\n{\"a\": 1},\n\n {\"a\": 2}]"), Ok(vec![2, 4]));
        assert_eq!(lines("{\"leerlingen\": [\n{\"a\": 1}]}"), Ok(vec![2]));
        assert_eq!(lines("{\"bsn\": 1, \"list\": [{}]}"), Ok(vec![1]));
        assert_eq!(lines("[]"), Ok(vec![]));
        assert_eq!(lines("[1]"), Ok(vec![1]));
    }

    #[test]
    fn what_is_not_json_is_refused_by_line() {
        assert_eq!(
            lines("[\n{\"a\": 1},\n{\"a\""),
            Err("the file is not valid JSON: look at line 3".to_owned())
        );
        assert!(lines(" ").is_err());
    }

    #[test]
    fn lines_are_objects_of_their_own() {
        let mut read = Vec::new();
        each_line("{\"a\":1}\r\n\n{\"a\"\n{}", |raw| read.push((raw.span.line, raw.content.is_ok())));
        assert_eq!(read, [(1, true), (3, false), (4, true)]);
    }

    #[test]
    fn an_object_that_names_two_people_names_none() {
        let trouble = parse(r#"{"bsn": "999990342", "bsn": "999994086"}"#).unwrap_err();
        assert!(trouble.reason.contains("twice") && trouble.hides_records);
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_panic(text in "[\\[\\]{}a\":1, \n]{0,40}") {
            let _ = each_element(&text, |_| {});
            each_line(&text, |_| {});
        }
    }
}

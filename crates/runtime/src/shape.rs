//! What a deserialiser says about a value, without the value.
//!
//! serde's messages quote what they found. What they found may be a BSN or a password, so only what was *expected* is
//! passed on, and the place.

use serde_path_to_error::{Path, Segment};

/// What was wrong, and where, in words that hold nothing of the input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The members that lead to the place, from the outside in.
    pub(crate) members: Vec<String>,
    /// What was expected there.
    pub(crate) detail: String,
}

impl Finding {
    /// The place as a JSON pointer (RFC 6901); empty for the whole document.
    pub(crate) fn pointer(&self) -> String {
        self.members.iter().fold(String::new(), |pointer, member| {
            pointer + "/" + &member.replace('~', "~0").replace('/', "~1")
        })
    }

    /// The place as a dotted key, as TOML writes it.
    pub(crate) fn key(&self) -> String {
        self.members.join(".")
    }
}

/// Reads serde's `message` about the value at `path`. `repeats` says whether a text repeats the value found there.
pub(crate) fn finding(path: &Path, message: &str, repeats: impl Fn(&str) -> bool) -> Finding {
    let message = without_position(message);
    let mut members: Vec<String> = path.iter().filter_map(member).collect();
    let detail = if let Some(name) = quoted_after(message, "missing field `") {
        members.push(name.to_owned());
        "this field is required".to_owned()
    } else if message.starts_with("unknown field `") {
        // The name itself came with the request, so the place is the object that holds it.
        members.pop();
        format!("a field that is not known here; {}", expected(message).unwrap_or("none are"))
    } else if let Some(name) = quoted_after(message, "duplicate field `") {
        if members.last().is_none_or(|last| last != name) {
            members.push(name.to_owned());
        }
        "this field is given twice".to_owned()
    } else if let Some(expected) = expected(message) {
        expected.to_owned()
    } else if repeats(message) {
        "not a value that fits here; see the API description".to_owned()
    } else {
        message.to_owned()
    };
    Finding { members, detail }
}

/// Whether `text` repeats any scalar of two characters or more in `value`.
pub(crate) fn repeats_scalar(text: &str, value: &serde_json::Value) -> bool {
    use serde_json::Value;
    match value {
        Value::String(scalar) => scalar.chars().count() > 1 && text.contains(scalar.as_str()),
        Value::Number(number) => text.contains(&number.to_string()),
        Value::Array(items) => items.iter().any(|item| repeats_scalar(text, item)),
        Value::Object(fields) => {
            fields.iter().any(|(name, item)| text.contains(name.as_str()) || repeats_scalar(text, item))
        }
        Value::Null | Value::Bool(_) => false,
    }
}

/// From the last `expected` on: the found value is quoted before it, whatever it holds.
fn expected(message: &str) -> Option<&str> {
    let start = message.rfind(", expected ").map(|comma| comma + 2)?;
    Some(&message[start..])
}

fn quoted_after<'m>(message: &'m str, start: &str) -> Option<&'m str> {
    message.strip_prefix(start)?.strip_suffix('`')
}

/// serde_json ends with ` at line 1 column 7`; the pointer says it better.
fn without_position(message: &str) -> &str {
    let Some(start) = message.rfind(" at line ") else { return message };
    let position = &message[start + " at line ".len()..];
    let is_position =
        position.split(" column ").all(|n| !n.is_empty() && n.bytes().all(|c| c.is_ascii_digit()));
    if is_position { &message[..start] } else { message }
}

fn member(segment: &Segment) -> Option<String> {
    match segment {
        Segment::Seq { index } => Some(index.to_string()),
        // A key of a map comes with the request; what does not look like a field name of ours is not repeated.
        Segment::Map { key } if is_field_name(key) => Some(key.clone()),
        Segment::Map { .. } => Some("*".to_owned()),
        Segment::Enum { variant } => Some(variant.clone()),
        Segment::Unknown => None,
    }
}

fn is_field_name(key: &str) -> bool {
    key.len() <= 40
        && key.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && key.bytes().all(|c| c.is_ascii_alphabetic() || c == b'_' || c == b'-')
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape is used")]
    struct Order {
        line_items: Vec<Line>,
        holder: Option<kw_domain::Oin>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape is used")]
    struct Line {
        count: u8,
        class: Class,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Class {
        First,
        Second,
    }

    fn found(text: &str) -> (String, String) {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let error = serde_path_to_error::deserialize::<_, Order>(&mut deserializer).unwrap_err();
        let value = serde_json::from_str(text).unwrap();
        let finding =
            finding(error.path(), &error.inner().to_string(), |message| repeats_scalar(message, &value));
        (finding.pointer(), finding.detail)
    }

    #[test]
    fn the_place_and_what_was_expected_are_named() {
        for (text, pointer, detail) in [
            (json!({}), "/lineItems", "this field is required"),
            (json!({"lineItems": [{"count": 1}]}), "/lineItems/0/class", "this field is required"),
            (json!({"lineItems": [{"count": "123456782"}]}), "/lineItems/0/count", "expected u8"),
            (json!({"lineItems": [{"count": 999, "class": "first"}]}), "/lineItems/0/count", "expected u8"),
            (
                json!({"lineItems": [{"count": 9, "class": "business"}]}),
                "/lineItems/0/class",
                "expected `first` or `second`",
            ),
            (
                json!({"lineItems": [], "123456782": 1}),
                "",
                "a field that is not known here; expected `lineItems` or `holder`",
            ),
            (json!({"lineItems": [], "holder": "00000005"}), "/holder", "an OIN has exactly 20 positions"),
        ] {
            assert_eq!(found(&text.to_string()), (pointer.to_owned(), detail.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_value_made_to_look_like_the_message_is_not_repeated() {
        let text = json!({"lineItems": [{"count": "x, expected 123456782", "class": "first"}]});
        assert_eq!(found(&text.to_string()).1, "expected u8");
    }

    #[test]
    fn a_message_that_repeats_the_value_is_replaced() {
        let value = json!({"id": "zx9"});
        assert!(repeats_scalar("invalid character in zx9", &value));
        assert!(!repeats_scalar("an OIN has exactly 20 positions", &value));
    }

    #[test]
    fn only_a_real_position_is_cut_off() {
        assert_eq!(without_position("expected u8 at line 1 column 7"), "expected u8");
        assert_eq!(without_position("stand at line up"), "stand at line up");
    }
}

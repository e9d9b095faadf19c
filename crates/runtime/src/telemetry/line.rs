//! One line of the log.

use std::fmt::Write as _;

use kw_domain::Instant;
use log::Record;
use log::kv::{Error, Key, Value, VisitSource, VisitValue};
use serde_json::{Map, Value as Json};

use super::Audience;

/// Names that a line always has; a key-value pair cannot replace them.
const OWN: [&str; 5] = ["time", "level", "audience", "target", "message"];

/// One JSON object.
pub(super) fn json(record: &Record<'_>, time: Instant) -> String {
    let fields = Fields::of(record);
    let audience = fields.audience();
    let mut line = fields.0;
    line.retain(|name, _| !OWN.contains(&name.as_str()));
    line.insert("time".to_owned(), time.to_string().into());
    line.insert("level".to_owned(), record.level().as_str().to_lowercase().into());
    line.insert("audience".to_owned(), audience.into());
    line.insert("target".to_owned(), record.target().into());
    line.insert("message".to_owned(), record.args().to_string().into());
    Json::Object(line).to_string()
}

/// One readable line: control characters are escaped, so that nothing can pretend to be a line of its own.
pub(super) fn plain(record: &Record<'_>, time: Instant) -> String {
    let fields = Fields::of(record);
    let mut line = format!("{time} {:5} {}: {}", record.level(), record.target(), record.args());
    if fields.audience() == Audience::Security.as_str() {
        line.push_str(" [security]");
    }
    for (name, value) in fields.0.iter().filter(|(name, _)| !OWN.contains(&name.as_str())) {
        // Writing to a string cannot fail.
        let _ = match value {
            Json::String(text) => write!(line, " {name}={text}"),
            other => write!(line, " {name}={other}"),
        };
    }
    escape(&line)
}

fn escape(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    for c in line.chars() {
        if c.is_control() { text.extend(c.escape_default()) } else { text.push(c) }
    }
    text
}

struct Fields(Map<String, Json>);

impl Fields {
    fn of(record: &Record<'_>) -> Self {
        let mut fields = Self(Map::new());
        // The visitor below never fails.
        let _ = record.key_values().visit(&mut fields);
        fields
    }

    fn audience(&self) -> String {
        let given = self.0.get("audience").and_then(Json::as_str);
        given.unwrap_or(Audience::Application.as_str()).to_owned()
    }
}

impl<'kvs> VisitSource<'kvs> for Fields {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        let mut found = Found(Json::Null);
        value.visit(&mut found)?;
        self.0.insert(key.as_str().to_owned(), found.0);
        Ok(())
    }
}

struct Found(Json);

impl VisitValue<'_> for Found {
    fn visit_any(&mut self, value: Value<'_>) -> Result<(), Error> {
        self.0 = value.to_string().into();
        Ok(())
    }

    fn visit_bool(&mut self, value: bool) -> Result<(), Error> {
        self.0 = value.into();
        Ok(())
    }

    fn visit_f64(&mut self, value: f64) -> Result<(), Error> {
        self.0 = value.into();
        Ok(())
    }

    fn visit_i64(&mut self, value: i64) -> Result<(), Error> {
        self.0 = value.into();
        Ok(())
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), Error> {
        self.0 = value.into();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use log::Level;

    use super::*;

    fn with_record<T>(message: &str, pairs: &[(&str, Value<'_>)], read: impl Fn(&Record<'_>) -> T) -> T {
        let pairs = pairs.to_vec();
        read(
            &Record::builder()
                .args(format_args!("{message}"))
                .level(Level::Warn)
                .target("kw_test")
                .key_values(&pairs)
                .build(),
        )
    }

    #[test]
    fn a_json_line_holds_the_fields_with_their_types() {
        let pairs = [("status", Value::from(200)), ("audience", Value::from("security"))];
        let line = with_record("request", &pairs, |record| json(record, Instant::from_millis(0)));
        let line: Json = serde_json::from_str(&line).unwrap();
        assert_eq!(line["status"], 200);
        assert_eq!(line["audience"], "security");
        assert_eq!(line["level"], "warn");
        assert_eq!(line["message"], "request");
        assert_eq!(line["time"], Instant::from_millis(0).to_string());
    }

    #[test]
    fn without_an_audience_the_operator_is_meant() {
        let line = with_record("x", &[], |record| json(record, Instant::from_millis(0)));
        assert!(line.contains("\"audience\":\"application\""), "{line}");
    }

    #[test]
    fn a_pair_cannot_replace_what_every_line_has() {
        let line = with_record("true", &[("message", Value::from("false"))], |record| {
            json(record, Instant::from_millis(0))
        });
        assert!(line.contains("\"message\":\"true\""), "{line}");
    }

    #[test]
    fn a_message_with_line_breaks_stays_one_line_in_both_forms() {
        for form in [json, plain] {
            let line = with_record("one\ntwo\u{1b}[31m", &[("k", Value::from("a\nb"))], |record| {
                form(record, Instant::from_millis(0))
            });
            assert!(!line.chars().any(char::is_control), "{line:?}");
        }
    }
}

//! One line of the log.

use std::fmt::Write as _;

use kw_domain::Instant;
use kw_telemetry::Audience;
use log::Record;
use log::kv::{Error, Key, Value, VisitSource, VisitValue};
use serde_json::{Map, Value as Json};

/// Names that a line always has; a field cannot replace them.
const OWN: [&str; 6] = ["time", "level", "audience", "target", "event", "message"];

/// One JSON object.
pub(super) fn json(record: &Record<'_>, time: Instant) -> String {
    let Said { audience, target, event, message, mut fields } = Said::by(record);
    fields.insert("time".to_owned(), time.to_string().into());
    fields.insert("level".to_owned(), record.level().as_str().to_lowercase().into());
    fields.insert("audience".to_owned(), audience.into());
    fields.insert("target".to_owned(), target.into());
    fields.insert("event".to_owned(), event.into());
    fields.insert("message".to_owned(), message.into());
    Json::Object(fields).to_string()
}

/// One readable line: control characters are escaped, so that nothing can pretend to be a line of its own.
pub(super) fn plain(record: &Record<'_>, time: Instant) -> String {
    let Said { audience, target, message, fields, .. } = Said::by(record);
    let mut line = format!("{time} {:5} {target}: {message}", record.level());
    if audience == Audience::Security.as_str() {
        line.push_str(" [security]");
    }
    for (name, value) in &fields {
        // Writing to a string cannot fail.
        let _ = match value {
            Json::String(text) => write!(line, " {name}={text}"),
            other => write!(line, " {name}={other}"),
        };
    }
    escape(&line)
}

/// What one record says.
struct Said {
    audience: String,
    target: String,
    event: String,
    message: String,
    /// Without [`OWN`].
    fields: Map<String, Json>,
}

impl Said {
    fn by(record: &Record<'_>) -> Self {
        let mut fields = Fields(Map::new());
        // The visitor below never fails.
        let _ = record.key_values().visit(&mut fields);
        let mut fields = fields.0;
        let text = |value: Json| value.as_str().map(ToOwned::to_owned);
        let audience = fields.remove("audience").and_then(text);
        let event = fields.remove("event").and_then(text);
        match (audience, event) {
            (Some(audience), Some(event)) if is_ours(record.module_path_static()) => {
                fields.retain(|name, _| !OWN.contains(&name.as_str()));
                Self {
                    audience,
                    target: record.target().to_owned(),
                    event,
                    message: record.args().to_string(),
                    fields,
                }
            }
            _ => Self::by_library(record),
        }
    }

    /// The words of a library may hold anything that it was given, so they are not written. Where it said them is fixed, and
    /// whoever wants to know reads its source there.
    fn by_library(record: &Record<'_>) -> Self {
        let line = record.line().map(|line| ("line".to_owned(), line.into()));
        Self {
            audience: Audience::Application.as_str().to_owned(),
            target: record.module_path_static().unwrap_or("unknown").to_owned(),
            event: "library-said".to_owned(),
            message: "a library said something; the line of its source tells what".to_owned(),
            fields: line.into_iter().collect(),
        }
    }
}

/// Only `kw_telemetry::events!` names a module and has an audience and a code.
fn is_ours(module: Option<&'static str>) -> bool {
    module.is_some_and(|module| module.starts_with("kw_") || module.starts_with("ketenwijzer"))
}

fn escape(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    for c in line.chars() {
        if c.is_control() { text.extend(c.escape_default()) } else { text.push(c) }
    }
    text
}

struct Fields(Map<String, Json>);

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

    const DECLARED: [(&str, &str); 2] = [("audience", "security"), ("event", "test")];

    fn with_record<T>(
        message: &str,
        module: &'static str,
        pairs: &[(&str, Value<'_>)],
        read: impl Fn(&Record<'_>) -> T,
    ) -> T {
        let declared = DECLARED.map(|(name, value)| (name, Value::from(value)));
        let pairs: Vec<_> = declared.into_iter().chain(pairs.iter().cloned()).collect();
        read(
            &Record::builder()
                .args(format_args!("{message}"))
                .level(Level::Warn)
                .target("kw_test")
                .module_path_static(Some(module))
                .line(Some(7))
                .key_values(&pairs)
                .build(),
        )
    }

    #[test]
    fn a_json_line_holds_the_fields_with_their_types() {
        let pairs = [("status", Value::from(200))];
        let line =
            with_record("request", "kw_test::events", &pairs, |record| json(record, Instant::from_millis(0)));
        let line: Json = serde_json::from_str(&line).unwrap();
        assert_eq!(line["status"], 200);
        assert_eq!(line["audience"], "security");
        assert_eq!(line["event"], "test");
        assert_eq!(line["level"], "warn");
        assert_eq!(line["message"], "request");
        assert_eq!(line["time"], Instant::from_millis(0).to_string());
    }

    #[test]
    fn the_words_and_fields_of_a_library_are_not_written() {
        let pairs = [("row", Value::from("999990342"))];
        for form in [json, plain] {
            for module in ["tokio_postgres::connection", "actix_http"] {
                let line = with_record("no 999990342", module, &pairs, |record| {
                    form(record, Instant::from_millis(0))
                });
                assert!(line.contains(module) && line.contains('7'), "{line}");
                assert!(!line.contains("999990342"), "{line}");
            }
        }
    }

    #[test]
    fn what_was_not_declared_is_as_strange_as_a_library() {
        let record =
            Record::builder().args(format_args!("no 999990342")).module_path_static(Some("kw_x")).build();
        let line = json(&record, Instant::from_millis(0));
        assert!(line.contains("library-said") && !line.contains("999990342"), "{line}");
    }

    #[test]
    fn a_pair_cannot_replace_what_every_line_has() {
        let pairs = [("message", Value::from("false"))];
        let line = with_record("true", "kw_test", &pairs, |record| json(record, Instant::from_millis(0)));
        assert!(line.contains("\"message\":\"true\""), "{line}");
    }

    #[test]
    fn a_message_with_line_breaks_stays_one_line_in_both_forms() {
        for form in [json, plain] {
            let pairs = [("k", Value::from("a\nb"))];
            let line = with_record("one\ntwo\u{1b}[31m", "kw_test", &pairs, |record| {
                form(record, Instant::from_millis(0))
            });
            assert!(!line.chars().any(char::is_control), "{line:?}");
        }
    }
}

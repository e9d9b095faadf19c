//! The JSON Schema of a category's documents.

use std::collections::BTreeSet;
use std::fmt;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value;

/// A compiled JSON Schema (draft 2020-12). It refers to nothing outside the agreement, and formats are checked.
pub struct DocumentSchema {
    schema: Value,
    validator: Validator,
    /// Property names that the schema itself mentions: these, and no others, may stand in a complaint.
    names: BTreeSet<String>,
}

impl DocumentSchema {
    pub(crate) fn compile(schema: Value) -> Result<Self, DocumentSchemaError> {
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .should_ignore_unknown_formats(false)
            // Documents come from outside; this engine has no pattern that takes exponential time.
            .with_pattern_options(PatternOptions::regex())
            .build(&schema)
            .map_err(|error| DocumentSchemaError { place: error.instance_path().to_string() })?;
        let mut names = BTreeSet::new();
        collect_names(&schema, &mut names);
        Ok(Self { schema, validator, names })
    }

    /// The schema as JSON, with the agreement's shared definitions under `$defs`.
    pub fn as_json(&self) -> &Value {
        &self.schema
    }

    /// Checks one document. Each complaint is `pointer: keyword`, with `*` for a name that the schema does not know and
    /// never a value: complaints are logged and sent, documents are not.
    pub(crate) fn check(&self, document: &Value) -> Result<(), Vec<String>> {
        let mut complaints: Vec<String> = self
            .validator
            .iter_errors(document)
            .take(MAX_COMPLAINTS)
            .map(|error| {
                let place = self.known_pointer(&error.instance_path().to_string());
                match error.kind() {
                    ValidationErrorKind::Required { property: Value::String(name) } => {
                        format!("{place}: required ({name})")
                    }
                    kind => format!("{place}: {}", kind.keyword()),
                }
            })
            .collect();
        complaints.dedup();
        if complaints.is_empty() { Ok(()) } else { Err(complaints) }
    }

    fn known_pointer(&self, pointer: &str) -> String {
        pointer
            .split('/')
            .skip(1)
            .map(|segment| {
                let name = segment.replace("~1", "/").replace("~0", "~");
                let item = name.len() <= 6 && name.bytes().all(|c| c.is_ascii_digit());
                if item || self.names.contains(&name) { format!("/{segment}") } else { "/*".to_owned() }
            })
            .collect()
    }
}

impl fmt::Debug for DocumentSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DocumentSchema({} names)", self.names.len())
    }
}

/// The author of the agreement wrote a schema that is none, or that refers to something outside the agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DocumentSchemaError {
    /// Where in the schema: a JSON Pointer.
    pub(crate) place: String,
}

fn collect_names(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::Object(properties)) = members.get("properties") {
                names.extend(properties.keys().cloned());
            }
            members.values().for_each(|member| collect_names(member, names));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_names(item, names)),
        _ => {}
    }
}

/// A document with more mistakes than this is not read to its end: the first ones tell enough.
const MAX_COMPLAINTS: usize = 50;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn person() -> DocumentSchema {
        DocumentSchema::compile(json!({
            "type": "object",
            "required": ["person"],
            "properties": {
                "person": { "$ref": "#/$defs/person" },
                "visits": { "type": "array", "items": { "type": "string", "format": "date" } },
            },
            "additionalProperties": false,
            "$defs": { "person": {
                "type": "object",
                "required": ["familyName"],
                "properties": { "familyName": { "type": "string", "minLength": 1 } },
                "additionalProperties": { "type": "string" },
            } },
        }))
        .unwrap()
    }

    #[test]
    fn a_document_that_fits_is_accepted() {
        let document = json!({ "person": { "familyName": "Jansen" }, "visits": ["2026-01-31"] });
        assert_eq!(person().check(&document), Ok(()));
    }

    #[test]
    fn complaints_say_where_and_why_and_never_what() {
        let document = json!({
            "person": { "999990342": 7 },
            "visits": ["2026-02-31"],
            "geheim-veld": "Kees",
        });
        let complaints = person().check(&document).unwrap_err();
        let mut sorted = complaints.clone();
        sorted.sort();
        assert_eq!(
            sorted,
            [
                "/person/*: type",
                "/person: required (familyName)",
                "/visits/0: format",
                ": additionalProperties",
            ]
        );
        let all = complaints.join(" ");
        assert!(!all.contains("999990342") && !all.contains("Kees") && !all.contains("geheim"));
    }

    #[test]
    fn a_schema_that_needs_the_network_or_is_none_is_refused() {
        for schema in [
            json!({ "$ref": "https://example.com/person.json" }),
            json!({ "$ref": "file:///etc/passwd" }),
            json!({ "$ref": "#/$defs/absent" }),
            json!({ "type": "person" }),
            json!({ "pattern": "(" }),
            json!({ "properties": { "date": { "format": "dutch-date" } } }),
        ] {
            assert!(DocumentSchema::compile(schema.clone()).is_err(), "{schema}");
        }
    }
}

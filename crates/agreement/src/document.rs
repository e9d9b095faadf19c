//! The JSON Schema of a category's documents.

use std::collections::BTreeSet;
use std::fmt;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, Validator};
use serde::Deserialize as _;
use serde_json::Value;

use crate::Localised;

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
        if let Some(place) = wrong_title(&schema, String::new()) {
            return Err(DocumentSchemaError { place });
        }
        Ok(Self { schema, validator, names })
    }

    /// The schema as JSON, with the agreement's shared definitions under `$defs`.
    pub fn as_json(&self) -> &Value {
        &self.schema
    }

    /// What people call each step of a JSON Pointer into a document, from the outside in; nothing where the schema has no `titles`.
    pub fn titles(&self, pointer: &str) -> Vec<Option<Localised>> {
        let mut at = Some(&self.schema);
        let mut titles = Vec::new();
        for segment in pointer.split('/').skip(1) {
            let name = segment.replace("~1", "/").replace("~0", "~");
            at = at.and_then(|schema| self.inside(schema, &name));
            titles.push(at.and_then(|schema| self.titled(schema)));
        }
        titles
    }

    /// The schema of what is called so inside of what this schema is about.
    fn inside<'a>(&'a self, schema: &'a Value, name: &str) -> Option<&'a Value> {
        self.said(schema).find_map(|schema| {
            let item = || schema.get("items").filter(|_| name.bytes().all(|c| c.is_ascii_digit()));
            schema.get("properties").and_then(|properties| properties.get(name)).or_else(item)
        })
    }

    fn titled(&self, schema: &Value) -> Option<Localised> {
        self.said(schema).find_map(|schema| Localised::deserialize(schema.get(TITLES)?).ok())
    }

    /// A schema, and those that it refers to.
    fn said<'a>(&'a self, schema: &'a Value) -> impl Iterator<Item = &'a Value> {
        let definition = |schema: &Value| {
            let pointer = schema.get("$ref")?.as_str()?.strip_prefix('#')?;
            self.schema.pointer(pointer)
        };
        std::iter::successors(Some(schema), move |schema| definition(schema)).take(LONGEST_WAY)
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

/// Where `titles` stands and is none in every language. As the name of a property it says nothing about titles.
fn wrong_title(schema: &Value, place: String) -> Option<String> {
    let inside = |members: &serde_json::Map<String, Value>, place: &str| {
        members.iter().find_map(|(name, member)| wrong_title(member, format!("{place}/{name}")))
    };
    let Value::Object(members) = schema else { return None };
    let sound = |titles| Localised::deserialize(titles).is_ok_and(|one: Localised| one.is_said());
    if members.get(TITLES).is_some_and(|titles| !sound(titles)) {
        return Some(format!("{place}/{TITLES}"));
    }
    let named = ["properties", "$defs"].iter().find_map(|key| {
        let Some(Value::Object(members)) = members.get(*key) else { return None };
        inside(members, &format!("{place}/{key}"))
    });
    named.or_else(|| wrong_title(members.get("items")?, format!("{place}/items")))
}

/// What people call a part of a document, in every language. JSON Schema's own `title` is in one.
const TITLES: &str = "titles";
/// Definitions that refer to each other end somewhere.
const LONGEST_WAY: usize = 8;
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
    fn every_step_into_a_document_is_called_what_people_call_it() {
        let named = |nl: &str, en: &str| json!({ "nl": nl, "en": en });
        let schema = DocumentSchema::compile(json!({
            "properties": {
                "person": { "$ref": "#/$defs/person" },
                "parent": { "$ref": "#/$defs/person", "titles": named("Ouder", "Parent") },
                "visits": { "items": { "properties": { "on/at": { "titles": named("Dag", "Day") } } } },
                // A property of this name is no title.
                "titles": { "type": "string" },
            },
            "$defs": {
                "person": { "titles": named("Persoon", "Person"), "properties": { "self": { "$ref": "#/$defs/person" } } },
                "round": { "$ref": "#/$defs/round" },
            },
        }));
        let schema = schema.unwrap();
        let called = |pointer| {
            let titles = schema.titles(pointer);
            titles.into_iter().map(|one| one.map_or_else(String::new, |one| one.nl)).collect::<Vec<_>>()
        };
        assert_eq!(called("/person/self/name"), ["Persoon", "Persoon", ""]);
        assert_eq!(called("/parent"), ["Ouder"]);
        assert_eq!(called("/visits/0/on~1at"), ["", "", "Dag"]);
        assert_eq!(called("/titles/x"), ["", ""]);
        assert!(called("").is_empty());
    }

    #[test]
    fn a_title_is_said_in_every_language() {
        for titles in [json!("Naam"), json!({ "nl": "Naam" }), json!({ "nl": "Naam", "en": " " })] {
            let schema = json!({ "$defs": { "a": { "properties": { "b": { "titles": titles } } } } });
            let refused = DocumentSchema::compile(schema).unwrap_err();
            assert_eq!(refused.place, "/$defs/a/properties/b/titles");
        }
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

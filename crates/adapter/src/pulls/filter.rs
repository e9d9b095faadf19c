//! What may leave: the members that the agreement's schema describes, and only if the whole then fits it.

use kw_agreement::Agreement;
use kw_domain::Category;
use kw_protocol::pull::Provenance;
use kw_store::partner::LocalRecord;
use kw_telemetry::Configured;
use serde_json::Value;

use super::refusal::PullRefusal;
use crate::SourceDocument;
use crate::events::DocumentMalformed;

/// The document as it may leave, with its provenance.
pub(super) fn deliverable(
    agreement: &Agreement,
    record: &LocalRecord,
    document: SourceDocument,
) -> Result<(Value, Provenance), PullRefusal> {
    let SourceDocument { mut document, as_of, mut under_investigation, .. } = document;
    if let Err(complaints) = fitting(agreement, &record.category, &mut document) {
        // Not what they say: the names of members may be data.
        DocumentMalformed {
            source: Configured::source(&record.source),
            category: Configured::category(&record.category),
            complaints: complaints.len(),
        }
        .log();
        return Err(PullRefusal::Document);
    }
    under_investigation.retain(|pointer| document.pointer(pointer).is_some());
    Ok((document, Provenance { source: record.source.clone(), as_of, under_investigation }))
}

/// Leaves of a document what the agreement's schema describes. `Err` is what the schema has against the rest, each complaint
/// without a value.
pub(crate) fn fitting(
    agreement: &Agreement,
    category: &Category,
    document: &mut Value,
) -> Result<(), Vec<String>> {
    if let Some(schema) = agreement.category(category).and_then(|rules| rules.schema.as_ref()) {
        keep_described(schema.as_json(), schema.as_json(), document, 0);
    }
    agreement.check_document(category, document)
}

/// Removes the members that a closed schema (`additionalProperties: false`) does not name, at every depth. An open schema
/// describes what must be there, not all that may be, so it removes nothing of its own level.
fn keep_described(root: &Value, schema: &Value, document: &mut Value, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    let schema = resolve(root, schema);
    match document {
        Value::Object(members) => {
            let properties = schema.get("properties").and_then(Value::as_object);
            let closed = schema.get("additionalProperties") == Some(&Value::Bool(false))
                && schema.get("patternProperties").is_none();
            if closed {
                members.retain(|name, _| properties.is_some_and(|known| known.contains_key(name)));
            }
            for (name, member) in members {
                if let Some(described) = properties.and_then(|known| known.get(name)) {
                    keep_described(root, described, member, depth + 1);
                }
            }
        }
        Value::Array(items) => {
            if let Some(described) = schema.get("items") {
                for item in items {
                    keep_described(root, described, item, depth + 1);
                }
            }
        }
        _ => {}
    }
}

/// Follows references within the schema (`#/$defs/person`); others do not exist in an agreement.
fn resolve<'a>(root: &'a Value, mut schema: &'a Value) -> &'a Value {
    for _ in 0..MAX_DEPTH {
        let target = schema.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#'));
        match target.and_then(|pointer| root.pointer(pointer)) {
            Some(found) => schema = found,
            None => break,
        }
    }
    schema
}

const MAX_DEPTH: usize = 32;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kept(schema: Value, mut document: Value) -> Value {
        keep_described(&schema, &schema, &mut document, 0);
        document
    }

    #[test]
    fn a_closed_schema_keeps_only_what_it_names_at_every_depth() {
        let schema = json!({
            "additionalProperties": false,
            "properties": {"person": {"$ref": "#/$defs/person"}, "visits": {"type": "array", "items": {"$ref": "#/$defs/visit"}}},
            "$defs": {
                "person": {"additionalProperties": false, "properties": {"name": {}}},
                "visit": {"additionalProperties": false, "properties": {"on": {}}},
            },
        });
        let document = json!({
            "person": {"name": "A", "bsn": "x"}, "visits": [{"on": 1, "note": 2}], "internal": true,
        });
        assert_eq!(kept(schema, document), json!({"person": {"name": "A"}, "visits": [{"on": 1}]}));
    }

    #[test]
    fn an_open_schema_keeps_its_own_level_and_closes_what_is_closed_below() {
        let schema =
            json!({"properties": {"person": {"additionalProperties": false, "properties": {"name": {}}}}});
        let document = json!({"person": {"name": "A", "bsn": "x"}, "more": 1});
        assert_eq!(kept(schema, document), json!({"person": {"name": "A"}, "more": 1}));
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema = json!({"$ref": "#"});
        assert_eq!(kept(schema, json!({"a": 1})), json!({"a": 1}));
    }
}

//! The document: a Bundle of resources, without what has no business there.

use serde_json::{Map, Value, json};

/// A Bundle of type `collection` of these resources.
pub(crate) fn collection(resources: Vec<Map<String, Value>>, bsn_system: &str) -> Value {
    let entries: Vec<_> = resources
        .into_iter()
        .map(|mut resource| {
            tidy(&mut resource);
            without_numbers(&mut resource, bsn_system);
            json!({ "resource": resource })
        })
        .collect();
    json!({ "resourceType": "Bundle", "type": "collection", "entry": entries })
}

/// Takes out the narrative, which repeats the content in free text, and what the server keeps for itself. Labels that say how the content
/// must be handled stay.
fn tidy(resource: &mut Map<String, Value>) {
    resource.remove("text");
    if let Some(Value::Object(meta)) = resource.get_mut("meta") {
        meta.retain(|name, _| matches!(name.as_str(), "profile" | "security"));
        if meta.is_empty() {
            resource.remove("meta");
        }
    }
    if let Some(Value::Array(contained)) = resource.get_mut("contained") {
        contained.iter_mut().filter_map(Value::as_object_mut).for_each(tidy);
    }
}

/// Takes out identifiers that are a BSN, at any depth: of the subject and of others.
fn without_numbers(members: &mut Map<String, Value>, bsn_system: &str) {
    members.retain(|_, value| {
        without_numbers_inside(value, bsn_system);
        let emptied =
            value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty);
        !is_number(value, bsn_system) && !emptied
    });
}

fn without_numbers_inside(value: &mut Value, bsn_system: &str) {
    match value {
        Value::Object(members) => without_numbers(members, bsn_system),
        Value::Array(items) => {
            items.retain(|item| !is_number(item, bsn_system));
            for item in items {
                without_numbers_inside(item, bsn_system);
            }
        }
        _ => {}
    }
}

fn is_number(value: &Value, bsn_system: &str) -> bool {
    value.get("system").and_then(Value::as_str) == Some(bsn_system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_narrative_and_what_the_server_keeps_for_itself_stay_there() {
        let bsn = json!({"system": "bsn", "value": "999990342"});
        let resource = json!({
            "resourceType": "Condition", "id": "1", "text": {"div": "999990342"},
            "meta": {"lastUpdated": "2026", "versionId": "3", "security": [{"code": "R"}]},
            "identifier": [bsn], "code": {"text": "kept"},
            "subject": {"reference": "Patient/a", "identifier": bsn},
            "contained": [{"resourceType": "RelatedPerson", "id": "r", "text": {"div": "x"}, "identifier": [bsn, {"system": "other", "value": "1"}]}],
        });
        let document = collection(vec![resource.as_object().unwrap().clone()], "bsn");
        assert_eq!(
            document,
            json!({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {
                "resourceType": "Condition", "id": "1", "meta": {"security": [{"code": "R"}]}, "code": {"text": "kept"},
                "subject": {"reference": "Patient/a"},
                "contained": [{"resourceType": "RelatedPerson", "id": "r", "identifier": [{"system": "other", "value": "1"}]}],
            }}]})
        );
    }
}

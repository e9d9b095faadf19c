//! A page of a FHIR server.

use kw_adapter::SourceError;
use serde_json::{Map, Value};

/// The resources on a page, and what the page says about the rest.
pub(crate) struct Bundle {
    entries: Vec<Value>,
    pub(crate) next: Option<String>,
    pub(crate) total: Option<u64>,
}

impl Bundle {
    pub(crate) fn read(what: &str, body: Value) -> Result<Self, SourceError> {
        let Value::Object(mut bundle) = body else { return Err(not_a_bundle(what)) };
        if bundle.get("resourceType").and_then(Value::as_str) != Some("Bundle") {
            return Err(not_a_bundle(what));
        }
        let entries = match bundle.remove("entry") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(entries)) => entries,
            Some(_) => return Err(not_a_bundle(what)),
        };
        let links = bundle.get("link").and_then(Value::as_array).into_iter().flatten();
        let next = links
            .filter(|link| link["relation"] == "next")
            .find_map(|link| link["url"].as_str().map(str::to_owned));
        Ok(Self { entries, next, total: bundle.get("total").and_then(Value::as_u64) })
    }

    /// The resources of a type that were searched for: not what was included with them, nor what the server has to say.
    pub(crate) fn matches(&self, kind: &str) -> impl Iterator<Item = &Map<String, Value>> {
        let found = self.entries.iter().filter(|entry| {
            let mode = entry.pointer("/search/mode").and_then(Value::as_str);
            mode.is_none_or(|mode| mode == "match")
        });
        found
            .filter_map(|entry| entry.get("resource")?.as_object())
            .filter(move |resource| resource.get("resourceType").and_then(Value::as_str) == Some(kind))
    }

    /// How many entries stand on the page.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The logical ids that a history says were deleted.
    pub(crate) fn deleted(&self, kind: &str) -> Vec<String> {
        let requests = self.entries.iter().filter_map(|entry| entry.get("request"));
        requests
            .filter(|request| request["method"] == "DELETE")
            .filter_map(|request| request["url"].as_str())
            .filter_map(|url| id_in(url, kind))
            .map(str::to_owned)
            .collect()
    }
}

/// The logical id in `[base/]Type/id[/_history/version]`.
pub(crate) fn id_in<'a>(reference: &'a str, kind: &str) -> Option<&'a str> {
    let mut segments = reference.split('/').peekable();
    let mut found = None;
    while let Some(segment) = segments.next() {
        if segment == kind {
            found = segments.peek().copied();
        }
    }
    found.filter(|id| is_id(id))
}

/// A logical id as FHIR has them: nothing that has a meaning in an address.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'.'))
        && text.bytes().any(|c| c != b'.')
}

fn not_a_bundle(what: &str) -> SourceError {
    SourceError::Content(format!("{what}: the answer is not a FHIR Bundle in JSON"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_was_searched_for_is_taken() {
        let body = json!({"resourceType": "Bundle", "total": 2, "link": [
            {"relation": "self", "url": "a"}, {"relation": "next", "url": "b"}], "entry": [
            {"resource": {"resourceType": "Condition", "id": "1"}, "search": {"mode": "match"}},
            {"resource": {"resourceType": "Condition", "id": "2"}},
            {"resource": {"resourceType": "Condition", "id": "3"}, "search": {"mode": "include"}},
            {"resource": {"resourceType": "Patient", "id": "4"}, "search": {"mode": "match"}},
            {"resource": {"resourceType": "OperationOutcome"}, "search": {"mode": "outcome"}}, {}]});
        let bundle = Bundle::read("x", body).unwrap();
        assert_eq!(
            bundle.matches("Condition").map(|one| one["id"].as_str().unwrap()).collect::<Vec<_>>(),
            ["1", "2"]
        );
        assert_eq!((bundle.next.as_deref(), bundle.total), (Some("b"), Some(2)));
        for wrong in
            [json!([]), json!({"resourceType": "Patient"}), json!({"resourceType": "Bundle", "entry": 1})]
        {
            assert!(Bundle::read("x", wrong).is_err());
        }
    }

    #[test]
    fn ids_are_found_in_references() {
        for (reference, id) in [
            ("Patient/a-1", Some("a-1")),
            ("https://fhir.example/r4/Patient/a.1/_history/3", Some("a.1")),
            ("Patient/", None),
            ("Patient/..", None),
            ("Patient/a?b", None),
            ("#p", None),
            ("Group/1", None),
        ] {
            assert_eq!(id_in(reference, "Patient"), id, "{reference}");
        }
    }
}

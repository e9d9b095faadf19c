//! Whether a JSON pointer leads to something that documents of a category may have.

use kw_agreement::Agreement;
use kw_domain::Category;
use serde_json::Value;

/// Whether any of these categories' documents may have something there. Where the agreement describes nothing, they may.
pub(super) fn may_exist(agreement: &Agreement, categories: &[Category], pointer: &str) -> bool {
    categories.iter().any(|category| {
        let schema = agreement.category(category).and_then(|rules| rules.schema.as_ref());
        schema.is_none_or(|schema| fits(schema.as_json(), pointer))
    })
}

/// What a schema says of one step.
enum Step<'a> {
    /// Described by this.
    To(&'a Value),
    /// Not described, and not excluded.
    Open,
    Excluded,
}

fn fits(root: &Value, pointer: &str) -> bool {
    let mut schema = root;
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        match step(root, schema, &token, 0) {
            Step::To(next) => schema = next,
            Step::Open => return true,
            Step::Excluded => return false,
        }
    }
    true
}

fn step<'a>(root: &'a Value, schema: &'a Value, token: &str, depth: usize) -> Step<'a> {
    if depth > MAX_DEPTH {
        return Step::Open;
    }
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        let found = target.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        return found.map_or(Step::Open, |schema| step(root, schema, token, depth + 1));
    }
    // Whatever one branch allows may be there: this is no validation of a document.
    for several in ["allOf", "anyOf", "oneOf"] {
        if let Some(branches) = schema.get(several).and_then(Value::as_array) {
            for branch in branches {
                if let to @ Step::To(_) = step(root, branch, token, depth + 1) {
                    return to;
                }
            }
        }
    }
    let Some(keywords) = schema.as_object() else {
        return if schema == &Value::Bool(false) { Step::Excluded } else { Step::Open };
    };
    let may_be = |kind: &str| match keywords.get("type") {
        None => true,
        Some(Value::Array(kinds)) => kinds.iter().any(|one| one == kind),
        Some(one) => one == kind,
    };
    if let Some(next) = keywords.get("properties").and_then(|known| known.get(token)) {
        return Step::To(next);
    }
    let is_index = !token.is_empty() && token.bytes().all(|letter| letter.is_ascii_digit());
    if is_index && may_be("array") {
        return keywords.get("items").map_or(Step::Open, Step::To);
    }
    let is_closed = keywords.get("additionalProperties") == Some(&Value::Bool(false))
        && keywords.get("patternProperties").is_none();
    if may_be("object") && !is_closed { Step::Open } else { Step::Excluded }
}

const MAX_DEPTH: usize = 32;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pointer_fits_where_the_schema_describes_or_leaves_open() {
        let schema = json!({
            "additionalProperties": false,
            "properties": {
                "person": {"$ref": "#/$defs/person"},
                "visits": {"type": "array", "items": {"type": "object", "additionalProperties": false,
                    "properties": {"on": {"type": "string"}}}},
                "free": {"type": "object"},
                "one": {"oneOf": [{"type": "string"}, {"type": "object", "properties": {"of": {}}}]},
            },
            "$defs": {"person": {"additionalProperties": false, "properties": {"name": {"type": "string"}, "a/b": {}}}},
        });
        for good in ["/person", "/person/name", "/person/a~1b", "/visits/3/on", "/free/any/thing", "/one/of"]
        {
            assert!(fits(&schema, good), "{good}");
        }
        for bad in ["/bsn", "/person/bsn", "/person/name/first", "/visits/on", "/visits/0/by"] {
            assert!(!fits(&schema, bad), "{bad}");
        }
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        assert!(fits(&json!({"$ref": "#"}), "/a/b"));
    }
}

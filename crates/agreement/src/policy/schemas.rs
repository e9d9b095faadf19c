//! What the rules are told has a schema each. Types give it that shape already; what comes from a record, and the agreement
//! when it is loaded, is checked all the same.

use std::sync::LazyLock;

use serde_json::Value;

use crate::DocumentSchema;

/// What is wrong with `data.agreement`: `pointer: keyword` each.
pub(crate) fn complaints_about_agreement(data: &Value) -> Vec<String> {
    complaints(AGREEMENT.as_ref(), data)
}

/// What is wrong with the input of a decision.
pub(crate) fn complaints_about_decision(input: &Value) -> Vec<String> {
    complaints(DECISION.as_ref(), input)
}

fn complaints(schema: Option<&DocumentSchema>, document: &Value) -> Vec<String> {
    match schema {
        Some(schema) => schema.check(document).err().unwrap_or_default(),
        None => vec![": schema".to_owned()],
    }
}

fn compiled(text: &str) -> Option<DocumentSchema> {
    DocumentSchema::compile(serde_json::from_str(text).ok()?).ok()
}

static AGREEMENT: LazyLock<Option<DocumentSchema>> =
    LazyLock::new(|| compiled(include_str!("../../policy/agreement.schema.json")));

static DECISION: LazyLock<Option<DocumentSchema>> =
    LazyLock::new(|| compiled(include_str!("../../policy/decision-input.schema.json")));

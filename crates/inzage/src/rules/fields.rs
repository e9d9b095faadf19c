//! What can be wrong in a kind of data: the places in its documents, from the agreement's schema.

use std::collections::BTreeMap;

use kw_agreement::{Agreement, Language};
use kw_domain::Category;
use serde_json::Value;

/// A place in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    /// A JSON pointer.
    pub(crate) pointer: String,
    /// What people call it: the agreement's title, or the words of its name.
    pub(crate) label: String,
}

/// The places, in the order of the schema; those with a title of the agreement come first.
pub(crate) fn fields(agreement: &Agreement, category: &Category, language: Language) -> Vec<Field> {
    let mut titled: BTreeMap<&str, &str> = BTreeMap::new();
    for attribute in agreement.shared_attributes() {
        if let Some(pointer) = attribute.values.get(category) {
            titled.insert(pointer, attribute.title.within(language));
        }
    }
    let mut found = Vec::new();
    if let Some(schema) = agreement.category(category).and_then(|rules| rules.schema.as_ref()) {
        let whole = schema.as_json();
        walk(whole, whole, "", 0, &mut found);
    }
    let mut fields: Vec<Field> = found
        .into_iter()
        .map(|pointer| {
            let label =
                titled.get(pointer.as_str()).map_or_else(|| words(&pointer), |title| (*title).to_owned());
            Field { pointer, label }
        })
        .collect();
    fields.sort_by_key(|field| !titled.contains_key(field.pointer.as_str()));
    fields
}

fn walk(whole: &Value, schema: &Value, pointer: &str, depth: usize, found: &mut Vec<String>) {
    if found.len() >= MOST {
        return;
    }
    let schema = match schema.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix('#')) {
        Some(to) => whole.pointer(to).unwrap_or(&Value::Null),
        None => schema,
    };
    match schema.get("properties").and_then(Value::as_object) {
        Some(properties) if depth < DEEPEST => {
            for (name, below) in properties {
                let name = name.replace('~', "~0").replace('/', "~1");
                walk(whole, below, &format!("{pointer}/{name}"), depth + 1, found);
            }
        }
        _ if !pointer.is_empty() => found.push(pointer.to_owned()),
        _ => {}
    }
}

/// `/person/familyName` is `person: family name`.
fn words(pointer: &str) -> String {
    let parts = pointer.split('/').skip(1).map(|part| {
        let mut text = String::new();
        for letter in part.chars() {
            if letter.is_uppercase() {
                text.push(' ');
            }
            text.extend(letter.to_lowercase());
        }
        text
    });
    parts.collect::<Vec<_>>().join(": ")
}

const MOST: usize = 50;
const DEEPEST: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_of_a_document_are_offered_by_their_names() {
        let agreement = Agreement::parse(include_str!("../../../../examples/chains/youth.toml")).unwrap();
        let category = Category::parse("school-attendance").unwrap();
        let found = fields(&agreement, &category, Language::Dutch);
        let label = |pointer: &str| {
            found.iter().find(|field| field.pointer == pointer).map(|field| field.label.as_str())
        };
        assert_eq!(label("/person/familyName"), Some("Achternaam"));
        assert_eq!(label("/school/class"), Some("school: class"));
        assert_eq!(label("/attendance/absentHours"), Some("attendance: absent hours"));
        assert!(found[0].label.chars().next().unwrap().is_uppercase(), "what has a title comes first");
        assert!(found.len() <= MOST);
    }
}

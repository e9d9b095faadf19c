//! What can be wrong in a kind of data: the places in its documents, from the agreement's schema.

use kw_agreement::{Agreement, Language};
use kw_domain::Category;
use kw_web::harmless;
use serde_json::Value;

/// A place in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    /// A JSON pointer.
    pub(crate) pointer: String,
    /// What people call it: the agreement's title, or the words of its name.
    pub(crate) label: String,
}

/// The places, in the order of the schema; those that the agreement names come first.
pub(crate) fn fields(agreement: &Agreement, category: &Category, language: Language) -> Vec<Field> {
    let mut found = Vec::new();
    if let Some(schema) = agreement.category(category).and_then(|rules| rules.schema.as_ref()) {
        let whole = schema.as_json();
        walk(whole, whole, "", 0, &mut found);
    }
    let is_named = |pointer: &str| agreement.titles_at(category, pointer).last().is_some_and(Option::is_some);
    found.sort_by_key(|pointer| !is_named(pointer));
    let field = |pointer: String| {
        let label = label(agreement, category, language, &pointer);
        Field { pointer, label }
    };
    found.into_iter().map(field).collect()
}

/// What people call a place in documents of a category, from the outside in: by the agreement's titles, else by its own names.
pub(crate) fn label(agreement: &Agreement, category: &Category, language: Language, pointer: &str) -> String {
    let names = pointer.split('/').skip(1).map(|name| name.replace("~1", "/").replace("~0", "~"));
    let steps = names.zip(agreement.titles_at(category, pointer));
    let said = steps
        .map(|(name, title)| title.map_or_else(|| words(&name), |title| title.within(language).to_owned()));
    said.collect::<Vec<_>>().join(" › ")
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

/// `familyName` is `family name`.
fn words(name: &str) -> String {
    let mut text = String::new();
    for letter in harmless(name).chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push(' ');
        }
        text.extend(letter.to_lowercase());
    }
    text
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
        assert_eq!(label("/person/familyName"), Some("Persoon › Achternaam"));
        assert_eq!(label("/school/class"), Some("School › Klas"));
        assert_eq!(label("/attendance/absentHours"), Some("Verzuim › Uren afwezig"));
        assert!(found.len() <= MOST);
        let english = fields(&agreement, &category, Language::English);
        let named = |pointer: &str| english.iter().any(|field| field.label == pointer);
        assert!(named("School › Class") && named("Person › Family name"), "{english:?}");
        // What the agreement does not name keeps the words of its own.
        assert_eq!(
            super::label(&agreement, &category, Language::Dutch, "/school/homeRoom/1"),
            "School › home room › 1"
        );
    }
}

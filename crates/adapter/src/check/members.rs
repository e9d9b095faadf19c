//! The members that documents have, by name and type. A name may be data itself, as in `{"contacts": {"Anna": …}}`: it is
//! shown only when the schema or the configuration has it, or when enough people's documents have it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::report::MemberCheck;
use super::wording::looks_like_a_name;

/// The members of several documents.
#[derive(Default)]
pub(super) struct Members {
    /// Names that the agreement's schema or the configuration has, at any depth.
    known: BTreeSet<String>,
    found: BTreeMap<Vec<String>, Found>,
}

#[derive(Default)]
struct Found {
    /// The people whose documents have it.
    people: BTreeSet<usize>,
    types: BTreeMap<&'static str, BTreeSet<usize>>,
    delivered: bool,
}

impl Members {
    /// With the names that are known beforehand.
    pub(super) fn knowing(schema: Option<&Value>, pointers: impl Iterator<Item = String>) -> Self {
        let mut known: BTreeSet<String> = ["rows".to_owned()].into();
        for pointer in pointers {
            known.extend(pointer.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")));
        }
        if let Some(schema) = schema {
            names_in(schema, &mut known, 0);
        }
        Self { known, found: BTreeMap::new() }
    }

    /// Adds a document of one person, and what of it is delivered.
    pub(super) fn add(&mut self, person: usize, document: &Value, delivered: &Value) {
        self.walk(person, document, Some(delivered), &mut Vec::new());
    }

    fn walk(&mut self, person: usize, value: &Value, delivered: Option<&Value>, path: &mut Vec<String>) {
        if path.len() > DEEPEST {
            return;
        }
        if !path.is_empty() && self.found.len() < MOST {
            let found = self.found.entry(path.clone()).or_default();
            found.people.insert(person);
            found.types.entry(type_of(value)).or_default().insert(person);
            found.delivered |= delivered.is_some();
        }
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    path.push(name.clone());
                    self.walk(person, member, delivered.and_then(|whole| whole.get(name)), path);
                    path.pop();
                }
            }
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    path.push(ITEMS.to_owned());
                    self.walk(person, item, delivered.and_then(|whole| whole.get(at)), path);
                    path.pop();
                }
            }
            _ => {}
        }
    }

    /// As they may be shown.
    pub(super) fn shown(&self) -> Vec<MemberCheck> {
        let mut shown: BTreeMap<String, (BTreeMap<&'static str, BTreeSet<usize>>, bool)> = BTreeMap::new();
        for (path, found) in &self.found {
            let entry = shown.entry(self.pointer(path)).or_default();
            entry.1 |= found.delivered;
            for (kind, people) in &found.types {
                entry.0.entry(kind).or_default().extend(people);
            }
        }
        let check = |(pointer, (types, delivered)): (String, (BTreeMap<&str, BTreeSet<usize>>, bool))| {
            let types =
                types.into_iter().map(|(kind, people)| (kind.to_owned(), people.len() as u64)).collect();
            MemberCheck { pointer, types, delivered }
        };
        shown.into_iter().map(check).collect()
    }

    fn pointer(&self, path: &[String]) -> String {
        let mut pointer = String::new();
        for (at, name) in path.iter().enumerate() {
            pointer.push('/');
            if self.may_be_shown(name, &path[..=at]) {
                pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
            } else {
                pointer.push('*');
            }
        }
        pointer
    }

    fn may_be_shown(&self, name: &str, path: &[String]) -> bool {
        let people = || self.found.get(path).map_or(0, |found| found.people.len());
        name == ITEMS || self.known.contains(name) || (looks_like_a_name(name) && people() >= ENOUGH_PEOPLE)
    }
}

/// The names of members in a schema, wherever they stand in it.
fn names_in(schema: &Value, known: &mut BTreeSet<String>, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    match schema {
        Value::Object(keywords) => {
            for (keyword, value) in keywords {
                if keyword == "properties"
                    && let Value::Object(properties) = value
                {
                    known.extend(properties.keys().cloned());
                }
                names_in(value, known, depth + 1);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| names_in(item, known, depth + 1)),
        _ => {}
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// How many people have to have a member before a name that nobody declared is shown.
const ENOUGH_PEOPLE: usize = 5;
const ITEMS: &str = "[]";
const DEEPEST: usize = 32;
/// Paths that are told apart.
const MOST: usize = 2000;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pointers(members: &Members) -> Vec<String> {
        members.shown().into_iter().map(|member| member.pointer).collect()
    }

    #[test]
    fn names_that_few_have_may_be_data_and_are_not_shown() {
        let schema = json!({"properties": {"person": {"properties": {"name": {}}}}});
        let mut members = Members::knowing(Some(&schema), ["/hours".to_owned()].into_iter());
        for person in 0..6 {
            let document = json!({"person": {"name": "x", "note": 1}, "hours": 2.5, "contacts": {format!("Anna{person}"): 1},
                                  "999990342": 1, "kinds": ["a"]});
            members.add(person, &document, &document);
        }
        assert_eq!(
            pointers(&members),
            [
                "/*",
                "/contacts",
                "/contacts/*",
                "/hours",
                "/kinds",
                "/kinds/[]",
                "/person",
                "/person/name",
                "/person/note"
            ]
        );
    }

    #[test]
    fn types_are_counted_by_person_and_what_stays_is_said() {
        let mut members = Members::knowing(None, ["/a".to_owned(), "/b".to_owned()].into_iter());
        members.add(0, &json!({"a": 1, "b": null}), &json!({"a": 1}));
        members.add(1, &json!({"a": "x", "b": [true]}), &json!({"a": "x"}));
        let shown = members.shown();
        assert_eq!(shown[0].types, BTreeMap::from([("integer".to_owned(), 1), ("string".to_owned(), 1)]));
        assert_eq!((shown[0].delivered, shown[1].delivered), (true, false));
    }
}

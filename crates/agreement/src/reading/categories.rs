//! `[categories.*]` and `[definitions.*]`: retention and the shape of documents.

use std::collections::BTreeMap;

use kw_domain::Category;
use serde_json::{Map, Value};
use toml::de::DeValue;

use crate::reading::cursor::{Fields, Node};
use crate::reading::references::Declared;
use crate::reading::values;
use crate::{CategoryRules, ConsentRegime, DocumentSchema, Matching, Sensitivity, Term};

pub(crate) fn read(
    top: &mut Fields<'_>,
    declared: &Declared<'_>,
) -> Option<BTreeMap<Category, CategoryRules>> {
    let definitions = top.optional("definitions").map_or_else(Map::new, |node| definitions(&node));
    let section = top.required("categories")?;
    let mut categories = BTreeMap::new();
    for entry in section.fields()?.entries() {
        let name = entry.parsed_key(Category::parse);
        if name.as_ref().is_some_and(Category::is_access_log) {
            entry.refuse_key("this name is kept for what the logs say about a person", RENAME);
            continue;
        }
        if let (Some(name), Some(rules)) = (name, category(&entry.node, &definitions, declared)) {
            categories.insert(name, rules);
        }
    }
    Some(categories)
}

fn category(
    node: &Node<'_>,
    definitions: &Map<String, Value>,
    declared: &Declared<'_>,
) -> Option<CategoryRules> {
    let mut fields = node.fields()?;
    let title = fields.required("title").and_then(|node| values::title(&node));
    let sensitivity =
        fields.required("sensitivity").and_then(|node| node.choice(&Sensitivity::ALL, Sensitivity::as_str));
    let mut term = |key, required| {
        let found = if required { fields.required(key) } else { fields.optional(key) };
        found.and_then(|node| values::term(&node, Term::days(1), LONGEST))
    };
    let (max_validity, archive, tombstone) =
        (term("max_validity", true), term("archive", false), term("tombstone", true));
    let age_limit = fields.optional("age_limit").and_then(|node| node.number(1..131));
    let mut flag = |key| fields.optional(key).map_or(Some(false), |node| node.flag());
    let (birth_date_required, withheld_from_subject) =
        (flag("birth_date_required"), flag("withheld_from_subject"));
    let consent = match fields.optional("consent") {
        Some(node) => consent(&node, declared),
        None => Some(ConsentRegime::default()),
    };
    let matching = match fields.optional("match") {
        Some(node) => matching(&node).map(Some),
        None => Some(None),
    };
    let schema = fields.optional("schema").and_then(|node| schema(&node, definitions));
    fields.finish();
    Some(CategoryRules {
        title: title?,
        sensitivity: sensitivity?,
        max_validity: max_validity?,
        archive,
        tombstone: tombstone?,
        age_limit: age_limit.and_then(|years| u32::try_from(years).ok()),
        birth_date_required: birth_date_required?,
        withheld_from_subject: withheld_from_subject?,
        consent: consent?,
        matching: matching?,
        schema,
    })
}

fn consent(node: &Node<'_>, declared: &Declared<'_>) -> Option<ConsentRegime> {
    let regime = node.choice(&ConsentRegime::ALL, ConsentRegime::as_str)?;
    if regime != ConsentRegime::Statutory && !declared.consent_registrars {
        node.refuse(
            "nobody may record what a person chooses: consent.registrars is missing or empty",
            "list at least one partner in [consent] registrars",
        );
    }
    Some(regime)
}

fn matching(node: &Node<'_>) -> Option<Matching> {
    let mut fields = node.fields()?;
    let legal_basis = fields.required("legal_basis").and_then(|node| values::line(&node));
    let family = fields.optional("family").map_or(Some(false), |node| node.flag());
    fields.finish();
    Some(Matching { legal_basis: legal_basis?, family: family? })
}

fn definitions(node: &Node<'_>) -> Map<String, Value> {
    let mut definitions = Map::new();
    for entry in node.fields().into_iter().flat_map(|fields| fields.entries()) {
        if let Some(value) = json(&entry.node) {
            definitions.insert(entry.key.to_owned(), value);
        }
    }
    definitions
}

fn schema(node: &Node<'_>, definitions: &Map<String, Value>) -> Option<DocumentSchema> {
    node.fields()?;
    let Some(Value::Object(mut schema)) = json(node) else { return None };
    if schema.contains_key("$defs") {
        node.refuse(
            "a category's schema has no $defs of its own",
            "move them to [definitions], where every category can refer to them as #/$defs/NAME",
        );
        return None;
    }
    schema.insert("$defs".to_owned(), Value::Object(definitions.clone()));
    match DocumentSchema::compile(Value::Object(schema)) {
        Ok(schema) => Some(schema),
        Err(error) => {
            let place = if error.place.is_empty() { "/".to_owned() } else { error.place };
            node.refuse(
                format!("this is no JSON Schema (draft 2020-12) that can be used offline, see {place} in it"),
                "correct it; refer only to [definitions], as #/$defs/NAME",
            );
            None
        }
    }
}

/// TOML as JSON. `None`, with a complaint, for what JSON lacks.
fn json(node: &Node<'_>) -> Option<Value> {
    match node.value {
        DeValue::String(text) => Some(Value::from(text.as_ref())),
        DeValue::Boolean(flag) => Some(Value::from(*flag)),
        DeValue::Integer(number) => {
            let text = number.as_str().replace('_', "");
            let value = i64::from_str_radix(&text, number.radix()).ok().map(Value::from);
            complain_unless_some(node, value)
        }
        DeValue::Float(number) => {
            let value = number.as_str().replace('_', "").parse().ok();
            let value = value.and_then(serde_json::Number::from_f64).map(Value::Number);
            complain_unless_some(node, value)
        }
        DeValue::Datetime(_) => complain_unless_some(node, None),
        DeValue::Array(_) => node.items()?.iter().map(json).collect::<Option<Vec<_>>>().map(Value::Array),
        DeValue::Table(_) => {
            let entries = node.fields()?.entries();
            let members = entries.iter().map(|entry| Some((entry.key.to_owned(), json(&entry.node)?)));
            members.collect::<Option<Map<_, _>>>().map(Value::Object)
        }
    }
}

fn complain_unless_some(node: &Node<'_>, value: Option<Value>) -> Option<Value> {
    if value.is_none() {
        node.refuse("JSON has no such value", "write a text, or a number that JSON can hold");
    }
    value
}

const RENAME: &str = "rename this category";
/// The longest retention that any law of these chains knows: medical files, twenty years (BW art. 7:454).
const LONGEST: Term = Term::years(20);

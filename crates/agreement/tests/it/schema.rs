//! The JSON Schema for editors: docs/agreement.schema.json.

use std::collections::BTreeSet;

use jsonschema::Validator;
use kw_agreement::SCHEMA;
use serde_json::Value;

use crate::documentation::fields_after;
use crate::{authority, youth};

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

fn validator() -> Validator {
    jsonschema::draft202012::new(&schema()).unwrap()
}

fn as_json(toml: &str) -> Value {
    let table: toml::Table = toml::from_str(toml).unwrap();
    serde_json::to_value(table).unwrap()
}

#[test]
fn it_is_a_schema_that_every_example_fits() {
    assert!(jsonschema::meta::is_valid(&schema()));
    for text in [
        youth::TEXT,
        include_str!("../../../../examples/chains/care.toml"),
        include_str!("../../../../examples/chains/work-and-income.toml"),
        &authority::text(),
    ] {
        let document = as_json(text);
        let errors: Vec<String> = validator()
            .iter_errors(&document)
            .map(|error| format!("{} {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
}

/// The member names of an object at a place in the schema.
fn properties(pointer: &str) -> BTreeSet<String> {
    let schema = schema();
    let place = schema.pointer(pointer).unwrap_or_else(|| panic!("{pointer}"));
    place["properties"].as_object().unwrap().keys().cloned().collect()
}

#[test]
fn it_has_the_fields_that_the_reader_knows_and_no_others() {
    let kind = "/properties/representation/properties/kinds/properties/parental-authority";
    let partner = "/properties/partners/items";
    let category = "/properties/categories/additionalProperties";
    for (header, pointer) in [
        ("format = 1", String::new()),
        ("[chain]", "/properties/chain".to_owned()),
        ("[switchboard]", "/properties/switchboard".to_owned()),
        ("[pseudonymiser]", "/properties/pseudonymiser".to_owned()),
        ("[[pseudonymiser.keys]]", "/properties/pseudonymiser/properties/keys/items".to_owned()),
        ("[categories.youth-health]", category.to_owned()),
        ("[categories.youth-care-plan.match]", format!("{category}/properties/match")),
        ("[roles.youth-doctor]", "/properties/roles/additionalProperties".to_owned()),
        ("[purposes.coordinate-help]", "/properties/purposes/additionalProperties".to_owned()),
        ("[[partners]]", partner.to_owned()),
        ("[[partners.contacts]]", format!("{partner}/properties/contacts/items")),
        ("[partners.identity_provider]", format!("{partner}/properties/identity_provider")),
        ("[[partners.delegations]]", format!("{partner}/properties/delegations/items")),
        ("[shared_attributes.phone]", "/properties/shared_attributes/additionalProperties".to_owned()),
        ("[ledger]", "/properties/ledger".to_owned()),
        ("[ledger.retention]", "/properties/ledger/properties/retention".to_owned()),
        ("[ledger.office_hours]", "/properties/ledger/properties/office_hours".to_owned()),
        ("[subject_access]", "/properties/subject_access".to_owned()),
        ("[[auditors]]", "/properties/auditors/items".to_owned()),
        ("[[suppliers]]", "/properties/suppliers/items".to_owned()),
        ("[[operators]]", "/properties/operators/items".to_owned()),
        ("[review]", "/properties/review".to_owned()),
        ("[consent]", "/properties/consent".to_owned()),
        ("[representation]", "/properties/representation".to_owned()),
        ("[representation.provider]", "/properties/representation/properties/provider".to_owned()),
        ("[representation.kinds.parental-authority]", kind.to_owned()),
        ("[[representation.kinds.parental-authority.ages]]", format!("{kind}/properties/ages/items")),
        ("[alarms]", "/properties/alarms".to_owned()),
        ("[match]", "/properties/match".to_owned()),
        ("[feedback]", "/properties/feedback".to_owned()),
        ("[policy]", "/properties/policy".to_owned()),
        ("[console]", "/properties/console".to_owned()),
        ("[console.identity_provider]", "/properties/console/properties/identity_provider".to_owned()),
    ] {
        let known: BTreeSet<String> = fields_after(&authority::text(), header).into_iter().collect();
        assert_eq!(properties(&pointer), known, "{header}");
    }
    let budgets = ["query", "refresh", "register", "switchboard_query"].map(str::to_owned);
    assert_eq!(properties("/$defs/budgets"), budgets.into());
}

#[test]
fn it_refuses_what_the_reader_refuses_by_shape() {
    let whole = as_json(&authority::text());
    for (pointer, value) in [
        ("/format", Value::from(2)),
        ("/chain/environment", Value::from("tset")),
        ("/chain/colour", Value::from(1)),
        ("/partners/0/oin", Value::from("12")),
        ("/partners/0/endpoint", Value::from("http://a.example")),
        ("/partners/0/delegations/0/scopes/0", Value::from("own")),
        ("/partners/0/log_key", Value::from("AAAA")),
        ("/categories/youth-health/consent", Value::from("maybe")),
        ("/categories/youth-health/max_validity", Value::from("2 years")),
        ("/representation/kinds/friendship", Value::Null),
        ("/alarms/most_misses_percent", Value::from(101)),
        ("/match/contact_within", Value::from(0)),
        ("/feedback/take_up_within", Value::from(61)),
        ("/operators/0/name", Value::from("De Vries")),
        ("/policy/rego", Value::from("")),
    ] {
        let mut spoiled = whole.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match spoiled.pointer_mut(parent).unwrap() {
            Value::Array(items) => items[key.parse::<usize>().unwrap()] = value,
            Value::Object(members) => _ = members.insert(key.to_owned(), value),
            other => panic!("{other}"),
        }
        assert!(!validator().is_valid(&spoiled), "{pointer}");
    }
}

//! What is made of the server, for a person: what its CapabilityStatement says of the searches that are needed.

use kw_adapter::description::{
    CategoryDescription, Concern, FieldDescription, FieldRole, RoleDescription, SourceDescription,
};
use kw_domain::Category;
use serde_json::Value;

use crate::config::{CategoryResources, FhirConfig, Selection};

pub(crate) fn source(statement: &Value, config: &FhirConfig) -> SourceDescription {
    let word =
        |pointer: &str| statement.pointer(pointer).and_then(Value::as_str).map(printable).unwrap_or_default();
    let system = format!(
        "a FHIR server, version {}: {} {}",
        word("/fhirVersion"),
        word("/software/name"),
        word("/software/version")
    );
    let categories = config.categories.iter();
    let categories = categories.map(|(name, rules)| (name.clone(), category(name, rules, config, statement)));
    SourceDescription { system: system.trim_end().to_owned(), categories: categories.collect() }
}

fn category(
    name: &Category,
    rules: &CategoryResources,
    config: &FhirConfig,
    statement: &Value,
) -> CategoryDescription {
    let configured = |role, what: &str| RoleDescription::new(role, what, "as FHIR has it");
    let fields = rules.resources.iter().map(|selection| FieldDescription {
        from: if selection.search.is_empty() {
            selection.kind.clone()
        } else {
            format!("{}?{}", selection.kind, selection.search)
        },
        to: "/entry".to_owned(),
        becomes: "resource".to_owned(),
    });
    let mut concerns = Vec::new();
    if !statement["fhirVersion"].as_str().is_some_and(|version| version.starts_with("4.0")) {
        concerns.push(Concern::new(
            "the server does not say that it is FHIR R4",
            "look whether base_url is the right one",
        ));
    }
    for selection in &rules.resources {
        concerns.extend(missing(selection, statement));
    }
    CategoryDescription {
        origins: vec![format!("search of {name}"), format!("fetch of {name}")],
        roles: vec![
            configured(FieldRole::Key, "Patient.id"),
            RoleDescription::new(
                FieldRole::Subject,
                format!("Patient.identifier of {}", config.bsn_system),
                "configured",
            ),
            configured(FieldRole::BirthDate, "Patient.birthDate"),
            configured(FieldRole::ChangedAt, "meta.lastUpdated"),
            configured(FieldRole::Gone, "Patient.active is false, or Patient.link of type replaced-by"),
        ],
        fields: fields.collect(),
        rows: None,
        tells_changes: Some(true),
        concerns,
    }
}

/// What the server does not say that it can.
fn missing(selection: &Selection, statement: &Value) -> Option<Concern> {
    let kind = &selection.kind;
    let resources = statement.pointer("/rest/0/resource").and_then(Value::as_array)?;
    let Some(found) = resources.iter().find(|resource| resource["type"] == kind.as_str()) else {
        return Some(Concern::new(
            format!("the server does not say that it has {kind}"),
            "look at its CapabilityStatement; nothing of this type will be found",
        ));
    };
    let known = found["searchParam"].as_array()?;
    let parameter = &selection.parameter;
    let has = selection.is_patient() || known.iter().any(|one| one["name"] == parameter.as_str());
    (!has).then(|| {
        Concern::new(
            format!("the server does not say that {kind} can be searched by {parameter}"),
            "name the search parameter that takes the patient with `parameter`",
        )
    })
}

/// The server's own words end up on a screen.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

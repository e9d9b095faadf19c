//! The examples of the specification itself (npm `hl7.fhir.r4.examples`), on a server that is not ours.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use kw_adapter::Source;
use kw_testbed::{FhirServer, outside};
use serde_json::{Value, json};

use crate::reading::{ANNA, BSN, category, everything, ids, record, settings, source, tools};

const TYPES: [&str; 6] =
    ["AllergyIntolerance", "CarePlan", "Condition", "Immunization", "MedicationStatement", "Observation"];

#[actix_web::test]
async fn the_examples_of_the_specification_come_through_whole_and_without_a_number() {
    let examples = match examples() {
        Ok(examples) => examples,
        Err(missing) => {
            kw_testbed::not_checked(format_args!("with the examples of the specification: {missing}"));
            return;
        }
    };
    let server = match FhirServer::start(tempfile::tempdir().unwrap(), tools(), "{types: [none]}").await {
        Ok(server) => server,
        Err(missing) => {
            kw_testbed::not_checked(format_args!("against PyPI sekmet-fhir: {missing}"));
            return;
        }
    };
    let mut expected = Vec::new();
    for resource in examples {
        let mut resource = resource;
        if resource["resourceType"] == "Patient" {
            let number = json!({"system": BSN, "value": ANNA});
            resource["identifier"].as_array_mut().unwrap().push(number);
        }
        let name =
            format!("{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap());
        let (status, _) = server.send(reqwest::Method::PUT, &name, Some(&resource)).await.unwrap();
        // Some of the examples do not pass the server's own check of the specification.
        if status < 300 {
            expected.push(name);
        }
    }
    assert!(expected.len() > 40, "only {} examples were taken", expected.len());
    let types: Vec<_> = TYPES.iter().map(|kind| format!("'{kind}'")).collect();
    let categories = format!("[categories.file]\nresources = ['Patient', {}]\n", types.join(", "));
    let source = source(&settings(&server, "", &categories)).unwrap();
    let found = everything(&source, None).await.unwrap();
    assert_eq!((found.records(), found.complete), (vec!["file/example".to_owned()], true));
    let document = source.fetch(&category("file"), &record("example")).await.unwrap().unwrap().document;
    expected.sort();
    assert_eq!(ids(&document), expected);
    assert!(!document.to_string().contains(ANNA) && !document.to_string().contains("<div"));
}

/// The examples that are about the Patient `example`, and that Patient.
fn examples() -> Result<Vec<Value>, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(installed()?).map_err(|error| error.to_string())? {
        let path = entry.map_err(|error| error.to_string())?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let kind = name.split('-').next().unwrap_or_default();
        if name != "Patient-example.json" && !TYPES.contains(&kind) {
            continue;
        }
        let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
        let Ok(resource) = serde_json::from_str::<Value>(&text) else { continue };
        let about = [&resource["subject"]["reference"], &resource["patient"]["reference"]];
        if name == "Patient-example.json" || about.iter().any(|reference| **reference == "Patient/example") {
            found.insert(name, resource);
        }
    }
    Ok(found.into_values().collect())
}

fn installed() -> Result<PathBuf, String> {
    let folder = tools().join("outside-fhir-examples");
    outside::npm_packages(&folder, &["hl7.fhir.r4.examples@4.0.1"])?;
    Ok(folder.join("node_modules/hl7.fhir.r4.examples"))
}

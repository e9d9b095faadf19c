//! A source, and everything that it gives.

use std::path::Path;
use std::sync::Arc;

use kw_adapter::{Change, Cursor, LocalId, RefusedRow, Source, SourceError, SourceRecord};
use kw_adapter_fhir::{FhirConfig, FhirSource};
use kw_domain::{Category, SourceName, Subject, SystemClock};
use kw_testbed::FhirServer;
use serde_json::{Value, json};

pub(crate) const ANNA: &str = "999990342";
pub(crate) const BRAM: &str = "999994086";
pub(crate) const CEES: &str = "999995492";
pub(crate) const BSN: &str = "http://fhir.nl/fhir/NamingSystem/bsn";

#[derive(Debug)]
pub(crate) struct Everything {
    pub(crate) present: Vec<SourceRecord>,
    /// `category/id`.
    pub(crate) gone: Vec<String>,
    pub(crate) refused: Vec<RefusedRow>,
    pub(crate) cursor: Cursor,
    pub(crate) complete: bool,
}

impl Everything {
    /// `category/id` of each record that is there, once, in order.
    pub(crate) fn records(&self) -> Vec<String> {
        let mut all: Vec<_> =
            self.present.iter().map(|one| format!("{}/{}", one.category, one.record.as_str())).collect();
        all.sort();
        all.dedup();
        all
    }

    pub(crate) fn subject_of(&self, id: &str) -> &Subject {
        &self.present.iter().find(|one| one.record.as_str() == id).expect("the record is there").subject
    }
}

pub(crate) fn source(config: &str) -> Result<FhirSource, SourceError> {
    let config: FhirConfig = toml::from_str(config).unwrap_or_else(|error| panic!("{error}\n{config}"));
    FhirSource::new(SourceName::parse("hospital").unwrap(), config, Arc::new(SystemClock))
}

/// The settings of a source that reads this server.
pub(crate) fn settings(server: &FhirServer, more: &str, categories: &str) -> String {
    format!(
        "page_size = 2\n{more}\n[api]\nbase_url = '{}/fhir'\ntimeout_ms = 20000\n{categories}",
        server.root()
    )
}

/// Where software that others made is installed.
pub(crate) fn tools() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

pub(crate) async fn everything(
    source: &dyn Source,
    after: Option<&Cursor>,
) -> Result<Everything, SourceError> {
    let mut after = after.cloned();
    let (mut present, mut gone, mut refused, mut complete) = (vec![], vec![], vec![], true);
    for _ in 0..300 {
        let page = source.changes(after.as_ref()).await?;
        for change in page.changes {
            match change {
                Change::Present(record) => present.push(record),
                Change::Gone { category, record } => gone.push(format!("{category}/{}", record.as_str())),
            }
        }
        refused.extend(page.refused);
        complete &= page.complete;
        if !page.more {
            return Ok(Everything { present, gone, refused, cursor: page.cursor, complete });
        }
        after = Some(page.cursor);
    }
    panic!("there is no end to it");
}

pub(crate) fn category(name: &str) -> Category {
    Category::parse(name).unwrap()
}

pub(crate) fn record(id: &str) -> LocalId {
    LocalId::new(id).unwrap()
}

pub(crate) fn subject(number: &str) -> Subject {
    Subject::parse(&format!("nl.bsn:{number}")).unwrap()
}

pub(crate) fn patient(id: &str, number: &str) -> Value {
    json!({"resourceType": "Patient", "id": id, "active": true, "birthDate": "2012-05",
           "identifier": [{"system": BSN, "value": number}], "name": [{"family": "Jansen"}]})
}

pub(crate) fn condition(id: &str, patient: &str, status: &str) -> Value {
    json!({"resourceType": "Condition", "id": id, "subject": {"reference": format!("Patient/{patient}")},
           "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": status}]},
           "code": {"text": format!("{id} of {patient}")}})
}

/// The ids of the resources in a document, in order.
pub(crate) fn ids(document: &Value) -> Vec<String> {
    let entries = document["entry"].as_array().unwrap();
    let mut ids: Vec<_> = entries
        .iter()
        .map(|entry| {
            let resource = &entry["resource"];
            format!("{}/{}", resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap())
        })
        .collect();
    ids.sort();
    ids
}

//! The sample in `examples/sources/` does what it says, on a server that is not ours.

use std::path::Path;
use std::sync::Arc;

use kw_adapter::Source;
use kw_adapter_fhir::{FhirConfig, FhirSource};
use kw_adapter_rest::api::Authentication;
use kw_domain::{SourceName, SystemClock};
use kw_testbed::FhirServer;
use serde_json::json;

use crate::reading::{ANNA, category, everything, ids, patient, record, tools};

#[actix_web::test]
async fn the_sample_reads_a_server_as_it_describes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/sources/fhir.toml");
    let mut config: FhirConfig = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(matches!(config.api.auth, Authentication::ClientCredentials { .. }));
    let server = match FhirServer::start(tempfile::tempdir().unwrap(), tools(), "{types: [none]}").await {
        Ok(server) => server,
        Err(missing) => {
            kw_testbed::not_checked(format_args!("against PyPI sekmet-fhir: {missing}"));
            return;
        }
    };
    server.put(&patient("anna", ANNA)).await.unwrap();
    for (id, status) in [("m1", "active"), ("m2", "stopped")] {
        server
            .put(&json!({"resourceType": "MedicationRequest", "id": id, "status": status, "intent": "order",
            "medicationCodeableConcept": {"text": "paracetamol"}, "subject": {"reference": "Patient/anna"}}))
            .await
            .unwrap();
    }
    server
        .put(&json!({"resourceType": "Encounter", "id": "e1", "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": "Patient/anna"}}))
        .await
        .unwrap();
    config.api.base_url = format!("{}/fhir", server.root());
    config.api.auth = Authentication::None;
    config.api.timeout_ms = 20_000;
    let name = SourceName::parse("hospital").unwrap();
    let source = FhirSource::new(name, config, Arc::new(SystemClock)).unwrap();
    let found = everything(&source, None).await.unwrap();
    assert_eq!(
        (found.records(), found.complete),
        (vec!["medication/anna".to_owned(), "visits/anna".to_owned()], true)
    );
    let medication = source.fetch(&category("medication"), &record("anna")).await.unwrap().unwrap();
    assert_eq!(ids(&medication.document), ["MedicationRequest/m1", "Patient/anna"]);
    let visits = source.fetch(&category("visits"), &record("anna")).await.unwrap().unwrap();
    assert_eq!(ids(&visits.document), ["Encounter/e1"]);
}

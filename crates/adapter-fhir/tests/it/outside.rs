//! Against a FHIR R4 server that is not ours.

use std::path::Path;
use std::process::Command;

use kw_adapter::{Source, SourceError};
use kw_testbed::FhirServer;
use kw_testbed::outside::run;
use reqwest::Method;
use serde_json::{Value, json};

use crate::reading::{
    ANNA, BRAM, BSN, CEES, category, condition, everything, ids, patient, record, settings, source, subject,
    tools,
};

const OPEN: &str = "{types: [none]}";
const CATEGORIES: &str = "[categories.problems]\nresources = ['Patient', 'Condition?clinical-status=active']\n\
    [categories.medication]\nresources = ['MedicationStatement', 'AllergyIntolerance']\n\
    [categories.registered]\nresources = ['Patient']\n";

fn allergy(id: &str, patient: &str) -> Value {
    json!({"resourceType": "AllergyIntolerance", "id": id, "patient": {"reference": format!("Patient/{patient}")},
           "text": {"status": "generated", "div": format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{ANNA}</div>")},
           "code": {"text": "peanut"}})
}

/// A server with a few people, or `None` when it cannot be had, which is said.
async fn hospital() -> Option<FhirServer> {
    let server = match FhirServer::start(tempfile::tempdir().unwrap(), tools(), OPEN).await {
        Ok(server) => server,
        Err(missing) => {
            kw_testbed::not_checked(format_args!("against PyPI sekmet-fhir: {missing}"));
            return None;
        }
    };
    for resource in [
        patient("anna", ANNA),
        patient("bram", BRAM),
        patient("cees", CEES),
        json!({"resourceType": "Patient", "id": "nobody", "birthDate": "1990-01-01"}),
        json!({"resourceType": "Patient", "id": "old", "active": false, "identifier": [{"system": BSN, "value": ANNA}]}),
        condition("c1", "anna", "active"),
        condition("c2", "anna", "active"),
        condition("c3", "anna", "active"),
        condition("c4", "anna", "resolved"),
        condition("c5", "bram", "active"),
        condition("c6", "cees", "resolved"),
        condition("c7", "nobody", "active"),
        condition("c8", "old", "active"),
        allergy("a1", "anna"),
    ] {
        server.put(&resource).await.unwrap();
    }
    Some(server)
}

#[actix_web::test]
async fn a_first_reading_finds_every_patient_with_something_in_a_category() {
    let Some(server) = hospital().await else { return };
    let source = source(&settings(&server, "", CATEGORIES)).unwrap();
    let found = everything(&source, None).await.unwrap();
    assert_eq!(
        found.records(),
        [
            "medication/anna",
            "problems/anna",
            "problems/bram",
            "registered/anna",
            "registered/bram",
            "registered/cees"
        ]
    );
    assert!(found.complete);
    assert_eq!(found.subject_of("bram"), &subject(BRAM));
    assert_eq!(
        found.present[0].birth_date.map(|date| date.precision()),
        Some(kw_domain::DatePrecision::Month)
    );
    // Refused by record, so that it does not stand in the way of withdrawing others.
    assert!(!found.refused.is_empty() && found.refused.iter().all(|row| row.record.is_some()), "{found:?}");
    assert!(found.gone.iter().all(|gone| gone.ends_with("/old")), "{found:?}");

    let described = source.describe().await.unwrap();
    assert!(described.system.starts_with("a FHIR server, version 4.0.1: SEKMET"), "{described:?}");
    assert!(described.categories.values().all(|category| category.concerns.is_empty()), "{described:?}");
}

#[actix_web::test]
async fn a_document_is_a_valid_bundle_of_what_was_granted_and_of_nobody_else() {
    let Some(server) = hospital().await else { return };
    let source = source(&settings(&server, "", CATEGORIES)).unwrap();
    let problems = source.fetch(&category("problems"), &record("anna")).await.unwrap().unwrap();
    assert_eq!(ids(&problems.document), ["Condition/c1", "Condition/c2", "Condition/c3", "Patient/anna"]);
    assert_eq!(problems.birth_date.map(|date| date.precision()), Some(kw_domain::DatePrecision::Month));
    let medication = source.fetch(&category("medication"), &record("anna")).await.unwrap().unwrap();
    assert_eq!(ids(&medication.document), ["AllergyIntolerance/a1"]);
    for document in [&problems.document, &medication.document] {
        assert!(!document.to_string().contains(ANNA), "{document}");
        // The server's own judgement, by models of the specification.
        let (status, outcome) = server.send(Method::POST, "Bundle/$validate", Some(document)).await.unwrap();
        let worst = outcome["issue"].as_array().unwrap().iter().any(|issue| issue["severity"] == "error");
        assert!(status == 200 && !worst, "{outcome}");
    }
    for (name, id) in
        [("problems", "cees"), ("medication", "bram"), ("problems", "old"), ("registered", "none")]
    {
        assert!(source.fetch(&category(name), &record(id)).await.unwrap().is_none(), "{name} of {id}");
    }
    let refused = source.fetch(&category("problems"), &record("nobody")).await.unwrap_err();
    assert!(matches!(refused, SourceError::Content(_)), "{refused}");
    assert_eq!(source.subject(&category("problems"), &record("anna")).await.unwrap(), Some(subject(ANNA)));
    assert_eq!(source.subject(&category("problems"), &record("old")).await.unwrap(), None);
}

/// A server of another country, or of a test, has the number under a name of its own.
#[actix_web::test]
async fn the_number_is_the_identifier_of_the_configured_system() {
    const OTHER: &str = "urn:oid:2.16.528.1.1007.3.2";
    let Some(server) = hospital().await else { return };
    let mut dora = patient("dora", ANNA);
    dora["identifier"].as_array_mut().unwrap().push(json!({"system": OTHER, "value": "999996666"}));
    server.put(&dora).await.unwrap();
    let config = settings(
        &server,
        &format!("bsn_system = '{OTHER}'"),
        "[categories.registered]\nresources = ['Patient']\n",
    );
    let source = source(&config).unwrap();
    let found = everything(&source, None).await.unwrap();
    assert_eq!(found.records(), ["registered/dora"], "the others have none of that system");
    assert_eq!(found.subject_of("dora"), &subject("999996666"));
    let document = source.fetch(&category("registered"), &record("dora")).await.unwrap().unwrap().document;
    assert!(document.to_string().contains(ANNA) && !document.to_string().contains("999996666"), "{document}");
}

#[actix_web::test]
async fn what_changes_at_the_server_changes_here() {
    let Some(server) = hospital().await else { return };
    let config = settings(&server, "overlap_seconds = 0\npatient_history = true", CATEGORIES);
    let source = source(&config).unwrap();
    let first = everything(&source, None).await.unwrap();
    server.put(&condition("c9", "cees", "active")).await.unwrap();
    server.put(&patient("bram", "999996666")).await.unwrap();
    let mut merged = patient("anna", ANNA);
    merged["link"] = json!([{"other": {"reference": "Patient/cees"}, "type": "replaced-by"}]);
    server.put(&merged).await.unwrap();
    let second = everything(&source, Some(&first.cursor)).await.unwrap();
    assert!(!second.complete);
    // How much comes again depends on the server's clock, of which `Date` has whole seconds and may lag.
    let has =
        |found: &[String], wanted: &[&str]| wanted.iter().all(|one| found.iter().any(|known| known == one));
    assert!(has(&second.records(), &["problems/bram", "problems/cees", "registered/bram"]), "{second:?}");
    assert_eq!(second.subject_of("bram"), &subject("999996666"));
    assert!(has(&second.gone, &["problems/anna", "registered/anna", "medication/anna"]), "{second:?}");
    assert!(
        !has(&second.gone, &["problems/cees"]) && !second.records().iter().any(|one| one.ends_with("/anna"))
    );

    server.delete("Condition/c9").await.unwrap();
    server.delete("Condition/c6").await.unwrap();
    server.delete("Patient/cees").await.unwrap();
    server.delete("Condition/c5").await.unwrap();
    let third = everything(&source, Some(&second.cursor)).await.unwrap();
    assert!(has(&third.gone, &["problems/cees", "registered/cees"]), "{third:?}");
    // Nobody says whose a deleted resource was: the pull sees it at once, the index at the next full sync.
    assert!(source.fetch(&category("problems"), &record("bram")).await.unwrap().is_none());
    let whole = everything(&source, None).await.unwrap();
    assert_eq!((whole.records(), whole.complete), (vec!["registered/bram".to_owned()], true));
}

#[actix_web::test]
async fn a_backend_service_proves_itself_with_a_signed_statement() {
    for algorithm in ["ES384", "RS384"] {
        let folder = tempfile::tempdir().unwrap();
        if let Err(missing) = make_key(folder.path(), algorithm) {
            kw_testbed::not_checked(format_args!("a SMART client with {algorithm}: {missing}"));
            return;
        }
        let auth = "{types: [smart, bearer], tokens: [writer], smart_clients: [{client_id: ketenwijzer, \
                    public_key_path: private.pem, scopes: 'system/*.rs'}]}";
        let server = match FhirServer::start(folder, tools(), auth).await {
            Ok(server) => server,
            Err(missing) => {
                kw_testbed::not_checked(format_args!("against PyPI sekmet-fhir: {missing}"));
                return;
            }
        };
        server.put(&patient("anna", ANNA)).await.unwrap();
        let with = |client: &str, scope: &str| {
            let key = server.folder().join("private.pem");
            let auth = format!(
                "auth = {{ kind = 'oauth2', token_url = '{}/auth/token', client_id = '{client}', private_key_file = {key:?}, scope = '{scope}' }}\n",
                server.root()
            );
            source(&settings(
                &server,
                "",
                &format!("{auth}[categories.registered]\nresources = ['Patient']\n"),
            ))
            .unwrap()
        };
        let found = everything(&with("ketenwijzer", "system/Patient.rs"), None).await.unwrap();
        assert_eq!(found.records(), ["registered/anna"], "{algorithm}");
        let wrong = everything(&with("somebody", "system/Patient.rs"), None).await.unwrap_err();
        assert!(
            matches!(&wrong, SourceError::Configuration(said) if said.contains("invalid_client")),
            "{wrong}"
        );
        let narrow = everything(&with("ketenwijzer", "system/Observation.rs"), None).await.unwrap_err();
        assert!(matches!(&narrow, SourceError::Configuration(said) if said.contains("403")), "{narrow}");
    }
}

/// A key of that kind, as another implementation makes it.
fn make_key(folder: &Path, algorithm: &str) -> Result<(), String> {
    let mut command = Command::new("openssl");
    command.args(["genpkey", "-out"]).arg(folder.join("private.pem"));
    if algorithm == "ES384" {
        command.args([
            "-algorithm",
            "EC",
            "-pkeyopt",
            "ec_paramgen_curve:P-384",
            "-pkeyopt",
            "ec_param_enc:named_curve",
        ]);
    } else {
        command.args(["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
    }
    run(&mut command)?;
    run(Command::new("chmod").arg("600").arg(folder.join("private.pem")))
}

//! A server that does not do as it is asked.

use actix_web::HttpResponse;
use kw_adapter::{Source, SourceError};
use kw_domain::Subject;
use serde_json::{Value, json};

use crate::reading::{ANNA, BRAM, category, condition, everything, patient, record, source};
use crate::stand_in::{Asked, StandIn, page};

const PROBLEMS: &str = "[categories.problems]\nresources = ['Condition']\n";

fn people(asked: &Asked) -> Vec<Value> {
    let known = [patient("anna", ANNA), patient("bram", BRAM)];
    let wanted: Vec<_> = asked.value("_id").split(',').collect();
    known.into_iter().filter(|one| wanted.contains(&one["id"].as_str().unwrap())).collect()
}

fn one_patient(asked: &Asked) -> Option<HttpResponse> {
    let id = asked.path.strip_prefix("Patient/")?;
    Some(match id {
        "_search" => page(&people(asked), None),
        "anna" => HttpResponse::Ok().json(patient("anna", ANNA)),
        _ => HttpResponse::NotFound().json(json!({"resourceType": "OperationOutcome"})),
    })
}

#[actix_web::test]
async fn a_server_that_ignores_whose_resources_were_asked_for_is_not_believed() {
    let server = StandIn::answering(|asked| {
        one_patient(asked).unwrap_or_else(|| {
            page(&[condition("c1", "anna", "active"), condition("c2", "bram", "active")], None)
        })
    });
    let source = server.source("", PROBLEMS);
    let error = source.fetch(&category("problems"), &record("anna")).await.unwrap_err();
    assert!(
        matches!(&error, SourceError::Configuration(said) if said.contains("not of the patient")),
        "{error}"
    );
}

#[actix_web::test]
async fn searches_that_go_in_circles_or_elsewhere_are_noticed() {
    let server = StandIn::answering(|asked| {
        let next = if asked.value("p") == "1" { "?p=2" } else { "?p=1" };
        one_patient(asked)
            .unwrap_or_else(|| page(&[condition("c1", "anna", "active")], Some(next.to_owned())))
    });
    let source = server.source("", PROBLEMS);
    let error = everything(&source, None).await.unwrap_err();
    assert!(matches!(&error, SourceError::Content(said) if said.contains("circle")), "{error}");
    let error = source.fetch(&category("problems"), &record("anna")).await.unwrap_err();
    assert!(matches!(&error, SourceError::Content(said) if said.contains("circle")), "{error}");

    for (next, said) in
        [("http://127.0.0.2/x".to_owned(), "another server"), (format!("?after={ANNA}"), "BSN")]
    {
        let server = StandIn::answering(move |asked| {
            one_patient(asked)
                .unwrap_or_else(|| page(&[condition("c1", "anna", "active")], Some(next.clone())))
        });
        let error = everything(&server.source("", PROBLEMS), None).await.unwrap_err();
        assert!(matches!(&error, SourceError::Configuration(found) if found.contains(said)), "{error}");
        assert!(!error.to_string().contains(ANNA));
    }
}

#[actix_web::test]
async fn a_number_that_a_server_uses_as_id_comes_into_no_address() {
    let server = StandIn::answering(|asked| match asked.path.as_str() {
        "Patient/_search" => page(&[patient(ANNA, ANNA)], None),
        _ => page(&[condition("c1", ANNA, "active")], None),
    });
    let found = everything(&server.source("", PROBLEMS), None).await.unwrap();
    assert!(found.present.is_empty());
    assert!(found.refused[0].reason.contains("contains the BSN"), "{found:?}");
    let addresses = server.addresses();
    assert!(addresses.len() == 2 && addresses.iter().all(|address| !address.contains(ANNA)), "{addresses:?}");
}

#[actix_web::test]
async fn a_document_has_a_bound_over_all_its_pages() {
    let server = StandIn::answering(|asked| {
        let at: usize = asked.value("p").parse().unwrap_or_default();
        one_patient(asked).unwrap_or_else(|| {
            page(&[condition(&format!("c{at}"), "anna", "active")], Some(format!("?p={}", at + 1)))
        })
    });
    let source = server.source("max_document_bytes = 20000", PROBLEMS);
    let error = source.fetch(&category("problems"), &record("anna")).await.unwrap_err();
    assert!(matches!(&error, SourceError::Content(said) if said.contains("max_document_bytes")), "{error}");
}

#[actix_web::test]
async fn a_server_that_gives_fewer_patients_than_asked_is_asked_for_the_rest() {
    let server = StandIn::answering(|asked| match asked.path.as_str() {
        "Patient/_search" => page(&people(asked)[..1], Some("more".to_owned())),
        _ => page(&[condition("c1", "anna", "active"), condition("c2", "bram", "active")], None),
    });
    let found = everything(&server.source("", PROBLEMS), None).await.unwrap();
    assert_eq!(found.records(), ["problems/anna", "problems/bram"]);
}

#[actix_web::test]
async fn what_is_no_fhir_is_refused_and_never_taken_for_an_empty_answer() {
    type Made = fn() -> HttpResponse;
    let cases: [(Made, &str); 5] = [
        (|| HttpResponse::Ok().body("<html/>"), "not JSON"),
        (|| HttpResponse::Ok().json(json!({"resourceType": "OperationOutcome"})), "not a FHIR Bundle"),
        (|| HttpResponse::Ok().json(json!([])), "not a FHIR Bundle"),
        (
            || {
                HttpResponse::BadRequest()
                    .json(json!({"resourceType": "OperationOutcome", "diagnostics": ANNA}))
            },
            "400",
        ),
        (|| HttpResponse::NotFound().body("no such page"), "404"),
    ];
    for (made, said) in cases {
        let server = StandIn::answering(move |_| made());
        let source = server.source("", PROBLEMS);
        let error = everything(&source, None).await.unwrap_err().to_string();
        assert!(error.contains(said) && !error.contains(ANNA), "{error}");
        // A 404 that is not of a FHIR server may be of a wrong address.
        assert!(source.fetch(&category("problems"), &record("anna")).await.is_err(), "{said}");
        assert!(source.describe().await.is_err(), "{said}");
    }
}

#[actix_web::test]
async fn references_that_name_no_patient_of_this_server_are_nobodys() {
    let server = StandIn::answering(|asked| {
        let mut other = condition("c1", "anna", "active");
        other["subject"]["reference"] = json!("https://other.example/fhir/Patient/anna");
        let mut group = condition("c2", "anna", "active");
        group["subject"]["reference"] = json!("Group/anna");
        let contained = json!({"resourceType": "Condition", "id": "c3", "subject": {"reference": "#p"}});
        one_patient(asked)
            .unwrap_or_else(|| page(&[other, group, contained, json!({"resourceType": "Condition"})], None))
    });
    let found = everything(&server.source("", PROBLEMS), None).await.unwrap();
    assert!(found.present.is_empty() && found.refused.is_empty() && found.complete);
}

#[actix_web::test]
async fn nothing_personal_is_shown_of_a_source_or_its_cursor() {
    let server = StandIn::answering(|asked| {
        one_patient(asked).unwrap_or_else(|| page(&[condition("c1", "anna", "active")], None))
    });
    let source = server.source("", PROBLEMS);
    let page = source.changes(None).await.unwrap();
    let shown = format!("{source:?} {page:?} {}", page.cursor.0);
    for value in [ANNA, "2012", "anna", "127.0.0.1"] {
        assert!(!shown.contains(value), "{value} is in {shown}");
    }
    let document = source.fetch(&category("problems"), &record("anna")).await.unwrap();
    assert!(!format!("{document:?}").contains("anna"));
    assert_eq!(
        source.subject(&category("problems"), &record("anna")).await.unwrap(),
        Subject::parse(&format!("nl.bsn:{ANNA}")).ok()
    );
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let good =
        "[api]\nbase_url = 'http://127.0.0.1:1/fhir'\n[categories.problems]\nresources = ['Condition']\n";
    assert!(source(good).is_ok());
    for (right, wrong, said) in [
        ("http://127.0.0.1:1/fhir", "http://fhir.example.nl/r4", "https:"),
        ("http://127.0.0.1:1/fhir", "https://fhir.example.nl/r4", "api.auth is missing"),
        ("['Condition']", "[]", "nothing in resources"),
    ] {
        let error = source(&good.replace(right, wrong)).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
    for wrong in [
        "'condition'",
        "'Condition/x'",
        "'Condition?a b'",
        "{ type = 'Condition', parameter = 'a=b' }",
        "{ type = 'Condition', reference = 'subject' }",
    ] {
        let text = good.replace("'Condition'", wrong);
        assert!(toml::from_str::<kw_adapter_fhir::FhirConfig>(&text).is_err(), "{wrong}");
    }
}

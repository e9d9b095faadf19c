//! Partners whose systems are an API and a FHIR server: register, query, pull, document, with every service of the chain a process of its own.
//!
//! The FHIR server is not ours (PyPI `sekmet-fhir`). It is installed when it can be; otherwise the test says what was not checked, and why.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use kw_testbed::FhirServer;
use serde_json::{Value, json};

use crate::town::{Town, until};

/// Known to nobody in the demonstration.
const PERSON: &str = "999996666";
const BORN: &str = "2012-05-03";
/// The exit code for what another attempt may cure.
const UNAVAILABLE: i32 = 4;

#[tokio::test]
async fn what_an_api_and_a_fhir_server_hold_is_registered_found_and_delivered() {
    let mut town = Town::new();
    // The school has an API.
    let api = serve_records();
    add_source(
        &town,
        "school",
        &format!(
            "name = 'pupils-api'\nkind = 'rest'\npage_size = 1\n[api]\nbase_url = 'http://{api}'\n\
             [categories.school-attendance]\nlist = 'records?offset={{offset}}&limit={{limit}}'\nitems = '/items'\ntotal = '/total'\n\
             paging = {{ kind = 'offset' }}\nrecord = 'id'\nperson = '/pupil/bsn'\nbirth_date = '/pupil/born'\n\
             fetch = 'records/{{record}}'\n[categories.school-attendance.columns]\n'/pupil/name' = '/person/familyName'\n\
             '/pupil/born' = '/person/birthDate'\n'/absent' = '/attendance/absentHours'\n"
        ),
    );
    // The youth care provider has a FHIR server.
    let hospital = hospital().await;
    match &hospital {
        Ok(hospital) => {
            // It is wider than the one of the demonstration; here it is the first that the services see.
            town.agree(|draft| {
                // A Bundle is no person with an address.
                draft.categories.get_mut("youth-care-plan").unwrap().schema = None;
                draft.shared_attributes.clear();
            });
            add_source(
                &town,
                "youth-care",
                &format!(
                    "name = 'fhir-server'\nkind = 'fhir'\n[api]\nbase_url = '{}/fhir'\ntimeout_ms = 20000\n\
                     [categories.youth-care-plan]\nresources = ['Patient', 'CarePlan?status=active']\n",
                    hospital.root()
                ),
            );
        }
        Err(missing) => kw_testbed::not_checked(format_args!("against PyPI sekmet-fhir: {missing}")),
    }
    town.start_centre();
    for partner in ["municipality", "school", "youth-care"] {
        town.start(partner);
    }
    let mut expected = vec![("pupils-api", "school")];
    if hospital.is_ok() {
        expected.push(("fhir-server", "youth-care"));
    }
    for (source, partner) in &expected {
        until(source, || {
            let ran = town.run(partner, &["sync", "--source", source]);
            let known = town.run(partner, &["status"]);
            if registered(&known.stdout, source) == Some(1) {
                Ok(())
            } else {
                Err(format!("{ran:?} {known:?}"))
            }
        });
    }

    let dossier = ask(&town);
    let sections = dossier["sections"].as_array().unwrap();
    assert_eq!(sections.len(), expected.len(), "{dossier}");
    assert!(sections.iter().all(|one| one["status"] == "delivered"), "{dossier}");
    let of = |category: &str| sections.iter().find(|one| one["category"] == category).unwrap_or(&Value::Null);
    assert_eq!(
        of("school-attendance")["document"],
        json!({"person": {"familyName": "Van de API", "birthDate": BORN}, "attendance": {"absentHours": 7}})
    );
    if hospital.is_ok() {
        let bundle = &of("youth-care-plan")["document"];
        assert_eq!(bundle["type"], "collection", "{dossier}");
        let kinds: Vec<_> = bundle["entry"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["resource"]["resourceType"].clone())
            .collect();
        assert_eq!(kinds, ["Patient", "CarePlan"]);
        assert!(!bundle.to_string().contains(PERSON));
    }
}

/// How many records a status says are registered of a source.
fn registered(status: &str, source: &str) -> Option<u64> {
    let status: Value = serde_json::from_str(status).ok()?;
    let sources = status["sources"].as_array()?;
    sources.iter().find(|one| one["name"] == source || one["source"] == source)?["registered"].as_u64()
}

fn ask(town: &Town) -> Value {
    let question = ["dossier", "--bsn", "-", "--purpose", "coordinate-help", "--case", "Z-17"];
    let who = ["--role", "municipal-consultant", "--actor", "m.consulent"];
    let ground = ["--basis", "motivated", "--reason=signals from school"];
    let arguments = [&question[..], &who[..], &ground[..]].concat();
    until("the dossier", || {
        let ran = town.run_with_input("municipality", &arguments, PERSON);
        if ran.code == UNAVAILABLE { Err(format!("{ran:?}")) } else { Ok(ran) }
    })
    .expect(0)
    .json()
}

fn add_source(town: &Town, partner: &str, source: &str) {
    let source: toml::Table = toml::from_str(source).unwrap();
    town.configure(partner, |config| config["sources"].as_array_mut().unwrap().push(source.into()));
}

/// The school's API: two records, of which one can be used.
fn serve_records() -> std::net::SocketAddr {
    let records = [
        json!({"id": "r-1", "pupil": {"bsn": PERSON, "born": BORN, "name": "Van de API"}, "absent": 7}),
        json!({"id": "r-2", "pupil": {"bsn": "999999999", "name": "Nobody"}}),
    ];
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let _ = answer(stream, &records);
        }
    });
    address
}

fn answer(mut stream: TcpStream, records: &[Value]) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let line = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|header| !header.is_empty()) {}
    let path = line.split(' ').nth(1).unwrap_or_default();
    assert!(!path.contains(PERSON), "a number is in an address");
    let body = if let Some(id) = path.strip_prefix("/records/") {
        records.iter().find(|record| record["id"] == id).cloned()
    } else {
        let value = path.split(['?', '&']).find_map(|part| part.strip_prefix("offset="));
        let from = value.and_then(|value| value.parse().ok()).unwrap_or(0);
        let items: Vec<_> = records.iter().skip(from).take(1).collect();
        Some(json!({"items": items, "total": records.len()}))
    };
    let (status, body) = match body {
        Some(body) => ("200 OK", body.to_string()),
        None => ("404 Not Found", "{}".to_owned()),
    };
    let mut text = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\n");
    let _ = write!(text, "content-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(text.as_bytes())
}

/// A FHIR server with one patient and one care plan.
async fn hospital() -> Result<FhirServer, String> {
    let tools = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let server = FhirServer::start(tempfile::tempdir().unwrap(), tools, "{types: [none]}").await?;
    let patient = json!({"resourceType": "Patient", "id": "p-1", "birthDate": BORN, "name": [{"family": "Van de Zorg"}],
        "identifier": [{"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": PERSON}]});
    let plan = json!({"resourceType": "CarePlan", "id": "c-1", "status": "active", "intent": "plan",
        "title": "Talks at home", "subject": {"reference": "Patient/p-1"}});
    for resource in [patient, plan] {
        server.put(&resource).await.unwrap();
    }
    Ok(server)
}

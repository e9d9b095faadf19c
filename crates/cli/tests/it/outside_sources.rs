//! Partners whose systems are an API and a FHIR server: register, query, pull, document, with every service of the chain a process of its own.
//!
//! The FHIR server is not ours (PyPI `sekmet-fhir`). It is installed when it can be; otherwise the test says what was not checked, and why.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kw_agreement::draft::AgreementDraft;
use serde_json::{Value, json};

use crate::program::{Demo, Service, run, run_with_input};

/// Known to nobody in the demonstration.
const PERSON: &str = "999996666";
const BORN: &str = "2012-05-03";
/// The exit code for what another attempt may cure.
const UNAVAILABLE: i32 = 4;
const SERVICES: [&str; 5] =
    ["pseudonymiser", "switchboard", "partners/municipality", "partners/school", "partners/youth-care"];

#[test]
fn what_an_api_and_a_fhir_server_hold_is_registered_found_and_delivered() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    Demo::start(&kept).interrupt();
    let config = |path: &str| kept.join(path).to_str().unwrap().to_owned();

    // The school has an API.
    let api = serve_records();
    append(
        &config("partners/school/partner.toml"),
        &format!(
            "[[sources]]\nname = 'pupils-api'\nkind = 'rest'\npage_size = 1\n[sources.api]\nbase_url = 'http://{api}'\n\
             [sources.categories.school-attendance]\nlist = 'records?offset={{offset}}&limit={{limit}}'\nitems = '/items'\ntotal = '/total'\n\
             paging = {{ kind = 'offset' }}\nrecord = 'id'\nperson = '/pupil/bsn'\nbirth_date = '/pupil/born'\n\
             fetch = 'records/{{record}}'\n[sources.categories.school-attendance.columns]\n'/pupil/name' = '/person/familyName'\n\
             '/pupil/born' = '/person/birthDate'\n\
             '/absent' = '/attendance/absentHours'\n"
        ),
    );
    // The youth care provider has a FHIR server.
    let hospital = Hospital::start(folder.path());
    match &hospital {
        Ok(hospital) => {
            let file = kept.join("agreement.toml");
            let mut draft = AgreementDraft::parse(&fs::read_to_string(&file).unwrap()).unwrap();
            // A Bundle is no person with an address.
            draft.categories.get_mut("youth-care-plan").unwrap().schema = None;
            draft.shared_attributes.clear();
            fs::write(&file, draft.to_toml().unwrap()).unwrap();
            // It is wider than the one of the demonstration; here it is the first that the services see.
            for service in SERVICES {
                let _ = fs::remove_file(kept.join(service).join("keys/agreement-in-force.json"));
            }
            append(
                &config("partners/youth-care/partner.toml"),
                &format!(
                    "[[sources]]\nname = 'fhir-server'\nkind = 'fhir'\n[sources.api]\nbase_url = '{}/fhir'\ntimeout_ms = 20000\n\
                     [sources.categories.youth-care-plan]\nresources = ['Patient', 'CarePlan?status=active']\n",
                    hospital.root
                ),
            );
        }
        Err(missing) => eprintln!("NOT CHECKED against PyPI sekmet-fhir: {missing}"),
    }
    let mut services = vec![
        Service::start("pseudonymiser", Path::new(&config("pseudonymiser/pseudonymiser.toml"))),
        Service::start("switchboard", Path::new(&config("switchboard/switchboard.toml"))),
    ];
    for partner in ["municipality", "school", "youth-care"] {
        services
            .push(Service::start("partner", Path::new(&config(&format!("partners/{partner}/partner.toml")))));
    }
    let mut expected = vec![("pupils-api", "school")];
    if hospital.is_ok() {
        expected.push(("fhir-server", "youth-care"));
    }
    for (source, partner) in &expected {
        let config = config(&format!("partners/{partner}/partner.toml"));
        let until = Instant::now() + Duration::from_mins(2);
        loop {
            let ran = run(["sync", "--config", &config, "--source", source, "--json"]);
            let known = run(["status", "--config", &config, "--json"]);
            let registered = registered(&known.stdout, source);
            if registered == Some(1) {
                break;
            }
            assert!(Instant::now() < until, "{source}: {ran:?} {known:?}");
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    let dossier = ask(&config("partners/municipality/partner.toml"));
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

fn ask(config: &str) -> Value {
    let arguments = [
        "dossier",
        "--config",
        config,
        "--json",
        "--bsn",
        "-",
        "--purpose",
        "coordinate-help",
        "--case",
        "Z-17",
        "--role",
        "municipal-consultant",
        "--actor",
        "m.consulent",
        "--basis",
        "motivated",
        "--reason=signals from school",
    ];
    let until = Instant::now() + Duration::from_mins(1);
    loop {
        let ran = run_with_input(arguments, PERSON);
        if ran.code != UNAVAILABLE || Instant::now() > until {
            return ran.expect(0).json();
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

fn append(path: &str, text: &str) {
    let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
    write!(file, "\n{text}").unwrap();
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

/// PyPI's `sekmet-fhir` with one patient and one care plan.
struct Hospital {
    child: Child,
    root: String,
}

impl Hospital {
    fn start(folder: &Path) -> Result<Self, String> {
        let program = installed()?;
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let root = format!("http://127.0.0.1:{port}");
        let settings = format!(
            "base_url: {root}/fhir\nhost: 127.0.0.1\nport: {port}\ndata_dir: hospital\nsimulator: {{enabled: false}}\n"
        );
        fs::write(folder.join("settings.yaml"), settings).map_err(|error| error.to_string())?;
        let mut command = Command::new(program);
        command.args(["serve", "--config", "settings.yaml"]).current_dir(folder);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().map_err(|error| format!("sekmet: {error}"))?;
        let hospital = Self { child, root };
        let patient = json!({"resourceType": "Patient", "id": "p-1", "birthDate": BORN, "name": [{"family": "Van de Zorg"}],
            "identifier": [{"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": PERSON}]});
        let plan = json!({"resourceType": "CarePlan", "id": "c-1", "status": "active", "intent": "plan",
            "title": "Talks at home", "subject": {"reference": "Patient/p-1"}});
        let until = Instant::now() + Duration::from_mins(1);
        while !hospital.put("Patient/p-1", &patient) {
            if Instant::now() > until {
                return Err("the FHIR server did not start within a minute".to_owned());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        assert!(hospital.put("CarePlan/c-1", &plan));
        Ok(hospital)
    }

    fn put(&self, path: &str, resource: &Value) -> bool {
        let address = self.root.trim_start_matches("http://");
        let Ok(mut stream) = TcpStream::connect(address) else { return false };
        let body = resource.to_string();
        let head = format!(
            "PUT /fhir/{path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/fhir+json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let sent = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
        let mut line = String::new();
        sent.is_ok() && BufReader::new(stream).read_line(&mut line).is_ok() && line.contains(" 20")
    }
}

impl Drop for Hospital {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program, installed once for all runs.
fn installed() -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside-fhir");
    let program = folder.join("bin/sekmet");
    if !program.is_file() {
        tell(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        let arguments = ["install", "--quiet", "--disable-pip-version-check", "sekmet-fhir==0.1.1"];
        tell(Command::new(folder.join("bin/pip")).args(arguments))?;
    }
    Ok(program)
}

fn tell(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

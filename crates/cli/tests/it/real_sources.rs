//! `partner check` and `partner conformance` on real servers: PostgreSQL, MariaDB, a JSON API and a FHIR server, each of which is
//! changed, poisoned and made slow while they look.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use kw_testbed::{FhirServer, MariaDbServer, PostgresServer, RestServer};
use serde_json::{Value, json};

use crate::desk::Desk;
use crate::town::Town;

const PEOPLE: [(&str, &str, &str); 4] = [
    ("999990342", "2011-03-04", "De Vries"),
    ("999994086", "2009-11-23", "Smit"),
    ("999995492", "2012-06-14", "Jansen"),
    ("999996666", "2010-05-01", "Haddad"),
];
/// The one whom the hook adds.
const ADDED: &str = "999975134";
/// Passes for a number until its check digit is looked at.
const NOT_A_NUMBER: &str = "123456789";
/// Every check of a source that depends on what the hook does.
const HOOKED: [&str; 5] = ["adds", "changes", "poison", "removes", "slow"];

/// Makes a program that changes the source; `what` are the branches of a `case` in the shell.
fn hook(desk: &Desk, what: &str) -> PathBuf {
    let path = desk.path("hook");
    write_program(&path, &format!("#!/bin/sh\nset -eu\ncase $1 in\n{what}\n*) exit 64;;\nesac\n"));
    path
}

fn write_program(path: &Path, script: &str) {
    fs::write(path, script).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
}

/// Both look, and nothing has to be mended. `untried` are the checks that this source has no occasion for: `same-subject` where the
/// person is in the record's key.
fn looks_good(desk: &Desk, hook: &Path, category: &str, untried: &[&str]) {
    let checked = desk.check(&["--json"]).expect(0);
    let report = checked.json();
    let found = &report["sources"][0];
    assert_eq!((&report["verdict"], &found["verdict"]), (&json!("good"), &json!("good")), "{report:#}");
    let check = &found["categories"][0];
    assert_eq!((&check["category"], &check["agreed"]), (&json!(category), &json!(true)), "{check:#}");
    assert_eq!((&check["registrable"], &check["subjects"]), (&json!(PEOPLE.len()), &json!(PEOPLE.len())));
    assert_eq!(check["documents"]["deliverable"], PEOPLE.len(), "{check:#}");
    assert!(desk.check(&[]).expect(0).stdout.contains("Nothing was registered"));

    let some = desk.check(&["--json", "--records", "2", "--documents", "1"]).json();
    let sampled = &some["sources"][0]["categories"][0];
    assert!(sampled["records"].as_u64() < Some(PEOPLE.len() as u64), "{sampled:#}");
    assert_eq!(sampled["documents"]["asked"], 1, "{sampled:#}");

    let (page, written) = (desk.path("report.html"), desk.path("report.json"));
    let files = ["--html", page.to_str().unwrap(), "--report", written.to_str().unwrap()];
    let hooked = ["--json", "--hook", hook.to_str().unwrap()];
    let ran = desk.conformance(&[&hooked[..], &files[..]].concat());
    let report = ran.json();
    let findings = report["findings"].as_array().unwrap();
    let with = |outcome: &str| -> Vec<&Value> {
        findings.iter().filter(|finding| finding["outcome"] == outcome).collect()
    };
    assert_eq!(with("failed"), [&Value::Null; 0], "{:?}", ran.stderr);
    let names = |all: Vec<&Value>| -> Vec<String> {
        all.into_iter().map(|one| one["check"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(with("not-tried")), untried, "{report:#}");
    let passed = names(with("passed"));
    assert!(HOOKED.iter().all(|check| passed.iter().any(|one| one == check)), "{passed:?}");
    assert_eq!(report, serde_json::from_slice::<Value>(&fs::read(written).unwrap()).unwrap());
    let html = fs::read_to_string(page).unwrap();
    assert!(html.contains("Nothing failed") && !html.contains("<script"));

    let people = PEOPLE.iter().flat_map(|(number, born, name)| [*number, *born, *name]);
    for value in people.chain([ADDED, NOT_A_NUMBER]) {
        for shown in [&html, &ran.stdout, &ran.stderr, &checked.stdout, &checked.stderr] {
            assert!(!shown.contains(value), "{value} is in {shown}");
        }
    }
    ran.expect(0);
    for name in ["never-made.db", "never-made"] {
        assert!(!desk.path(name).exists(), "something was written");
    }
}

/// A table of pupils; `moment` is the type of what says when a row changed.
fn pupils(moment: &str) -> String {
    let rows: Vec<_> = (1..)
        .zip(PEOPLE)
        .map(|(at, (number, born, name))| {
            format!("({at}, '{number}', '{born}', '{name}', 3, '2026-01-0{at} 09:00:00')")
        })
        .collect();
    format!(
        "CREATE TABLE pupils (id INT PRIMARY KEY, bsn CHAR(9) NOT NULL, born DATE, name TEXT, hours INT, changed {moment} NOT NULL);
         INSERT INTO pupils VALUES {}",
        rows.join(", ")
    )
}

fn database(url: &str, cast: &str) -> String {
    format!(
        "[[sources]]\nname = 'pupils'\nkind = 'sql'\npage_size = 2\nurl = '{url}'\n[sources.categories.school-attendance]\n\
         list = \"SELECT id AS record, bsn, born AS birth_date, changed AS changed_at FROM pupils WHERE :after IS NULL OR changed > :after \
         OR (changed = :after AND id > CAST(:after_record AS {cast})) ORDER BY changed, id LIMIT :limit\"\n\
         fetch = \"SELECT bsn, born AS birth_date, born, name, hours, CASE WHEN id = 1 THEN '/person/familyName' END AS under_investigation FROM pupils WHERE id = CAST(:record AS {cast})\"\n\
         [sources.categories.school-attendance.columns]\nname = '/person/familyName'\nhours = '/attendance/absentHours'\n\
         born = {{ to = '/person/birthDate', type = 'date' }}\n"
    )
}

#[test]
fn postgresql_looks_good_and_conforms() {
    let server = PostgresServer::shared().unwrap();
    let url = server.database().unwrap();
    server.query(&url, &pupils("TIMESTAMPTZ")).unwrap();
    let desk = Desk::new(&database(&url, "INTEGER").replace(":after ", ":after::timestamptz "));
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/sources/hook.sh");
    let hook = desk.path("hook");
    let with_database = format!("#!/bin/sh\nDATABASE='{url}' exec {} \"$1\"\n", sample.display());
    write_program(&hook, &with_database);
    looks_good(&desk, &hook, "school-attendance", &["same-subject"]);
}

#[test]
fn mariadb_looks_good_and_conforms() {
    let server = MariaDbServer::shared().unwrap();
    let url = server.database().unwrap();
    server.query(&url, &pupils("DATETIME(6)")).unwrap();
    let desk = Desk::new(&database(&url, "SIGNED"));
    let (place, socket) = url.split_once("?socket=").unwrap();
    let name = place.rsplit('/').next().unwrap();
    let client =
        format!("mariadb --no-defaults --batch --skip-column-names --user=root --socket={socket} {name} -e");
    let now = "UTC_TIMESTAMP(6)";
    let what = format!(
        "add) {client} \"INSERT INTO pupils VALUES (90, '{ADDED}', '2012-05-03', 'Bakker', 1, {now})\";;\n\
         change) {client} \"UPDATE pupils SET hours = 2, changed = {now} WHERE id = 90\";;\n\
         remove) {client} \"DELETE FROM pupils WHERE id = 90\";;\n\
         poison) {client} \"INSERT INTO pupils VALUES (91, '{NOT_A_NUMBER}', NULL, 'Nobody', 1, {now})\";;\n\
         mend) {client} \"DELETE FROM pupils WHERE id = 91\";;\n\
         slow) {client} 'LOCK TABLES pupils WRITE; SELECT SLEEP(60)' >/dev/null 2>&1 & sleep 1;;\n\
         fast) {client} \"KILL $({client} \"SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'\")\";;"
    );
    let hook = hook(&desk, &what);
    looks_good(&desk, &hook, "school-attendance", &["same-subject"]);
}

/// The adapter of a school whose system is a PostgreSQL database, asked over mutual TLS by another partner.
#[test]
fn an_adapter_in_front_of_postgresql_conforms() {
    let server = PostgresServer::shared().unwrap();
    let url = server.database().unwrap();
    server.query(&url, &pupils("TIMESTAMPTZ")).unwrap();
    let mut town = Town::new();
    town.configure("school", |config| {
        let text = database(&url, "INTEGER").replace(":after ", ":after::timestamptz ");
        let sources: toml::Table = toml::from_str(&text).unwrap();
        config.insert("sources".to_owned(), sources["sources"].clone());
    });
    town.start_centre();
    for partner in ["school", "youth-care"] {
        town.start(partner);
    }
    for partner in ["school", "youth-care"] {
        town.sync(partner, &["--full", "--confirm-shrink"]);
    }
    let (page, written) = (town.folder().join("report.html"), town.folder().join("report.json"));
    let asker = town.config("municipality");
    let (number, born, _) = PEOPLE[0];
    let how = [
        "--purpose",
        "coordinate-help",
        "--actor",
        "t.ester",
        "--role",
        "municipal-consultant",
        "--case",
        "TEST-1",
    ];
    let files = ["--html", page.to_str().unwrap(), "--report", written.to_str().unwrap()];
    let who = ["--asker", asker.to_str().unwrap(), "--bsn", "-", "--birth-date", born];
    let arguments = [&["partner", "conformance", "--running"][..], &how[..], &files[..], &who[..]].concat();
    let ran = town.run_with_input("school", &arguments, number);
    let report = ran.json();
    let findings = report["findings"].as_array().unwrap();
    let of = |outcome: &str| -> Vec<(&str, &str)> {
        let all = findings.iter().filter(|one| one["part"] == "adapter" && one["outcome"] == outcome);
        all.map(|one| (one["check"].as_str().unwrap(), one["seen"].as_str().unwrap())).collect()
    };
    assert_eq!(of("failed"), [("", ""); 0], "{report:#}");
    let untried: Vec<_> = of("not-tried").into_iter().map(|(check, _)| check).collect();
    assert_eq!(untried, ["expired"], "that one takes three minutes");
    assert!(of("passed").len() >= 24);
    ran.expect(0);
    assert_eq!(report, serde_json::from_slice::<Value>(&fs::read(written).unwrap()).unwrap());
    let html = fs::read_to_string(page).unwrap();
    assert!(html.contains("Nothing failed") && !html.contains(number) && !html.contains(born));
}

fn tools() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// A server that is one process does not answer while it is stopped.
fn stopping(pid: u32) -> String {
    format!("slow) kill -STOP {pid};;\nfast) kill -CONT {pid};;")
}

#[test]
fn a_json_api_with_tokens_looks_good_and_conforms() {
    let secret = "secretoftheclientthatisnotshort1";
    let pupil = |id: u32, (number, born, name): (&str, &str, &str)| {
        json!({"id": id, "pupil": {"bsn": number, "born": born, "name": name}, "absent": 3,
               "updatedAt": format!("2026-01-0{id}T00:00:00.000Z")})
    };
    let pupils: Vec<_> = (1..).zip(PEOPLE).map(|(id, person)| pupil(id, person)).collect();
    let client = json!({"client_id": "ketenwijzer", "client_secret": secret});
    let server = match RestServer::start(tools(), &client, &json!({"pupils": pupils})) {
        Ok(server) => server,
        Err(missing) => {
            kw_testbed::not_checked(format_args!("against npm json-server and oidc-provider: {missing}"));
            return;
        }
    };
    let base = server.base();
    let desk = Desk::new(&format!(
        "[[sources]]\nname = 'pupils'\nkind = 'rest'\npage_size = 3\n[sources.api]\nbase_url = '{base}/api'\ntimeout_ms = 3000\n\
         auth = {{ kind = 'oauth2', token_url = '{base}/token', client_id = 'ketenwijzer', client_secret_file = 'api.secret', scope = 'api:read' }}\n\
         [sources.categories.school-attendance]\nlist = 'pupils?_page=1&_limit={{limit}}&_sort=id&updatedAt_gte={{since}}'\n\
         paging = {{ kind = 'link-header' }}\nrecord = 'id'\nperson = '/pupil/bsn'\nbirth_date = '/pupil/born'\nchanged_at = 'updatedAt'\n\
         fetch = 'pupils/{{record}}'\ngone_when = {{ status = [404] }}\n[sources.categories.school-attendance.columns]\n\
         '/pupil/name' = '/person/familyName'\n'/pupil/born' = '/person/birthDate'\n'absent' = '/attendance/absentHours'\n"
    ));
    let file = desk.path("api.secret");
    fs::write(&file, secret).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let send = format!(
        "send() {{ token=$(curl -sf -u ketenwijzer:{secret} -d grant_type=client_credentials -d scope=api:read {base}/token \
         | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/'); \
         curl -sf -H \"Authorization: Bearer $token\" -H 'content-type: application/json' \"$@\"; }}"
    );
    let now = "\"updatedAt\\\":\\\"$(date -u +%Y-%m-%dT%H:%M:%S.000Z)\\\"";
    let written = |id: u32, number: &str, absent: u32| {
        format!(
            "\"{{\\\"id\\\":{id},\\\"pupil\\\":{{\\\"bsn\\\":\\\"{number}\\\",\\\"born\\\":\\\"2012-05-03\\\",\\\"name\\\":\\\"Bakker\\\"}},\
             \\\"absent\\\":{absent},\\{now}}}\""
        )
    };
    let what = format!(
        "add) send -X POST {base}/api/pupils -d {};;\nchange) send -X PUT {base}/api/pupils/90 -d {};;\n\
         remove) send -X DELETE {base}/api/pupils/90;;\npoison) send -X POST {base}/api/pupils -d {};;\n\
         mend) send -X DELETE {base}/api/pupils/91;;\n{}",
        written(90, ADDED, 1),
        written(90, ADDED, 2),
        written(91, NOT_A_NUMBER, 1),
        stopping(server.pid())
    );
    let hook = hook(&desk, &what);
    let script = fs::read_to_string(&hook).unwrap().replacen("set -eu\n", &format!("set -eu\n{send}\n"), 1);
    fs::write(&hook, script).unwrap();
    looks_good(&desk, &hook, "school-attendance", &["same-subject", "investigations"]);
}

#[tokio::test]
async fn a_fhir_server_looks_good_and_conforms() {
    let server = match FhirServer::start(tempfile::tempdir().unwrap(), tools(), "{types: [none]}").await {
        Ok(server) => server,
        Err(missing) => {
            kw_testbed::not_checked(format_args!("against PyPI sekmet-fhir: {missing}"));
            return;
        }
    };
    let patient = |id: &str, number: &str, born: &str, name: &str| {
        json!({"resourceType": "Patient", "id": id, "birthDate": born, "name": [{"family": name}],
               "identifier": [{"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": number}]})
    };
    let plan = |id: &str, patient: &str, title: &str| {
        json!({"resourceType": "CarePlan", "id": id, "status": "active", "intent": "plan", "title": title,
               "subject": {"reference": format!("Patient/{patient}")}})
    };
    for (at, (number, born, name)) in (1..).zip(PEOPLE) {
        server.put(&patient(&format!("p{at}"), number, born, name)).await.unwrap();
        server.put(&plan(&format!("c{at}"), &format!("p{at}"), "Talks")).await.unwrap();
    }
    let root = server.root();
    let sources = format!(
        "[[sources]]\nname = 'hospital'\nkind = 'fhir'\npage_size = 3\n[sources.api]\nbase_url = '{root}/fhir'\ntimeout_ms = 5000\n\
         [sources.categories.school-attendance]\nresources = ['Patient', 'CarePlan?status=active']\n"
    );
    let desk = Desk::agreed(&sources, |draft| {
        let bundle = "type = 'object'\nrequired = ['resourceType', 'type', 'entry']\n[properties]\nresourceType = { const = 'Bundle' }\n\
                      type = { const = 'collection' }\nentry = { type = 'array' }\n";
        draft.categories.get_mut("school-attendance").unwrap().schema = Some(toml::from_str(bundle).unwrap());
        draft.shared_attributes.clear();
    });
    let put = |path: &str, resource: &Value| {
        format!("curl -sf -X PUT -H 'content-type: application/fhir+json' {root}/fhir/{path} -d '{resource}'")
    };
    let delete = |path: &str| format!("curl -sf -X DELETE {root}/fhir/{path}");
    let what = format!(
        "add) {}; {};;\nchange) {};;\nremove) {}; {};;\npoison) {}; {};;\nmend) {}; {};;\n{}",
        put("Patient/p90", &patient("p90", ADDED, "2012-05-03", "Bakker")),
        put("CarePlan/c90", &plan("c90", "p90", "Talks")),
        put("CarePlan/c90", &plan("c90", "p90", "Walks")),
        delete("CarePlan/c90"),
        delete("Patient/p90"),
        put("Patient/p91", &patient("p91", NOT_A_NUMBER, "2012-05-03", "Nobody")),
        put("CarePlan/c91", &plan("c91", "p91", "Talks")),
        delete("CarePlan/c91"),
        delete("Patient/p91"),
        stopping(server.pid())
    );
    let hook = hook(&desk, &what);
    looks_good(&desk, &hook, "school-attendance", &["investigations"]);
}

//! `demo` with made-up people.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use kw_testbed::PostgresServer;
use serde_json::Value;

use crate::program::{Demo, Talking, processes_with, run, run_with_input};

fn assert_all_promises(report: &Value) {
    assert_eq!(report["dossier"]["complete"], true, "{report}");
    let sections = report["dossier"]["sections"].as_array().unwrap();
    assert!(sections.len() >= 3);
    for section in sections {
        assert_eq!(section["status"], "delivered", "{section}");
        assert!(section["asOf"].is_string() && section["document"].is_object(), "{section}");
        assert!(section["holder"]["oin"].is_string() && section["holder"]["name"].is_string());
    }
    let differing: Vec<_> = report["dossier"]["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["attribute"].as_str().unwrap())
        .collect();
    assert_eq!(differing, ["city", "phone"]);
    assert_eq!(report["mixUpRefused"], true);
    assert_eq!(report["unknownPerson"], serde_json::json!({ "holders": 0, "complete": true }));
    assert_eq!(report["partnerDown"], serde_json::json!({ "complete": false, "status": "unavailable" }));
    assert_eq!(report["bsnFoundOutsidePartners"], 0);
    let pages = report["pages"].as_array().unwrap();
    let opened = |page: &&Value| page["status"] == 200 && page["opened"] == true;
    assert_eq!((pages.iter().filter(opened).count(), pages.len()), (6, 6), "{report}");
    assert!(report["records"]["switchboard"].as_u64().unwrap() > 0);
    assert!(report["records"]["partners"].as_u64().unwrap() > 0);
}

#[test]
fn every_promise_holds_and_the_report_has_its_published_fields() {
    let report = run(["demo", "--once", "--json"]).expect(0).json();
    assert_all_promises(&report);
    let fields: Vec<_> = report.as_object().unwrap().keys().map(String::as_str).collect();
    let mut published = vec![
        "registered",
        "people",
        "partners",
        "dossier",
        "mixUpRefused",
        "unknownPerson",
        "partnerDown",
        "pages",
        "records",
        "bsnFoundOutsidePartners",
        "elapsedMs",
    ];
    let mut found = fields.clone();
    found.sort_unstable();
    published.sort_unstable();
    assert_eq!(found, published);
    assert_eq!((report["people"].as_u64(), report["partners"].as_u64()), (Some(300), Some(5)));
    assert!(report["registered"].as_u64().unwrap() > 300);
    assert!(!report.to_string().contains("999990342"), "the subject is redacted");
}

#[test]
fn every_promise_holds_on_postgresql_over_tls_and_nothing_is_left_there() {
    let server = PostgresServer::start().unwrap();
    let url = server.over_tls(&server.database().unwrap());
    let roots = server.root_certificates();
    let arguments = ["demo", "--once", "--json", "--people", "60", "--database", &url];
    let roots = ["--database-root-certificates", roots.to_str().unwrap()];
    let report = run(arguments.into_iter().chain(roots)).expect(0).json();
    assert_all_promises(&report);
    let left =
        server.query(&url, "SELECT count(*)::text FROM pg_database WHERE datname LIKE 'kw_demo_%'").unwrap();
    assert_eq!(left.trim(), "0");
}

#[test]
fn what_it_leaves_is_there_for_inspection_and_what_a_person_reads_names_no_number() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let kept_text = kept.to_str().unwrap();
    let ran = run(["demo", "--once", "--people", "20", "--dir", kept_text]).expect(0);
    for part in ["Jeugdzorg Demostad", "delivered", "holders disagree", "Every promise held."] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    assert!(!ran.stdout.contains("999990342") && !ran.stderr.contains("999990342"));
    for file in [
        "agreement.toml",
        "pki/ca.pem",
        "switchboard/ketenwijzer.db",
        "switchboard/log.jsonl",
        "switchboard/keys/switchboard-index-1.key",
        "pseudonymiser/ketenwijzer.db",
        "partners/school/ketenwijzer.db",
        "partners/school/source/leerlingen.json",
        "partners/addiction-care/log.jsonl",
        "log/checkpoint",
        "log/vkey",
    ] {
        assert!(kept.join(file).exists(), "{file}");
    }
    assert_eq!(processes_with(kept_text), 0);
    the_log_verifies(&kept);
    // A folder with something in it is left alone.
    let again = run(["demo", "--once", "--dir", kept_text]).expect(2);
    assert!(again.stderr.contains("is not empty"), "{}", again.stderr);
}

/// The copy and the database, and neither when a bit is changed.
fn the_log_verifies(kept: &Path) {
    let copy = kept.join("log");
    let (copy_text, vkey) = (copy.to_str().unwrap(), copy.join("vkey"));
    let verify = || run(["audit", "verify", "--json", "--dir", copy_text, "--vkey", vkey.to_str().unwrap()]);
    let told = verify().expect(0).json();
    assert_eq!(told["verified"], true);
    assert!(told["entries"].as_u64().unwrap() > 10 && told["witnessed"]["by"].as_array().unwrap().len() > 1);
    let config = kept.join("switchboard/switchboard.toml");
    let stored = run(["audit", "verify", "--json", "--database", "--config", config.to_str().unwrap()]);
    assert!(stored.expect(0).json()["entries"].as_u64() >= told["entries"].as_u64());

    let width = told["entries"].as_u64().unwrap() % 256;
    let bundle =
        if told["entries"].as_u64().unwrap() < 256 { format!("000.p/{width}") } else { "000".to_owned() };
    let file = copy.join("tile/entries").join(bundle);
    let mut bytes = fs::read(&file).unwrap();
    bytes[5 * 43 + 20] ^= 1;
    fs::write(file, bytes).unwrap();
    let told = verify().expect(1).json();
    assert_eq!(told["verified"], false);
    assert!(told["reason"].as_str().unwrap().starts_with("entry 5 (in tile/entries/000"), "{told}");
}

#[test]
fn a_number_in_a_central_log_breaks_the_promise() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let demo = Demo::start(&kept);
    fs::write(kept.join("pseudonymiser/stray.log"), "nl.bsn:999990342").unwrap();
    assert_eq!(demo.interrupt(), 1);
}

/// Whoever has only the terminal finds there whom to ask about, as whom to sign in, and how two operators approve.
#[test]
fn what_somebody_needs_to_play_is_on_the_terminal_and_its_numbers_are_good() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let kept = kept.to_str().unwrap();
    let mut demo = Talking::start(&["demo", "--people", "20", "--dir", kept]);
    let told = demo.until("nobody has a file on this number");
    for text in
        ["Anke Vermeer", "Dirk van Leeuwen", "Bas Kuipers", "Ceren Öztürk", "bas-kuipers", "ceren-ozturk"]
    {
        assert!(told.contains(text), "{text}: {told}");
    }
    let words = |name: &str| -> Vec<&str> {
        let line = told.lines().find(|line| line.contains(name) && line.contains("9999"));
        let line = line.unwrap_or_else(|| panic!("{name}: {told}"));
        line.split_once(name).unwrap().1.split_whitespace().collect()
    };
    let config = format!("{kept}/partners/municipality/partner.toml");
    for name in ["Sem Bakker", "Tess Visser"] {
        let (number, born) = (words(name)[0], words(name)[1]);
        let who = "--purpose coordinate-help --role municipal-consultant --actor j.jansen --case 2026-0042";
        let ground = ["--basis", "motivated", "--reason", "trying", "--json", "--birth-date", born];
        let asked = ["dossier", "--config", &config, "--bsn", "-"];
        let ran = run_with_input(asked.into_iter().chain(who.split(' ')).chain(ground), number);
        let dossier = ran.expect(0).json();
        assert!(!dossier["sections"].as_array().unwrap().is_empty(), "{name}: {dossier}");
    }
}

#[test]
fn a_running_chain_answers_the_commands_and_ends_with_its_starter() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let kept_text = kept.to_str().unwrap();
    let demo = Demo::start(&kept);
    let services = demo.places["services"].as_array().unwrap();
    assert_eq!(services.iter().filter(|service| service["running"] == true).count(), 6);
    let config = kept.join("partners/municipality/partner.toml");
    let config = config.to_str().unwrap();
    let asked = [
        "--config",
        config,
        "--bsn",
        "-",
        "--purpose",
        "coordinate-help",
        "--role",
        "municipal-consultant",
        "--actor",
        "j.jansen",
        "--case",
        "2026-0042",
        "--json",
    ];
    let ask = |command: &str, more: &[&str]| {
        run_with_input([command].iter().chain(&asked).chain(more), "999990342\n")
    };
    let found = ask("query", &[]).expect(0).json();
    assert_eq!(found["holders"].as_array().unwrap().len(), 3);
    assert_eq!(ask("dossier", &["--birth-date", "2011-03-04"]).expect(0).json()["complete"], true);
    assert_eq!(ask("dossier", &["--birth-date", "2011-03-05"]).expect(1).json()["complete"], false);
    // The birth date that a category demands is missing, and the role is another partner's.
    let refused = run_with_input(
        [
            "query",
            "--config",
            config,
            "--bsn",
            "-",
            "--purpose",
            "coordinate-help",
            "--role",
            "youth-doctor",
            "--actor",
            "a",
            "--case",
            "1",
            "--json",
        ],
        "999990342",
    )
    .expect(5);
    assert_eq!(serde_json::from_str::<Value>(&refused.stderr).unwrap()["error"]["kind"], "refused");

    assert_eq!(run(["status", "--config", config, "--json"]).expect(0).json()["chain"], "youth-demostad");
    assert_eq!(
        run(["sync", "--config", config, "--full", "--json"]).expect(0).json()["sources"][0]["registered"],
        0
    );
    let withdrawn = run([
        "withdraw",
        "--config",
        config,
        "--every-source",
        "provisions",
        "--expect",
        "1",
        "--reason",
        "no-longer-present",
    ]);
    assert!(withdrawn.expect(5).stderr.contains("Nothing was withdrawn"));
    let doctor = run(["doctor", "--config", config, "--json"]).expect(0).json();
    assert_eq!(doctor["healthy"], true, "{doctor}");
    for service in ["switchboard/switchboard.toml", "pseudonymiser/pseudonymiser.toml"] {
        run(["doctor", "--config", kept.join(service).to_str().unwrap()]).expect(0);
    }

    demo.kill();
    let waiting = Instant::now();
    while processes_with(kept_text) > 0 {
        assert!(waiting.elapsed() < Duration::from_secs(20), "services outlive the demonstration");
        std::thread::sleep(Duration::from_millis(100));
    }
    let gone = run(["status", "--config", config]).expect(4);
    assert!(gone.stderr.contains("next:"), "{}", gone.stderr);
    let doctor = run(["doctor", "--config", config, "--json"]).expect(1).json();
    assert_eq!(doctor["healthy"], false);
}

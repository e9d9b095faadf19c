//! `partner conformance`: the partners of the demonstration conform, and an adapter that is not there does not.

use std::fs;

use kw_demo::people::{Holder, People};
use serde_json::Value;

use crate::program::{Demo, run, run_with_input};

const PARTNERS: [&str; 5] = ["addiction-care", "health-service", "municipality", "school", "youth-care"];

fn outcomes(report: &Value, outcome: &str) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap();
    let of = findings.iter().filter(|finding| finding["outcome"] == outcome);
    of.map(|finding| format!("{} {}: {}", finding["part"], finding["check"], finding["seen"])).collect()
}

#[test]
fn the_partners_of_the_demonstration_conform_and_so_does_an_adapter_that_runs() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let _demo = Demo::start(&kept);
    let config = |name: &str| kept.join("partners").join(name).join("partner.toml").display().to_string();
    for name in PARTNERS {
        let report = run(["partner", "conformance", "--json", "--config", &config(name)]);
        assert_eq!(outcomes(&report.json(), "failed"), [""; 0], "{name}");
        report.expect(0);
    }

    let people = People::make(40);
    let person = people
        .known_to(Holder::YouthCare)
        .find(|person| person.holders.contains(&Holder::School) && !person.birth_date.ends_with("00"));
    let person = person.unwrap();
    let (page, written) = (folder.path().join("r.html"), folder.path().join("r.json"));
    let (own, asker) = (config("youth-care"), config("municipality"));
    let arguments = [
        "partner",
        "conformance",
        "--json",
        "--config",
        &own,
        "--running",
        "--asker",
        &asker,
        "--purpose",
        "coordinate-help",
        "--actor",
        "t.ester",
        "--role",
        "municipal-consultant",
        "--case",
        "TEST-1",
        "--bsn",
        "-",
        "--birth-date",
        &person.birth_date,
        "--html",
        page.to_str().unwrap(),
        "--report",
        written.to_str().unwrap(),
    ];
    let ran = run_with_input(arguments, person.bsn.expose());
    let report = ran.json();
    assert_eq!(outcomes(&report, "failed"), [""; 0]);
    let of_adapter = |outcome: &str| -> Vec<String> {
        outcomes(&report, outcome).into_iter().filter(|one| one.starts_with("\"adapter\"")).collect()
    };
    let left = of_adapter("not-tried");
    assert!(left.len() == 1 && left[0].contains("expired"), "{left:?}");
    assert!(of_adapter("passed").len() >= 24, "{report}");
    assert_eq!(report, serde_json::from_slice::<Value>(&fs::read(&written).unwrap()).unwrap());
    let (html, text) = (fs::read_to_string(&page).unwrap(), fs::read_to_string(&written).unwrap());
    for shown in [&html, &text, &ran.stderr] {
        assert!(!shown.contains(person.bsn.expose()) && !shown.contains(&person.birth_date));
    }
    assert!(html.contains("Nothing failed") && !html.contains("<script"));
    ran.expect(0);

    // Without an asker the rest is tried, and what takes a grant is not said to be.
    let alone = run(["partner", "conformance", "--json", "--config", &own, "--source", "none"]);
    alone.expect(2);
    let wrong = run([
        "partner",
        "conformance",
        "--json",
        "--config",
        &own,
        "--running",
        "--endpoint",
        "https://127.0.0.1:1",
    ]);
    assert!(outcomes(&wrong.json(), "failed").iter().any(|one| one.contains("its-certificate")));
    wrong.expect(1);
    let same = [
        "partner",
        "conformance",
        "--config",
        &own,
        "--running",
        "--asker",
        &own,
        "--purpose",
        "coordinate-help",
        "--actor",
        "t.ester",
        "--role",
        "youth-care-worker",
        "--case",
        "TEST-1",
        "--bsn",
        "-",
    ];
    run_with_input(same, person.bsn.expose()).expect(2);
}

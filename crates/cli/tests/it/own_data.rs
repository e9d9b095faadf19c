//! `demo --data`: files as people have them.

use std::fs;
use std::path::Path;

use crate::program::{run, run_with_input};

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn data() -> tempfile::TempDir {
    folder(&[
        (
            "School De Linde/leerlingen.csv",
            "\u{feff}naam;burgerservicenummer;Geboortedatum;plaats\r\n\"de Vries; Anna\";999990342;04-03-2011;Hier\r\n\
             Real;111222333;2011;Hier\r\nWrong;999990343;2011;Hier\r\nBram;999994086;00-05-2010;Hier\r\n",
        ),
        ("jeugdzorg/dossiers.tsv", "bsn\tnaam\tgeboortedatum\n999990342\tAnna de Vries\t20110304\n"),
        (
            "ggd/kinderen.json",
            r#"[{"bsn": "999990342", "birthDate": "2011-03", "plaats": "Elders"}, {"bsn": 5}]"#,
        ),
    ])
}

fn path(folder: &Path) -> &str {
    folder.to_str().unwrap()
}

#[test]
fn rows_are_accounted_for_and_the_person_known_to_most_is_asked_about() {
    let data = data();
    let ran = run(["demo", "--data", path(data.path()), "--once", "--json"]).expect(0);
    let report = ran.json();
    assert_eq!(
        (&report["partners"], &report["people"], &report["registered"]),
        (&3.into(), &3.into(), &5.into())
    );
    assert_eq!(report["rows"]["used"], 5);
    let refused: Vec<_> = report["rows"]["refusals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["origin"].as_str().unwrap(), row["row"].as_u64().unwrap()))
        .collect();
    assert_eq!(refused, [("leerlingen.csv", 4), ("kinderen.json", 1)]);
    assert_eq!(report["dossier"]["sections"].as_array().unwrap().len(), 3);
    assert_eq!(report["dossier"]["complete"], true);
    let differing: Vec<_> = report["dossier"]["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|difference| difference["attribute"].as_str().unwrap())
        .collect();
    assert!(differing.contains(&"plaats") && differing.contains(&"naam"), "{differing:?}");
    assert_eq!(report["mixUpRefused"], true);
    assert!(report["partnerDown"].is_null());
    assert_eq!(report["bsnFoundOutsidePartners"], 0);
    assert!(ran.stderr.contains("may be real"), "{}", ran.stderr);
    // What was refused is told by row and reason, never by value.
    for number in ["111222333", "999990343", "999990342"] {
        assert!(!ran.stdout.contains(number) && !ran.stderr.contains(number), "{number}");
    }
}

#[test]
fn one_person_can_be_asked_about_from_standard_input() {
    let data = data();
    let arguments = ["demo", "--data", path(data.path()), "--bsn", "-", "--json"];
    let report = run_with_input(arguments, "999994086\n").expect(0).json();
    assert_eq!(report["dossier"]["subject"], "<redacted>");
    assert_eq!(report["dossier"]["sections"].as_array().unwrap().len(), 1);
    let nobody = run_with_input(arguments, "999995492").expect(0).json();
    assert_eq!(nobody["dossier"]["sections"], serde_json::json!([]));
    assert!(nobody["mixUpRefused"].is_null());
}

#[test]
fn columns_can_be_named() {
    let data = folder(&[
        ("a/x.csv", "nummer,geboren\n999990342,2011-03-04\n"),
        ("b/y.csv", "nummer,geboren\n999990342,2011\n"),
    ]);
    let arguments = [
        "demo",
        "--data",
        path(data.path()),
        "--json",
        "--bsn-column",
        "nummer",
        "--birth-date-column",
        "geboren",
    ];
    let report = run(arguments).expect(0).json();
    assert_eq!(report["registered"], 2);
    // Without the name no column is the number's, and nothing can be used.
    let unnamed = run(["demo", "--data", path(data.path()), "--json"]).expect(1).json();
    assert_eq!((&unnamed["registered"], &unnamed["rows"]["refused"]), (&0.into(), &2.into()));
}

#[test]
fn a_number_that_may_be_a_persons_is_taken_here_and_shown_nowhere() {
    let data = data();
    let ran =
        run_with_input(["demo", "--data", path(data.path()), "--bsn", "-", "--json"], "111222333").expect(0);
    let report = ran.json();
    assert_eq!(report["dossier"]["subject"], "<redacted>");
    assert_eq!(report["dossier"]["sections"][0]["status"], "delivered");
    assert_eq!(report["bsnFoundOutsidePartners"], 0);
    assert!(!ran.stdout.contains("111222333") && !ran.stderr.contains("111222333"));
}

#[test]
fn a_folder_without_partners_is_refused() {
    let empty = tempfile::tempdir().unwrap();
    let refused = run(["demo", "--data", path(empty.path())]).expect(2);
    assert!(refused.stderr.contains("one folder per partner"), "{}", refused.stderr);
}

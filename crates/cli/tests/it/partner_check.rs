//! `partner check`, as an operator runs it before the first sync.

use serde_json::Value;

use crate::desk::Desk;

const FILES: &str = "[[sources]]\nname = 'registration'\nkind = 'files'\nfolder = 'data'\n[sources.categories.school-attendance]\nid_column = 'Nr'\n\
                     [sources.categories.school-attendance.columns]\n'Naam' = '/person/familyName'\n'Roep' = '/person/givenName'\n'Geboortedatum' = { to = '/person/birthDate', type = 'date' }\n'Uren' = { to = '/attendance/absentHours', type = 'number' }\n";
const GOOD: &str = "Nr;BSN;Geboortedatum;Naam;Roep;Uren\n1;999990342;03-05-2012;De Vries;Anna;3\n2;999994086;00-11-2014;Smit;Bram;12\n";

fn category(report: &Value) -> &Value {
    &report["sources"][0]["categories"][0]
}

#[test]
fn what_would_be_registered_is_said_field_by_field_and_nothing_is_written() {
    let desk = Desk::new(FILES);
    desk.write("school-attendance.csv", GOOD);
    let report = desk.check(&["--json"]).expect(0).json();
    let check = category(&report);
    assert_eq!(report["partner"], "00000099000000012000");
    assert_eq!(
        (&check["agreed"], &check["registrable"], &check["subjects"]),
        (&true.into(), &2.into(), &2.into())
    );
    assert_eq!((&check["birthDates"]["day"], &check["birthDates"]["month"]), (&1.into(), &1.into()));
    assert_eq!(check["roles"][0]["column"], "BSN");
    assert_eq!(check["roles"][0]["why"], "found by its name");
    assert_eq!(check["documents"]["deliverable"], 2);
    let readable = desk.check(&[]).expect(0).stdout;
    for part in [
        "Geboortedatum",
        "found by its name",
        "/attendance/absentHours",
        "2 of 2 documents",
        "Nothing was registered",
    ] {
        assert!(readable.contains(part), "{part} is not in {readable}");
    }
    for value in ["999990342", "999994086", "Vries", "Smit", "2012", "2014"] {
        assert!(
            !readable.contains(value) && !report.to_string().contains(value),
            "{value} is in {readable} {report}"
        );
    }
    for name in ["never-made.db", "never-made"] {
        assert!(!desk.folder().join(name).exists());
    }
}

#[test]
fn what_has_to_be_mended_is_a_negative_outcome_by_place_and_reason() {
    let desk = Desk::new(FILES);
    desk.write(
        "school-attendance.csv",
        &format!(
            "{GOOD}3;123;;Jansen;Cees;1\n4;123456782;;Jansen;Cees;1\n5;999995492;31-31-2012;Jansen;Cees;1\n"
        ),
    );
    let ran = desk.check(&["--json"]).expect(1);
    let report = ran.json();
    assert_eq!((&report["verdict"], &category(&report)["refused"]), (&"wrong".into(), &3.into()));
    let places: Vec<_> = report["sources"][0]["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rows| rows["rows"][0].clone())
        .collect();
    assert_eq!(places.len(), 3, "{report}");
    for value in ["123456782", "999995492", "Jansen", "31-31"] {
        assert!(!ran.stdout.contains(value) && !ran.stderr.contains(value), "{value} is in {ran:?}");
    }
}

#[test]
fn documents_that_the_schema_refuses_are_told_by_pointer_and_keyword() {
    let desk = Desk::new(
        &FILES
            .replace("'/person/familyName'", "'/attendance/reported'")
            .replace(", type = 'number'", ", type = 'list'"),
    );
    desk.write("school-attendance.csv", GOOD);
    let report = desk.check(&["--json"]).expect(1).json();
    let complaints = category(&report)["documents"]["complaints"].to_string();
    assert!(
        complaints.contains("/person: required (familyName)")
            && complaints.contains("/attendance/absentHours: type"),
        "{complaints}"
    );
}

#[test]
fn a_source_that_is_away_may_be_there_later_and_others_are_looked_at_all_the_same() {
    let sql = "[[sources]]\nname = 'away'\nkind = 'sql'\nurl = 'mysql://reader@127.0.0.1:9/x'\ndeadline_ms = 500\n[sources.categories.school-attendance]\n\
               list = 'SELECT 1 AS record LIMIT :limit, :after_record'\nfetch = 'SELECT :record'\n";
    let desk = Desk::new(&format!("{FILES}{sql}"));
    desk.write("school-attendance.csv", GOOD);
    let report = desk.check(&["--json"]).expect(4).json();
    assert_eq!(
        (&report["sources"][0]["verdict"], &report["sources"][1]["verdict"]),
        (&"good".into(), &"unavailable".into())
    );
    desk.check(&["--source", "registration"]).expect(0);
    let ran = desk.check(&["--source", "other"]).expect(2);
    assert!(ran.stderr.contains("registration, away"), "{ran:?}");
}

#[test]
fn the_other_services_are_asked_only_when_it_is_said() {
    let desk = Desk::new(FILES);
    desk.write("school-attendance.csv", GOOD);
    assert_eq!(desk.check(&["--json"]).expect(0).json()["services"], Value::Null);
    let report = desk.check(&["--services", "--json"]).expect(1).json();
    assert!(report["services"].to_string().contains("does not answer"), "{report}");
    assert_eq!(report["verdict"], "good");
}

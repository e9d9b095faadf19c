//! A person asks what the logs of a whole chain say about them; every service is a process of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kw_agreement::draft::AgreementDraft;
use serde_json::{Value, json};

use crate::program::{Demo, Ran, run_with_input};

/// Born on 20 July 2011; known to the school and the youth care provider, and to nobody else.
const PERSON: &str = "999975134";
/// Known to the municipality and to the addiction care provider, which is down.
const HALF_REACHED: &str = "999952468";

struct Town {
    kept: PathBuf,
    _demo: Demo,
    _folder: tempfile::TempDir,
}

impl Town {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("kept");
        let town = Self { _demo: Demo::start(&kept), kept, _folder: folder };
        for file in ["school/source/leerlingen.json", "youth-care/source/jeugdhulp.csv"] {
            let source = fs::read(town.kept.join("partners").join(file)).unwrap();
            let known = String::from_utf8_lossy(&source).contains(PERSON);
            assert!(known, "the demonstration has other people: {file}");
        }
        town
    }

    fn config(&self, partner: &str) -> String {
        self.kept.join("partners").join(partner).join("partner.toml").to_str().unwrap().to_owned()
    }

    /// A question about the person, with more arguments.
    fn ask(&self, command: &str, partner: &str, role: &str, more: &[&str]) -> Ran {
        let config = self.config(partner);
        let own = ["--config", &config, "--bsn", "-", "--purpose", "coordinate-help", "--role", role];
        let who = ["--actor", "j.jansen", "--case", "Z-17", "--json"];
        run_with_input([command].iter().chain(&own).chain(&who).chain(more), PERSON)
    }

    fn inzage(&self, partner: &str, person: &str, more: &[&str]) -> Ran {
        let config = self.config(partner);
        let own = ["audit", "inzage", "--config", &config, "--bsn", "-", "--role", "municipal-consultant"];
        let who = ["--actor", "m.desk", "--case", "I-1"];
        run_with_input(own.iter().chain(&who).chain(more), person)
    }

    fn report(&self, more: &[&str]) -> Value {
        let more: Vec<&str> = more.iter().copied().chain(["--json"]).collect();
        self.inzage("municipality", PERSON, &more).expect(0).json()
    }

    /// Changes the agreement of all, and waits until every service has read it.
    fn agree(&self, change: impl FnOnce(&mut AgreementDraft)) {
        let file = self.kept.join("agreement.toml");
        let mut draft = AgreementDraft::parse(&fs::read_to_string(&file).unwrap()).unwrap();
        change(&mut draft);
        write_whole(&file, &draft.to_toml().unwrap());
        // Files are looked at every ten seconds.
        std::thread::sleep(Duration::from_secs(12));
    }
}

fn write_whole(file: &Path, text: &str) {
    let next = file.with_extension("next");
    fs::write(&next, text).unwrap();
    fs::rename(next, file).unwrap();
}

/// Act, organisation, outcome, ground.
fn acts(report: &Value) -> Vec<Value> {
    let entries = report["entries"].as_array().unwrap();
    entries
        .iter()
        .map(|entry| json!([entry["act"], entry["party"]["name"], entry["result"], entry["relation"]]))
        .collect()
}

fn logs(entry: &Value) -> Vec<&str> {
    let mut logs: Vec<_> =
        entry["recordedBy"].as_array().unwrap().iter().map(|party| party["name"].as_str().unwrap()).collect();
    logs.sort_unstable();
    logs
}

#[test]
fn a_person_is_told_exactly_who_registered_who_looked_and_why() {
    let town = Town::new();
    let denied = ["--category", "addiction-care"];
    town.ask("query", "school", "care-coordinator", &denied).expect(5);
    let reason = "--reason=signals from school";
    let motivated = ["--basis", "motivated", reason];
    town.ask("dossier", "municipality", "municipal-consultant", &motivated).expect(0);
    let emergency = ["--basis", "emergency", "--reason=in need"];
    town.ask("query", "health-service", "youth-doctor", &emergency).expect(0);

    let report = town.report(&[]);
    let (school, care) = ("Scholengroep De Linde", "Jeugdzorg Demostad");
    let (municipality, health) = ("Gemeente Demostad", "GGD Demoregio");
    let registered =
        [json!(["registered", school, "success", null]), json!(["registered", care, "success", null])];
    let looked = [
        json!(["asked", school, "refused", "listed"]),
        json!(["asked", municipality, "success", "motivated"]),
        json!(["asked", health, "success", "emergency"]),
    ];
    // Who registered first is not ours to say; that both did before anybody asked, is.
    let told = acts(&report);
    assert!(registered.iter().all(|act| told[..2].contains(act)), "{told:#?}");
    assert_eq!(told[2..], looked);
    let entries = report["entries"].as_array().unwrap();
    let purposes: Vec<_> = entries[2..].iter().map(|entry| &entry["purpose"]["title"]).collect();
    assert_eq!(purposes, ["Hulp op elkaar afstemmen"; 3]);
    let fetched: Vec<_> =
        entries[3]["fetches"].as_array().unwrap().iter().map(|one| &one["result"]).collect();
    assert_eq!(fetched, ["success", "success"]);
    assert_eq!(logs(&entries[3]), [municipality, care, "Schakelpunt Demoregio", school]);
    let named: Vec<_> = entries[4]["fetches"].as_array().unwrap().iter().map(|one| &one["result"]).collect();
    assert_eq!(named, [&Value::Null, &Value::Null], "looked up, and left where it is");
    assert_eq!(logs(&entries[4]), [health, "Schakelpunt Demoregio"]);
    assert_eq!((&report["complete"], &report["mayBeWithheld"]), (&json!(true), &json!(true)));
    let asked: Vec<_> = report["parties"].as_array().unwrap().iter().map(|one| &one["status"]).collect();
    assert_eq!(asked, ["answered"; 4]);

    let text = report["text"].as_str().unwrap();
    assert!(text.contains("Dit was een noodgeval") && text.contains("De vraag is geweigerd"), "{text}");
    let whole = report.to_string();
    for hidden in [PERSON, "j.jansen", "m.desk", "signals from school", "handle", "element", "binding"] {
        assert!(!whole.contains(hidden), "{hidden} is in the report");
    }

    // Others do not get it, and the person sees who tried, and who got it.
    let refused = town.inzage("school", PERSON, &[]).expect(5);
    assert!(refused.stdout.is_empty() && refused.stderr.contains("does not list"), "{refused:?}");
    let english = town.report(&["--language", "en"]);
    let later = acts(&english);
    assert_eq!(later[..5], told, "what was told stays told");
    assert_eq!(
        later[5..],
        [json!(["reported", municipality, "success", null]), json!(["reported", school, "refused", null])]
    );
    assert!(english["text"].as_str().unwrap().contains("This was an emergency"));
    assert_eq!(logs(&english["entries"][5]).len(), 5, "it stands wherever somebody was asked");
}

#[test]
fn a_birth_date_that_is_another_persons_stops_at_the_holders() {
    let town = Town::new();
    let wrong =
        town.inzage("municipality", PERSON, &["--birth-date", "2011-07-21", "--json"]).expect(1).json();
    let statuses: Vec<_> = wrong["parties"].as_array().unwrap().iter().map(|one| &one["status"]).collect();
    assert_eq!(statuses, ["birth-date-mismatch"; 2]);
    assert_eq!(wrong["complete"], false);
    assert!(wrong["text"].as_str().unwrap().contains("kon niet vaststellen dat het om u gaat"));
    let right = town.report(&["--birth-date", "2011-07-20"]);
    assert_eq!(right["complete"], true);
}

#[test]
fn a_party_that_is_down_is_shown_and_the_report_is_not_complete() {
    let town = Town::new();
    let report = town.inzage("municipality", HALF_REACHED, &["--json"]).expect(1).json();
    let parties: Vec<_> = report["parties"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| json!([one["party"]["name"], one["status"]]))
        .collect();
    assert!(parties.iter().any(|one| one[1] == "unavailable"), "{parties:?}");
    assert_eq!(report["complete"], false);
    let paper = town.inzage("municipality", HALF_REACHED, &[]).expect(1);
    assert!(paper.stdout.contains("NIET COMPLEET") && paper.stdout.contains("was niet bereikbaar"));
    assert!(!paper.stdout.contains(HALF_REACHED));
}

#[test]
fn the_agreement_says_what_is_withheld_and_whether_staff_are_named() {
    let town = Town::new();
    let motivated = ["--basis", "motivated", "--reason=signals from school"];
    town.ask("dossier", "municipality", "municipal-consultant", &motivated).expect(0);
    town.agree(|draft| draft.subject_access.staff_names = true);
    let report = town.report(&[]);
    let asked = &report["entries"][2];
    assert_eq!((&asked["act"], &asked["actor"]), (&json!("asked"), &json!("j.jansen")));
    assert!(report["text"].as_str().unwrap().contains("Naam: j.jansen"));

    town.agree(|draft| {
        draft.purposes.get_mut("coordinate-help").unwrap().withheld_from_subject = true;
        draft.categories.get_mut("school-attendance").unwrap().withheld_from_subject = true;
    });
    let report = town.report(&[]);
    let (care, municipality) = ("Jeugdzorg Demostad", "Gemeente Demostad");
    let left =
        [json!(["registered", care, "success", null]), json!(["reported", municipality, "success", null])];
    assert_eq!(acts(&report), left);
    let whole = report.to_string();
    for hidden in
        ["coordinate-help", "Hulp op elkaar afstemmen", "school-attendance", "Scholengroep", "Schoolverzuim"]
    {
        assert!(!whole.contains(hidden), "{hidden} is in the report");
    }
    assert_eq!(report["complete"], true);
    assert!(report["text"].as_str().unwrap().contains("Soms zegt de wet dat wij iets niet mogen vertellen"));
}

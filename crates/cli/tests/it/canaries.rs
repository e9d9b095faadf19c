//! Canaries in a chain of processes: an index that loses a pointer, leaves a holder out or lets one lapse is noticed, and what
//! a partner takes back itself is not.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::program::run;
use crate::town::Town;

const SCHOOL: &str = "00000099000000012000";
const CARE: &str = "00000099000000011000";

/// The demonstration's chain, whose school and youth care keep canaries.
fn with_canaries() -> Town {
    let mut town = Town::new();
    for (partner, role) in [("school", "care-coordinator"), ("youth-care", "youth-care-worker")] {
        town.configure(partner, |config| {
            let source = config["sources"][0]["name"].as_str().unwrap().to_owned();
            let canaries: toml::Table = toml::from_str(&format!(
                "source = '{source}'\nkeep = 0\nasks_per_day = 500\nconfirm_after_seconds = 3600\n\
                 purpose = 'coordinate-help'\ncase = 'Z-2026-####'\nreason = 'signals from a colleague'\n\
                 [[actors]]\nid = 'j.jansen'\nrole = '{role}'\n"
            ))
            .unwrap();
            config.insert("canaries".to_owned(), toml::Value::Table(canaries));
        });
    }
    town.start_centre();
    for partner in ["school", "youth-care"] {
        town.start(partner);
    }
    town
}

/// What asking came to, by canary. Services that have just started wait until the logs of others confirm theirs.
fn ask(town: &Town, partner: &str) -> Vec<(String, String, bool)> {
    let end = Instant::now() + Duration::from_mins(1);
    loop {
        let ran = town.run(partner, &["canaries", "ask"]);
        assert!(ran.code <= 1, "{ran:?}");
        let answers = ran.json()["answers"].as_array().unwrap().clone();
        let told: Vec<_> = answers
            .iter()
            .map(|one| {
                let text = |name: &str| one[name].as_str().unwrap().to_owned();
                (text("id"), text("outcome"), one["missed"].as_bool().unwrap())
            })
            .collect();
        let missed = told.iter().any(|(.., missed)| *missed);
        assert_eq!(ran.code, i32::from(missed), "{ran:?}");
        let starting = told.iter().any(|(_, outcome, _)| outcome == "unanswered");
        if !starting || Instant::now() > end {
            return told;
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// Makes one at youth care, has it registered, and gives its id.
fn canary(town: &Town) -> String {
    let made =
        town.run("youth-care", &["canaries", "make", "--category", "youth-care-plan"]).expect(0).json();
    let id = made["canaries"].as_array().unwrap().last().unwrap()["id"].as_str().unwrap().to_owned();
    town.sync("youth-care", &[]);
    id
}

fn hand_over(town: &Town, name: &str) -> Value {
    let file = town.folder().join(name);
    town.run("youth-care", &["canaries", "export", "--to", file.to_str().unwrap()]).expect(0);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("case:canary:"));
    town.run("school", &["canaries", "import", file.to_str().unwrap()]).expect(0).json()
}

fn canaries_in_status(town: &Town, partner: &str) -> Value {
    town.run(partner, &["status"]).expect(0).json()["canaries"].clone()
}

fn found(told: &[(String, String, bool)]) -> usize {
    told.iter().filter(|(_, outcome, missed)| outcome == "found" && !missed).count()
}

fn holds(folder: &Path, text: &str) -> bool {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else if fs::read(entry.path()).unwrap().windows(text.len()).any(|part| part == text.as_bytes())
            {
                return true;
            }
        }
    }
    false
}

#[test]
fn an_index_that_leaves_a_pointer_out_is_noticed_and_what_was_taken_back_is_not() {
    let mut town = with_canaries();
    let first = canary(&town);
    assert_eq!(hand_over(&town, "first.json"), serde_json::json!({ "imported": 1, "known": 0 }));
    assert_eq!(hand_over(&town, "again.json"), serde_json::json!({ "imported": 0, "known": 1 }));
    let status = canaries_in_status(&town, "youth-care");
    assert_eq!(
        (&status["own"], &status["others"], &status["missed"]),
        (&1.into(), &0.into(), &0.into()),
        "{status}"
    );
    let own = ask(&town, "youth-care");
    assert_eq!((own.len(), found(&own)), (1, 1), "{own:?}");
    let others = ask(&town, "school");
    assert_eq!((others.len(), found(&others)), (1, 1), "{others:?}");

    // A key is rotated: nothing is missing, and nothing is said to be.
    let switchboard = town.kept().join("switchboard/switchboard.toml");
    for step in ["begin", "convert", "close"] {
        run(["keys", "rotate", "index", "--config", switchboard.to_str().unwrap(), "--step", step]).expect(0);
        assert_eq!(found(&ask(&town, "youth-care")), 1, "{step}");
        assert_eq!(found(&ask(&town, "school")), 1, "{step}");
    }

    // One that is withdrawn is no alarm, neither before nor after the switchboard heard of it.
    let second = canary(&town);
    assert_eq!(found(&ask(&town, "youth-care")), 2);
    town.run("youth-care", &["canaries", "retire", &second]).expect(0);
    assert_eq!(ask(&town, "youth-care").len(), 1);
    town.sync("youth-care", &[]);
    assert_eq!(found(&ask(&town, "youth-care")), 1);
    town.run("youth-care", &["canaries", "retire", &first]).expect(5);

    // The database of the index loses the row.
    let pointer = town.sql(
        "partners/youth-care/partner.toml",
        "SELECT hex(r.pointer) FROM local_records r JOIN canaries c ON c.subject_key = r.subject_key WHERE c.retired = 0",
    );
    assert_eq!(pointer.len(), 32, "{pointer}");
    town.sql("switchboard/switchboard.toml", &format!("DELETE FROM pointers WHERE id = X'{pointer}'"));
    for partner in ["youth-care", "school"] {
        let once = ask(&town, partner);
        assert_eq!((once[0].1.as_str(), once[0].2), ("not-found", false), "{partner}: {once:?}");
        let twice = ask(&town, partner);
        assert_eq!((twice[0].1.as_str(), twice[0].2), ("not-found", true), "{partner}: {twice:?}");
        let listed = town.run(partner, &["canaries", "list"]).expect(1).json();
        assert_eq!(listed["canaries"][0]["state"], "missed");
        assert_eq!(listed["canaries"][0]["holder"], CARE);
        let status = canaries_in_status(&town, partner);
        assert_eq!(status["missed"], 1, "{status}");
        assert_eq!(status["missedSince"], listed["canaries"][0]["missedAt"]);
        assert!(status["askedAt"].is_string() && status["asked"].as_u64() >= Some(2), "{status}");
        let shown = town.show(partner, &["status"]);
        assert!(shown.contains("ALARM: the index does not give 1 since"), "{shown}");
        let log = if partner == "school" { SCHOOL } else { CARE };
        let show = [
            "audit",
            "show",
            "--database",
            "--log",
            log,
            "--event",
            "canary-missed",
            "--auditor",
            "a.uditor",
        ];
        let records = town.run(partner, &show);
        assert!(records.expect(0).stdout.contains(CARE), "{partner}");
    }
    // Nothing of the index says which subject it was.
    assert!(!holds(&town.kept().join("switchboard"), "case:canary"));
    assert!(!holds(&town.kept().join("partners"), "case:canary"));

    // A partner that is away for longer than its lease lapses, and the others notice; when it is back, they find it again.
    let third = canary(&town);
    assert_eq!(hand_over(&town, "third.json")["imported"], 1);
    let is_third = |told: &[(String, String, bool)]| told.last().cloned().unwrap();
    assert_eq!(is_third(&ask(&town, "school")).1, "found", "{third}");
    town.stop("youth-care");
    town.sql(
        "switchboard/switchboard.toml",
        &format!("UPDATE leases SET valid_until = 1 WHERE holder = '{CARE}'"),
    );
    assert_eq!(is_third(&ask(&town, "school")).1, "not-found");
    assert!(is_third(&ask(&town, "school")).2);
    town.start("youth-care");
    town.sync("youth-care", &[]);
    let until = Instant::now() + Duration::from_mins(1);
    while is_third(&ask(&town, "school")).1 != "found" {
        assert!(Instant::now() < until);
        std::thread::sleep(Duration::from_secs(1));
    }
    assert!(!is_third(&ask(&town, "school")).2);
}

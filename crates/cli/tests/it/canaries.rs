//! Canaries in a chain of processes: an index that loses a pointer, leaves a holder out or lets one lapse is noticed, and what
//! a partner takes back itself is not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::program::{Demo, Ran, Service, run};

const SCHOOL: &str = "00000099000000012000";
const CARE: &str = "00000099000000011000";

/// The demonstration's chain, whose school and youth care keep canaries.
struct Town {
    folder: tempfile::TempDir,
    services: Vec<(&'static str, Service)>,
}

impl Town {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("kept");
        Demo::start(&kept).interrupt();
        let mut town = Self { folder, services: Vec::new() };
        for (partner, role) in [("school", "care-coordinator"), ("youth-care", "youth-care-worker")] {
            let file = town.config(partner);
            let text = fs::read_to_string(&file).unwrap();
            let mut config: toml::Table = toml::from_str(&text).unwrap();
            let source = config["sources"][0]["name"].as_str().unwrap().to_owned();
            let canaries: toml::Table = toml::from_str(&format!(
                "source = '{source}'\nkeep = 0\nasks_per_day = 500\nconfirm_after_seconds = 3600\n\
                 purpose = 'coordinate-help'\ncase = 'Z-2026-####'\nreason = 'signals from a colleague'\n\
                 [[actors]]\nid = 'j.jansen'\nrole = '{role}'\n"
            ))
            .unwrap();
            config.insert("canaries".to_owned(), toml::Value::Table(canaries));
            fs::write(&file, toml::to_string(&config).unwrap()).unwrap();
        }
        for (kind, at) in [("pseudonymiser", "pseudonymiser"), ("switchboard", "switchboard")] {
            let path = town.kept().join(at).join(format!("{kind}.toml"));
            town.services.push((kind, Service::start(kind, &path)));
        }
        for partner in ["school", "youth-care"] {
            town.start(partner);
        }
        town
    }

    fn start(&mut self, partner: &'static str) {
        let service = Service::start("partner", &self.config(partner));
        self.services.push((partner, service));
    }

    fn kept(&self) -> PathBuf {
        self.folder.path().join("kept")
    }

    fn config(&self, partner: &str) -> PathBuf {
        self.kept().join("partners").join(partner).join("partner.toml")
    }

    fn run(&self, partner: &str, arguments: &[&str]) -> Ran {
        let config = self.config(partner);
        let mut all: Vec<&str> = arguments.to_vec();
        all.extend(["--config", config.to_str().unwrap(), "--json"]);
        run(all)
    }

    /// What asking came to, by canary. Services that have just started wait until the logs of others confirm theirs.
    fn ask(&self, partner: &str) -> Vec<(String, String, bool)> {
        let until = Instant::now() + Duration::from_mins(1);
        loop {
            let ran = self.run(partner, &["canaries", "ask"]);
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
            if !starting || Instant::now() > until {
                return told;
            }
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    /// Makes one at youth care, has it registered, and gives its id.
    fn canary(&self) -> String {
        let made =
            self.run("youth-care", &["canaries", "make", "--category", "youth-care-plan"]).expect(0).json();
        let id = made["canaries"].as_array().unwrap().last().unwrap()["id"].as_str().unwrap().to_owned();
        self.sync();
        id
    }

    fn sync(&self) {
        let until = Instant::now() + Duration::from_mins(1);
        loop {
            let ran = self.run("youth-care", &["sync"]);
            let is_done = ran.code <= 1
                && ran.json()["sources"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .all(|one| one["pending"] == 0 && one["problem"].is_null());
            if is_done {
                return;
            }
            assert!(Instant::now() < until, "{ran:?}");
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    fn hand_over(&self, name: &str) -> Value {
        let file = self.folder.path().join(name);
        self.run("youth-care", &["canaries", "export", "--to", file.to_str().unwrap()]).expect(0);
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains("case:canary:"));
        self.run("school", &["canaries", "import", file.to_str().unwrap()]).expect(0).json()
    }

    /// Speaks to the database of a service, whose configuration says where it is.
    fn sql(&self, config: &str, statement: &str) -> String {
        let config = self.kept().join(config);
        let read: toml::Table = toml::from_str(&fs::read_to_string(&config).unwrap()).unwrap();
        let url = read["database"]["url"].as_str().unwrap();
        let file = config.parent().unwrap().join(url.strip_prefix("sqlite:").unwrap_or(url));
        let mut sqlite = Command::new("sqlite3");
        sqlite.args(["-cmd", ".timeout 10000"]).arg(file).arg(statement);
        let ran = sqlite.output().unwrap_or_else(|error| panic!("apt-get install sqlite3: {error}"));
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap().trim().to_owned()
    }
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
    let mut town = Town::new();
    let first = town.canary();
    assert_eq!(town.hand_over("first.json"), serde_json::json!({ "imported": 1, "known": 0 }));
    assert_eq!(town.hand_over("again.json"), serde_json::json!({ "imported": 0, "known": 1 }));
    let own = town.ask("youth-care");
    assert_eq!((own.len(), found(&own)), (1, 1), "{own:?}");
    let others = town.ask("school");
    assert_eq!((others.len(), found(&others)), (1, 1), "{others:?}");

    // A key is rotated: nothing is missing, and nothing is said to be.
    let switchboard = town.kept().join("switchboard/switchboard.toml");
    for step in ["begin", "convert", "close"] {
        run(["keys", "rotate", "index", "--config", switchboard.to_str().unwrap(), "--step", step]).expect(0);
        assert_eq!(found(&town.ask("youth-care")), 1, "{step}");
        assert_eq!(found(&town.ask("school")), 1, "{step}");
    }

    // One that is withdrawn is no alarm, neither before nor after the switchboard heard of it.
    let second = town.canary();
    assert_eq!(found(&town.ask("youth-care")), 2);
    town.run("youth-care", &["canaries", "retire", &second]).expect(0);
    assert_eq!(town.ask("youth-care").len(), 1);
    town.sync();
    assert_eq!(found(&town.ask("youth-care")), 1);
    town.run("youth-care", &["canaries", "retire", &first]).expect(5);

    // The database of the index loses the row.
    let pointer = town.sql(
        "partners/youth-care/partner.toml",
        "SELECT hex(r.pointer) FROM local_records r JOIN canaries c ON c.subject_key = r.subject_key WHERE c.retired = 0",
    );
    assert_eq!(pointer.len(), 32, "{pointer}");
    town.sql("switchboard/switchboard.toml", &format!("DELETE FROM pointers WHERE id = X'{pointer}'"));
    for partner in ["youth-care", "school"] {
        let once = town.ask(partner);
        assert_eq!((once[0].1.as_str(), once[0].2), ("not-found", false), "{partner}: {once:?}");
        let twice = town.ask(partner);
        assert_eq!((twice[0].1.as_str(), twice[0].2), ("not-found", true), "{partner}: {twice:?}");
        let listed = town.run(partner, &["canaries", "list"]).expect(1).json();
        assert_eq!(listed["canaries"][0]["state"], "missed");
        assert_eq!(listed["canaries"][0]["holder"], CARE);
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
    let third = town.canary();
    assert_eq!(town.hand_over("third.json")["imported"], 1);
    let is_third = |told: &[(String, String, bool)]| told.last().cloned().unwrap();
    assert_eq!(is_third(&town.ask("school")).1, "found", "{third}");
    town.services.retain(|(name, _)| *name != "youth-care");
    town.sql(
        "switchboard/switchboard.toml",
        &format!("UPDATE leases SET valid_until = 1 WHERE holder = '{CARE}'"),
    );
    assert_eq!(is_third(&town.ask("school")).1, "not-found");
    assert!(is_third(&town.ask("school")).2);
    town.start("youth-care");
    town.sync();
    let until = Instant::now() + Duration::from_mins(1);
    while is_third(&town.ask("school")).1 != "found" {
        assert!(Instant::now() < until);
        std::thread::sleep(Duration::from_secs(1));
    }
    assert!(!is_third(&town.ask("school")).2);
}

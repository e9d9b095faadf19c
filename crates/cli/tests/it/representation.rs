//! Somebody acts for another person, with every service of the chain a process of its own: from the registrar's command line to
//! the document at the source, and everything that is refused on the way.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use kw_agreement::draft::{AgeBandDraft, AgreementDraft, MandateDraft};
use serde_json::Value;

use crate::program::{Demo, Ran, Service, run_with_input};

/// Known to the municipality and to others of the demonstration.
const CHILD: &str = "999990342";
const BORN: &str = "2011-03-04";
/// In no source of the demonstration.
const PARENT: &str = "999999321";
const STRANGER: &str = "999991802";
const SCHOOL: &str = "00000099000000012000";
const MUNICIPALITY: &str = "00000099000000013000";
/// The exit code for what another attempt may cure.
const UNAVAILABLE: i32 = 4;

#[test]
fn a_mandate_opens_the_dossier_of_exactly_one_person_until_it_is_taken_back() {
    let town = Town::new();
    let registered = town.register("any-age", PARENT).json();
    assert_eq!(registered["status"], "requested", "{registered}");
    let id = registered["id"].as_str().unwrap();
    assert_eq!(town.register("any-age", PARENT).json()["id"], id, "the same twice is one");
    let nothing = |ran: Ran| assert_eq!(ran.expect(0).json()["sections"], Value::Array(Vec::new()));
    nothing(town.dossier(CHILD, PARENT, BORN, Some(id)));

    town.one("confirm", id, Some("represented"), CHILD).expect(0);
    town.one("confirm", id, Some("representative"), STRANGER).expect(5);
    let active = town.one("confirm", id, Some("representative"), PARENT).expect(0).json();
    assert_eq!(active["status"], "active");

    let dossier = town.dossier(CHILD, PARENT, BORN, Some(id)).expect(0).json();
    let sections = dossier["sections"].as_array().unwrap();
    assert!(!sections.is_empty());
    for section in sections {
        assert_eq!((&section["status"], &section["birthDateCompared"]), (&"delivered".into(), &"day".into()));
        assert!(["youth-care-plan", "school-attendance"].contains(&section["category"].as_str().unwrap()));
    }

    let mixed = town.dossier(CHILD, PARENT, "2011-03-05", Some(id)).expect(1).json();
    let statuses: Vec<_> = mixed["sections"].as_array().unwrap().iter().map(|one| &one["status"]).collect();
    assert!(statuses.len() == sections.len() && statuses.iter().all(|one| **one == "birth-date-mismatch"));
    nothing(town.dossier(STRANGER, PARENT, BORN, Some(id)));
    nothing(town.dossier(CHILD, STRANGER, BORN, Some(id)));
    nothing(town.dossier(CHILD, STRANGER, BORN, None));

    let listed = town.one("list", "", Some("represented"), CHILD).expect(0).json();
    assert_eq!(listed["mandates"].as_array().unwrap().len(), 1);
    let left = town.one("withdraw", id, Some("represented"), CHILD).expect(0).json();
    assert_eq!(left["status"], "withdrawn");
    nothing(town.dossier(CHILD, PARENT, BORN, Some(id)));
    nothing(town.dossier(CHILD, PARENT, BORN, None));

    // Somebody who is older than the band, under a mandate that is active: the source knows better than the register.
    let aged = town.register("under-1", PARENT).json();
    assert_eq!(aged["status"], "active");
    let refused = town.dossier(CHILD, PARENT, BORN, None).expect(1).json();
    for section in refused["sections"].as_array().unwrap() {
        assert_eq!(
            (&section["status"], &section["reason"]),
            (&"refused".into(), &"representation-age".into())
        );
    }
    town.one("withdraw", aged["id"].as_str().unwrap(), None, "").expect(0);
    nothing(town.dossier(CHILD, PARENT, BORN, None));
    town.holds_no_number(PARENT);
}

#[test]
fn a_representative_asks_for_a_correction_under_a_mandate_for_it_and_under_no_other() {
    let town = Town::new();
    let confirmed = |acts: &[&str]| {
        let id = town.register_for("any-age", PARENT, acts).json()["id"].as_str().unwrap().to_owned();
        town.one("confirm", &id, Some("represented"), CHILD).expect(0);
        town.one("confirm", &id, Some("representative"), PARENT).expect(0);
        id
    };
    let seeing = confirmed(&["view"]);
    assert!(
        !town.dossier(CHILD, PARENT, BORN, Some(&seeing)).json()["sections"].as_array().unwrap().is_empty()
    );
    let refused = town.correction(CHILD, PARENT).expect(5);
    assert!(refused.stderr.contains("index"), "{refused:?}");
    town.one("withdraw", &seeing, Some("represented"), CHILD).expect(0);

    confirmed(&["feedback"]);
    let sent = town.correction(CHILD, PARENT).expect(0).json();
    assert_eq!(
        (&sent["delivery"], &sent["view"]["kind"]),
        (&"delivered".into(), &"correction-request".into())
    );
    town.correction(CHILD, STRANGER).expect(5);
    town.holds_no_number(PARENT);
}

/// A chain as the demonstration makes it, whose municipality registers parental authority.
struct Town {
    folder: tempfile::TempDir,
    _services: Vec<Service>,
}

impl Town {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("kept");
        Demo::start(&kept).interrupt();
        let file = kept.join("agreement.toml");
        let mut draft = AgreementDraft::parse(&fs::read_to_string(&file).unwrap()).unwrap();
        let band = |name: &str, from, below, confirmed_by: &[&str]| AgeBandDraft {
            name: name.into(),
            from,
            below,
            confirmed_by: confirmed_by.iter().map(|side| (*side).to_owned()).collect(),
        };
        // As wide as this, so that the test does not depend on the day on which it runs.
        let ages = vec![
            band("under-1", 0, Some(1), &[]),
            band("any-age", 1, None, &["representative", "represented"]),
        ];
        let parental = MandateDraft {
            registrars: vec![MUNICIPALITY.into()],
            categories: vec!["youth-care-plan".into(), "school-attendance".into()],
            acts: vec!["feedback".into(), "view".into()],
            max_term: "P12Y".into(),
            ages,
        };
        draft.representation.kinds.insert("parental-authority".into(), parental);
        draft.purposes.get_mut("coordinate-help").unwrap().representation = true;
        fs::write(&file, draft.to_toml().unwrap()).unwrap();
        let config = |path: &str| kept.join(path);
        let mut services = vec![
            Service::start("pseudonymiser", &config("pseudonymiser/pseudonymiser.toml")),
            Service::start("switchboard", &config("switchboard/switchboard.toml")),
        ];
        for partner in ["municipality", "school", "youth-care"] {
            services.push(Service::start("partner", &config(&format!("partners/{partner}/partner.toml"))));
        }
        Self { folder, _services: services }
    }

    fn kept(&self) -> PathBuf {
        self.folder.path().join("kept")
    }

    fn register(&self, band: &str, representative: &str) -> Ran {
        self.register_for(band, representative, &[])
    }

    fn register_for(&self, band: &str, representative: &str, acts: &[&str]) -> Ran {
        let of_kind = ["--kind", "parental-authority", "--age-band", band];
        let until = ["--valid-until", "2036-01-01T00:00:00Z"];
        let over = ["--category", "youth-care-plan", "--category", "school-attendance"];
        let acts = acts.iter().flat_map(|act| ["--act", act]);
        let arguments: Vec<&str> = of_kind.iter().chain(&until).chain(&over).copied().chain(acts).collect();
        self.run(&["mandates", "register"], &arguments, &format!("{representative}\n{CHILD}\n")).expect(0)
    }

    fn one(&self, verb: &str, id: &str, side: Option<&str>, person: &str) -> Ran {
        let mut arguments = Vec::new();
        if !id.is_empty() {
            arguments.extend(["--mandate", id]);
        }
        arguments.extend(side.into_iter().flat_map(|side| ["--side", side]));
        self.run(&["mandates", verb], &arguments, person)
    }

    fn dossier(&self, person: &str, representative: &str, born: &str, mandate: Option<&str>) -> Ran {
        let mut arguments = vec!["--bsn", "-", "--representative", "-", "--birth-date", born];
        arguments.extend(["--purpose", "coordinate-help", "--case", "Z-17", "--basis", "listed"]);
        arguments.extend(["--role", "municipal-consultant", "--actor", "j.jansen"]);
        arguments.extend(mandate.into_iter().flat_map(|id| ["--mandate", id]));
        self.run(&["dossier"], &arguments, &format!("{person}\n{representative}\n"))
    }

    fn correction(&self, person: &str, representative: &str) -> Ran {
        let mut arguments = vec!["--bsn", "-", "--representative", "-", "--birth-date", BORN];
        arguments.extend(["--purpose", "coordinate-help", "--case", "Z-17", "--kind", "correction-request"]);
        arguments.extend(["--role", "municipal-consultant", "--actor", "j.jansen", "--holder", SCHOOL]);
        arguments.extend([
            "--category",
            "school-attendance",
            "--pointer",
            "/person/givenName",
            "--doubted",
            "X",
        ]);
        arguments.extend(["--strong-suspicion", "--own-knowledge", "--knows-definition"]);
        arguments.extend(["--contact-name", "A parent", "--contact-email", "parent@example.nl"]);
        self.run(&["feedback", "report"], &arguments, &format!("{person}\n{representative}\n"))
    }

    fn run(&self, command: &[&str], arguments: &[&str], input: &str) -> Ran {
        let config = self.kept().join("partners/municipality/partner.toml");
        let own = ["--json", "--config", config.to_str().unwrap()];
        // Services that have just started wait until the logs of the others confirm their own.
        let until = Instant::now() + Duration::from_mins(1);
        loop {
            let ran = run_with_input(command.iter().chain(&own).chain(arguments), input);
            if ran.code != UNAVAILABLE || Instant::now() > until {
                return ran;
            }
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    /// Neither files nor logs of any service have the number of somebody who is in no source.
    fn holds_no_number(&self, number: &str) {
        let mut folders = vec![self.kept()];
        let mut looked_at = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                    continue;
                }
                let content = fs::read(entry.path()).unwrap();
                let found = content.windows(number.len()).any(|window| window == number.as_bytes());
                assert!(!found, "{}", entry.path().display());
                looked_at += 1;
            }
        }
        assert!(looked_at > 20);
    }
}

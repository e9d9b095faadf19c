//! The two-person route, on a chain that runs.

use std::path::Path;

use serde_json::Value;

use crate::audit_records::{Chain, entries, record_of};
use crate::program::{Ran, run};
use kw_ledger::Event;

/// The sections of a dossier by one holder, with the birth date known by its year.
fn section(chain: &Chain, holder: &str) -> Value {
    let asked = chain.ask(
        "dossier",
        &["--role", "municipal-consultant", "--birth-date", "2011-00-00", "--holder", holder],
    );
    asked.json()["sections"][0].clone()
}

fn word(config: &Path, command: &str, id: &str, actor: &str) -> Ran {
    let config = config.to_str().unwrap();
    let start = ["identity-checks", command, id, "--json", "--config", config, "--actor", actor];
    run(start.into_iter().chain(["--role", "care-coordinator", "--evidence", "register-consulted"]))
}

#[test]
fn what_a_birth_date_cannot_tell_two_people_can() {
    let chain = Chain::start();
    let school = chain.kept.join("partners/school/partner.toml");
    let list = |more: &[&str]| {
        let start = ["identity-checks", "list", "--json", "--config", school.to_str().unwrap()];
        run(start.iter().chain(more)).expect(0).json()["checks"].as_array().unwrap().clone()
    };
    let before = list(&["--waiting"]).len();
    const SCHOOL: &str = "00000099000000012000";
    assert_eq!(section(&chain, SCHOOL)["status"], "birth-date-unknown");
    assert_eq!(section(&chain, SCHOOL)["status"], "birth-date-unknown", "asking again does not help");
    let checks = list(&["--waiting"]);
    assert_eq!(checks.len(), before + 1, "{checks:?}");
    let id = checks[before]["id"].as_str().unwrap();
    assert_eq!(
        (&checks[before]["status"], &checks[before]["purpose"]),
        (&"open".into(), &"coordinate-help".into())
    );

    assert_eq!(word(&school, "confirm", id, "a.first").expect(0).json()["status"], "confirmed-once");
    word(&school, "confirm", id, "a.first").expect(5);
    assert_eq!(section(&chain, SCHOOL)["status"], "birth-date-unknown", "one is not enough");
    assert_eq!(word(&school, "confirm", id, "b.second").expect(0).json()["status"], "confirmed");
    let delivered = section(&chain, SCHOOL);
    assert_eq!(
        (&delivered["status"], &delivered["birthDateCompared"]),
        (&"delivered".into(), &"two-people".into())
    );
    word(&school, "deny", id, "c.third").expect(5);

    // Another date is another date, whoever confirmed what.
    let other = chain.ask(
        "dossier",
        &["--role", "municipal-consultant", "--birth-date", "2010-03-04", "--holder", SCHOOL],
    );
    assert_eq!(other.json()["sections"][0]["status"], "birth-date-mismatch");

    assert_eq!(chain.demo.interrupt(), 0);
    let words: Vec<_> = entries(&school)
        .1
        .iter()
        .filter_map(record_of)
        .filter(|record| record.event == Event::IdentityChecked)
        .map(|record| {
            (record.actor.unwrap().id.to_string(), record.relation.unwrap().basis, record.subject.is_some())
        })
        .collect();
    let said = |who: &str| (who.to_owned(), "register-consulted".to_owned(), true);
    assert_eq!(words, [said("a.first"), said("b.second")]);
}

//! Partners that leave, over real processes: one takes its pointers back, one hands its work over, one vanishes.

use std::fs;

use serde_json::{Value, json};

use crate::program::{Ran, run};
use crate::town::{Town, until};

const HEALTH: &str = "00000099000000014000";
const CARE: &str = "00000099000000011000";
/// Who watches: it has no part in any of it.
const OTHER: &str = "addiction-care";
const NEGATIVE: i32 = 1;
const REFUSED: i32 = 5;

fn departures(town: &Town, partner: &str, actor: &str, words: &[&str]) -> Ran {
    let who = ["--actor", actor, "--role", "director"];
    let arguments: Vec<&str> = ["departures"].into_iter().chain(words.iter().copied()).chain(who).collect();
    town.run(partner, &arguments)
}

/// Asks, and gives the departure's name.
fn ask(town: &Town, partner: &str, how: &[&str]) -> String {
    let words: Vec<&str> = ["request"].into_iter().chain(how.iter().copied()).collect();
    let asked = until("asking to leave", || {
        let ran = departures(town, partner, "a.director", &words);
        if ran.code == 0 { Ok(ran.json()) } else { Err(format!("{ran:?}")) }
    });
    assert_eq!(asked["status"], "requested");
    asked["id"].as_str().unwrap().to_owned()
}

/// Two people of the partner approve; the first may not do it twice.
fn approved_by_two(town: &Town, partner: &str, id: &str) {
    let once = departures(town, partner, "a.director", &["approve", id]).expect(0).json();
    assert_eq!(once["status"], "requested");
    departures(town, partner, "A.Director", &["approve", id]).expect(REFUSED);
    departures(town, partner, "b.lawyer", &["approve", id]).expect(0);
}

fn show(town: &Town, partner: &str, id: &str) -> Value {
    town.run(partner, &["departures", "show", id]).expect(0).json()
}

fn reaches(town: &Town, partner: &str, id: &str, status: &str) -> Value {
    until(status, || {
        let seen = show(town, partner, id);
        if seen["status"] == status { Ok(seen) } else { Err(seen.to_string()) }
    })
}

fn numbers(departure: &Value, category: &str) -> [u64; 5] {
    let categories = departure["report"]["categories"].as_array().unwrap();
    let one = categories.iter().find(|one| one["category"] == category).unwrap();
    ["held", "transferred", "withdrawn", "remaining", "otherwise"]
        .map(|name| one[name].as_u64().unwrap_or_else(|| panic!("{name}: {one}")))
}

/// How often a partner was told of this departure.
fn told(town: &Town, partner: &str, id: &str) -> usize {
    let page = town.run(partner, &["signals"]).expect(0).json();
    let signals = page["signals"].as_array().unwrap();
    signals.iter().filter(|one| one["subject"] == id && one.to_string().contains("partner-departed")).count()
}

fn registered(town: &Town, partner: &str) -> u64 {
    town.run(partner, &["status"]).expect(0).json()["sources"][0]["registered"].as_u64().unwrap()
}

fn pointers_of(town: &Town, holder: &str) -> String {
    let active = format!("SELECT count(*) FROM pointers WHERE holder = '{holder}' AND state = 0");
    town.sql("switchboard/switchboard.toml", &active)
}

#[test]
fn partners_leave_with_and_without_a_successor_and_one_vanishes() {
    let mut town = Town::new();
    town.agree(|draft| {
        let care = draft.partners.iter_mut().find(|one| one.oin == CARE).unwrap();
        care.registers.push("school-attendance".to_owned());
    });
    town.start_centre();
    for partner in ["health-service", "school", "youth-care", "municipality", OTHER] {
        town.start(partner);
    }
    for partner in ["health-service", "school", "youth-care", "municipality"] {
        town.sync(partner, &[]);
    }
    takes_everything_back(&town);
    hands_its_work_over(&mut town);
    vanishes_and_comes_back(&mut town);
}

fn takes_everything_back(town: &Town) {
    let held = registered(town, "health-service");
    assert!(held > 3);
    assert_eq!(pointers_of(town, HEALTH), held.to_string());
    let id = ask(town, "health-service", &["--withdraw"]);
    town.run(OTHER, &["departures", "show", &id]).expect(REFUSED);
    approved_by_two(town, "health-service", &id);
    let done = reaches(town, "health-service", &id, "finished");
    assert_eq!(numbers(&done, "youth-health"), [held, 0, held, 0, 0]);
    let words = done["report"]["approvals"].as_array().unwrap();
    assert_eq!(
        (words.len(), &words[0]["actor"], &words[1]["actor"]),
        (2, &json!("a.director"), &json!("b.lawyer"))
    );
    assert_eq!(pointers_of(town, HEALTH), "0");
    let page = town.show("health-service", &["departures", "show", &id]);
    for part in ["asked for by a.director", "approved by b.lawyer", "withdrawn or lapsed", "youth-health"] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    // The switchboard's operator sees the same numbers.
    let operator = town.kept().join("switchboard/switchboard.toml");
    let direct = ["departures", "show", &id, "--direct", "--json", "--config", operator.to_str().unwrap()];
    assert_eq!(run(direct).expect(0).json()["report"], done["report"]);
    let all = run(["departures", "list", "--direct", "--json", "--config", operator.to_str().unwrap()])
        .expect(0)
        .json();
    assert_eq!(all["departures"].as_array().unwrap().len(), 1, "{all}");
    // The others are told once: that it left, and not who decided it or how much there was.
    assert_eq!(told(town, OTHER, &id), 1);
    let seen = show(town, OTHER, &id);
    assert_eq!(
        (&seen["status"], &seen["party"], &seen["report"]),
        (&json!("finished"), &json!(HEALTH), &Value::Null)
    );
    // What its own process does by itself brings nothing back.
    let ran = town.run("health-service", &["sync", "--full", "--reconcile"]).expect(NEGATIVE).json();
    assert!(ran["leftAt"].is_string(), "{ran}");
    let source = &ran["sources"][0];
    assert_eq!(
        (&source["existing"], &source["pending"], &source["reconciliation"]),
        (&json!(0), &json!(0), &Value::Null)
    );
    assert_eq!(pointers_of(town, HEALTH), "0");
    comes_back(town, &id, held);
}

fn comes_back(town: &Town, id: &str, held: u64) {
    assert_eq!(registered(town, "health-service"), 0, "its own status knows");
    assert!(town.show("health-service", &["status"]).contains("left the chain since"));
    town.run("health-service", &["sync", "status"]).expect(NEGATIVE);
    let looked = town.run("health-service", &["doctor"]);
    assert!(looked.stdout.contains("left the chain since"), "{looked:?}");
    departures(town, "health-service", "a.director", &["end", id]).expect(0);
    town.sync("health-service", &[]);
    assert_eq!(pointers_of(town, HEALTH), held.to_string());
    let status = town.run("health-service", &["status"]).expect(0).json();
    assert_eq!((&status["leftAt"], &status["outbox"]["parked"]), (&Value::Null, &Value::Null), "{status}");
}

fn hands_its_work_over(town: &mut Town) {
    let held = registered(town, "school");
    let id = ask(town, "school", &["--to", CARE]);
    approved_by_two(town, "school", &id);
    assert_eq!(show(town, "school", &id)["status"], "requested", "the successor did not consent");
    assert_eq!(told(town, "youth-care", &id), 1, "it is asked");
    assert_eq!(told(town, OTHER, &id), 0, "others are not told before it is decided");
    departures(town, "youth-care", "c.manager", &["approve", &id]).expect(0);
    assert_eq!(show(town, "school", &id)["status"], "running");

    // The successor took the school's files over, but for three pupils.
    let files = town.kept().join("partners/school/source/leerlingen.json");
    let mut pupils: Value = serde_json::from_slice(&fs::read(files).unwrap()).unwrap();
    let list = pupils["leerlingen"].as_array_mut().unwrap();
    list.truncate(list.len() - 3);
    let folder = town.kept().join("partners/youth-care/taken-over");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("leerlingen.json"), pupils.to_string()).unwrap();
    let theirs: toml::Table = toml::from_str(&fs::read_to_string(town.config("school")).unwrap()).unwrap();
    town.configure("youth-care", |config| {
        let mut source = theirs["sources"][0].clone();
        let settings = source.as_table_mut().unwrap();
        settings.insert("name".to_owned(), "taken-over".into());
        settings.insert("folder".to_owned(), "taken-over".into());
        config["sources"].as_array_mut().unwrap().push(source);
    });
    town.stop("youth-care");
    town.start("youth-care");
    town.sync("youth-care", &["--administrative"]);
    let part = until("the handing over", || {
        let seen = show(town, "school", &id);
        if numbers(&seen, "school-attendance")[3] == 3 { Ok(seen) } else { Err(seen.to_string()) }
    });
    assert_eq!(numbers(&part, "school-attendance"), [held, held - 3, 0, 3, 0]);
    let refused = departures(town, "youth-care", "c.manager", &["finish", &id]).expect(REFUSED);
    assert!(format!("{refused:?}").contains("The partner that leaves finishes its departure"), "{refused:?}");
    departures(town, "school", "a.director", &["finish", &id]).expect(0);
    // The successor checks the same numbers as who left.
    let done = reaches(town, "youth-care", &id, "finished");
    assert_eq!(numbers(&done, "school-attendance"), [held, held - 3, 3, 0, 0]);
    assert_eq!(done["report"], show(town, "school", &id)["report"]);
    assert_eq!(done["report"]["approvals"].as_array().unwrap().len(), 3);
    assert_eq!(told(town, OTHER, &id), 1);
    for person in ["999990342", "de Vries", "2011-03-04"] {
        assert!(!done.to_string().contains(person));
    }
}

fn vanishes_and_comes_back(town: &mut Town) {
    let held = registered(town, "municipality");
    town.stop("municipality");
    let own: toml::Table =
        toml::from_str(&fs::read_to_string(town.kept().join("agreement.toml")).unwrap()).unwrap();
    let kinds = own["partners"].as_array().unwrap();
    let oin = kinds.iter().find(|one| one["kind"].as_str() == Some("municipality")).unwrap()["oin"]
        .as_str()
        .unwrap();
    // No lease is shorter than an hour.
    town.sql(
        "switchboard/switchboard.toml",
        &format!("UPDATE leases SET valid_until = 1 WHERE holder = '{oin}'"),
    );
    let found = until("nobody noticed", || {
        let listed = town.run(OTHER, &["departures", "list"]).expect(0).json();
        let all = listed["departures"].as_array().unwrap();
        all.iter().find(|one| one["party"] == oin).cloned().ok_or_else(|| listed.to_string())
    });
    assert_eq!(
        (&found["kind"], &found["status"], &found["report"]),
        (&json!("vanished"), &json!("finished"), &Value::Null)
    );
    let id = found["id"].as_str().unwrap();
    assert_eq!((told(town, OTHER, id), told(town, "youth-care", id)), (1, 1));
    assert_eq!(pointers_of(town, oin), "0");
    assert!(town.show(OTHER, &["signals"]).contains("partner-departed"));

    town.start("municipality");
    let back = reaches(town, "municipality", id, "ended");
    let [were, _, lapsed, ..] = {
        let one = &back["report"]["categories"][0];
        ["held", "transferred", "withdrawn", "remaining"].map(|name| one[name].as_u64().unwrap())
    };
    assert_eq!((were, lapsed, &back["report"]["approvals"]), (held, held, &json!([])));
    assert_eq!(told(town, OTHER, id), 2, "once more when it is back");
    town.sync("municipality", &["--full", "--reconcile"]);
    until("everything is registered again", || {
        let now = pointers_of(town, oin);
        if now == held.to_string() { Ok(()) } else { Err(now) }
    });
}

//! Matches and relations as people of the partners use them, over real processes.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use kw_demo::people::{Holder, People};
use serde_json::Value;

use crate::town::{Town, until};

const CARE: &str = "00000099000000011000";
const REFUSED: i32 = 5;

fn actor(role: &'static str) -> [&'static str; 4] {
    ["--actor", "j.jansen", "--role", role]
}

/// The live matches of a partner, all pages.
fn matches(town: &Town, partner: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut arguments = vec!["matches", "list", "--limit", "3"];
        if let Some(cursor) = &cursor {
            arguments.extend(["--cursor", cursor]);
        }
        let page = town.run(partner, &arguments).expect(0).json();
        all.extend(page["matches"].as_array().unwrap().iter().cloned());
        match page["nextCursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return all,
        }
    }
}

/// A metric of the switchboard.
fn metric(town: &Town, name: &str) -> Option<f64> {
    let file = town.kept().join("switchboard/switchboard.toml");
    let config: toml::Table = toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let mut stream = TcpStream::connect(config["server"]["admin"].as_str().unwrap()).unwrap();
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

#[test]
fn holders_find_each_other_follow_it_up_and_a_registrar_says_who_belongs_together() {
    let people = People::make(40);
    let mut town = Town::new();
    town.start_centre();
    for partner in ["school", "youth-care", "municipality", "addiction-care"] {
        town.start(partner);
    }
    for partner in ["school", "youth-care", "municipality"] {
        town.sync(partner, &[]);
    }
    let own = matches(&town, "youth-care");
    let expected = people.known_to(Holder::YouthCare).filter(|person| person.holders.len() > 1).count();
    assert_eq!(own.len(), expected, "one for each person whom somebody else knows too");
    assert!(!town.show("youth-care", &["matches", "list"]).contains("no such match"));
    followed_up(&town, &own);
    counted(&town, &people, own.len());
    a_family(&town, &people);
}

fn followed_up(town: &Town, own: &[Value]) {
    let among = |one: &&Value| {
        let holders = one["holders"].as_array().unwrap();
        holders.len() == 2 && holders.iter().any(|holder| holder["holder"]["oin"] == "00000099000000012000")
    };
    let one = own.iter().find(among).unwrap_or_else(|| panic!("none is of two holders: {own:?}"));
    let id = one["id"].as_str().unwrap();
    let seen = town.run("youth-care", &["matches", "show", id]).expect(0).json();
    assert_eq!(seen["ownRecords"].as_array().unwrap().len(), 1, "{seen}");
    let of_care =
        seen["holders"].as_array().unwrap().iter().find(|one| one["holder"]["oin"] == CARE).unwrap();
    assert_eq!(seen["ownRecords"][0]["pointer"], of_care["ownPointers"][0]);
    // The coordinator sees who, and nobody's pointer; who has no part in it sees nothing.
    let overview = town.run("municipality", &["matches", "show", id]).expect(0).json();
    assert!(!overview.to_string().contains("ownPointers") && overview["ownRecords"].is_null(), "{overview}");
    town.run("addiction-care", &["matches", "show", id]).expect(REFUSED);
    assert!(matches(town, "addiction-care").iter().all(|one| one["id"] != id));

    let word = |partner: &str, what: &str, role: &'static str| {
        let arguments: Vec<&str> = ["matches", what].into_iter().chain(actor(role)).chain([id]).collect();
        town.run(partner, &arguments)
    };
    word("municipality", "coordinated", "municipal-consultant").expect(REFUSED);
    let contact = word("youth-care", "contact", "youth-care-worker").expect(0).json();
    assert_eq!(contact["state"], "in-contact");
    word("addiction-care", "contact", "addiction-counsellor").expect(REFUSED);
    let done = word("municipality", "coordinated", "municipal-consultant").expect(0).json();
    assert_eq!(done["state"], "coordinated");
    let at_school = town.run("school", &["matches", "list", "--state", "coordinated"]).expect(0).json();
    assert_eq!(at_school["matches"][0]["id"], id);
    assert!(town.show("school", &["matches", "show", id]).contains("coordinated"));
}

fn counted(town: &Town, people: &People, at_care: usize) {
    let figures = town.run("municipality", &["matches", "figures"]).expect(0).json();
    let of = |category: &str| -> u64 {
        let all = figures["figures"].as_array().unwrap().iter();
        all.filter(|one| one["category"] == category).filter_map(|one| one["count"].as_u64()).sum()
    };
    // The one that is coordinated is fewer than five, and not told.
    assert_eq!(of("youth-care-plan"), at_care as u64 - 1, "{figures}");
    town.run("school", &["matches", "figures"]).expect(REFUSED);
    let everybody = people.all.iter().chain(people.family.all());
    let all = everybody.filter(|person| person.holders.len() > 1).count() as f64;
    until("the metrics", || {
        let coordinated = metric(town, "ketenwijzer_matches{state=\"coordinated\"}");
        let arisen = metric(town, "ketenwijzer_matches_arisen_this_month");
        let overdue = metric(town, "ketenwijzer_matches_overdue");
        let seen = (coordinated, arisen, overdue);
        if seen == (Some(1.0), Some(all), Some(0.0)) { Ok(()) } else { Err(format!("{seen:?} of {all}")) }
    });
}

/// Two of whom one is known to youth care and the other to the school, and neither to both.
fn a_family(town: &Town, people: &People) {
    let only = |here: Holder, not: Holder| {
        people.known_to(here).find(|person| !person.holders.contains(&not)).unwrap()
    };
    let (one, other) = (only(Holder::YouthCare, Holder::School), only(Holder::School, Holder::YouthCare));
    let declare = |partner: &str, role: &'static str, input: &str| {
        let arguments: Vec<&str> =
            ["relations", "declare", "--kind", "household"].into_iter().chain(actor(role)).collect();
        town.run_with_input(partner, &arguments, input)
    };
    let both = format!("{}\n{}\n", one.bsn.expose(), other.bsn.expose());
    declare("school", "care-coordinator", &both).expect(REFUSED);
    let declared = declare("municipality", "municipal-consultant", &both).expect(0);
    assert!(!format!("{declared:?}").contains(one.bsn.expose()));
    let family = |partner: &str| {
        matches(town, partner).into_iter().filter(|one| one["kind"] == "family").collect::<Vec<_>>()
    };
    let arisen = until("the family match", || family("youth-care").pop().ok_or_else(String::new));
    assert_eq!(family("school").pop().map(|one| one["id"].clone()), Some(arisen["id"].clone()));
    assert_eq!(family("addiction-care"), [Value::Null; 0]);
    let id = declared.json()["id"].as_str().unwrap().to_owned();
    let end: Vec<&str> = ["relations", "end", &id].into_iter().chain(actor("municipal-consultant")).collect();
    let ended = town.run("municipality", &end).expect(0).json();
    assert!(ended["endedAt"].is_string());
    assert_eq!(family("youth-care"), [Value::Null; 0]);
    let lapsed = town.run("youth-care", &["matches", "list", "--state", "lapsed"]).expect(0).json();
    assert_eq!(lapsed["matches"][0]["id"], arisen["id"]);
}

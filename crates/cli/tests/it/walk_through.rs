//! `demo --story representation`: the walk-through of examples/representation, run as it is written there.

use crate::program::run;

const README: &str = include_str!("../../../../examples/representation/README.md");

#[test]
fn the_walk_through_runs_as_it_is_written() {
    let commands: Vec<&str> = README.lines().filter_map(|line| line.strip_prefix("ketenwijzer ")).collect();
    assert_eq!(commands, ["demo --story representation --once", "demo --story representation --once --json"]);
    let report = run(commands[1].split(' ')).expect(0).json();
    let numbers = |scenario: u64| -> Vec<String> {
        let steps = report["steps"].as_array().unwrap();
        let of = steps.iter().filter(|step| step["scenario"] == scenario);
        of.map(|step| step["number"].as_str().unwrap().to_owned()).collect()
    };
    let until = |last: u32| (1..=last).map(|number| number.to_string()).collect::<Vec<_>>();
    let mut first = until(14);
    first.push("14.1".to_owned());
    assert_eq!(numbers(1), first);
    assert_eq!(numbers(2), until(13));
    for list in ["steps", "refusals"] {
        for one in report[list].as_array().unwrap() {
            assert_eq!(one["held"], true, "{one}");
        }
    }
    for tried in ["birth date", "twin", "same session", "consent", "withdrawn", "somebody else"] {
        let refusals = report["refusals"].as_array().unwrap();
        assert!(refusals.iter().any(|one| one["tried"].as_str().unwrap().contains(tried)), "{tried}");
    }
    assert_eq!(report["documents"], serde_json::json!({ "stored": 2, "inAWrongDossier": 0 }));
    assert_eq!(report["foundInPersonalEnvironment"], 0);
    // What the page shows is what was seen.
    for step in report["steps"].as_array().unwrap() {
        let row = format!("| {} | {} |", step["number"].as_str().unwrap(), step["what"].as_str().unwrap());
        assert!(README.contains(&row), "{row}");
    }
}

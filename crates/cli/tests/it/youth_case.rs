//! The story of docs/youth-case.md, over real processes.

use crate::audit_records::{audit_databases, kinds, soon};
use crate::program::run;

#[test]
fn the_youth_case_goes_as_its_page_says() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let story = ["demo", "--story", "youth-case", "--once", "--json", "--dir", kept.to_str().unwrap()];
    let report = run(story).expect(0).json();
    let steps = report["steps"].as_array().unwrap();
    for step in steps {
        assert_eq!(step["held"], true, "{step}");
    }
    assert_eq!(report["foundAtCentralServices"], 0);
    let page = include_str!("../../../../docs/youth-case.md");
    let described = page
        .lines()
        .filter(|line| line.split_once(". ").is_some_and(|(number, _)| number.parse::<usize>().is_ok()));
    assert_eq!(described.count(), steps.len());

    // All that was asked, pulled and reported is in the logs of everybody who had a part in it, and nothing else.
    let partners = ["youth-care", "school", "municipality", "health-service"];
    let partners = partners.map(|name| kept.join(format!("partners/{name}/partner.toml")));
    let logs: Vec<_> = [kept.join("switchboard/switchboard.toml")].into_iter().chain(partners).collect();
    let compared = audit_databases(&["reconcile", "--json", "--until", &soon()], &logs).expect(0);
    assert_eq!(
        kinds(&compared),
        ["grant-not-used"; 3],
        "in step 6 it is only asked who holds what: {compared:?}"
    );
    assert_eq!(compared.json()["reconciliation"]["unchecked"], 0, "{compared:?}");
}

//! The story of docs/youth-case.md, over real processes.

use crate::program::run;

#[test]
fn the_youth_case_goes_as_its_page_says() {
    let report = run(["demo", "--story", "youth-case", "--once", "--json"]).expect(0).json();
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
}

//! The rules' own tests, in Rego.

use regorus::{Engine, Value};

const BASE: [(&str, &str); 2] = [
    ("decision.rego", include_str!("../../policy/decision.rego")),
    ("disclosure.rego", include_str!("../../policy/disclosure.rego")),
];

const TESTS: [(&str, &str); 2] = [
    ("decision_test", include_str!("../../policy/decision_test.rego")),
    ("disclosure_test", include_str!("../../policy/disclosure_test.rego")),
];

#[test]
fn the_rules_pass_their_own_tests() {
    let mut engine = Engine::new();
    for (file, rego) in BASE.into_iter().chain(TESTS) {
        engine.add_policy(file.to_owned(), rego.to_owned()).unwrap_or_else(|error| panic!("{error}"));
    }
    let mut passed = 0;
    for (package, rego) in TESTS {
        for name in rego.lines().filter_map(|line| line.strip_prefix("test_")?.strip_suffix(" if {")) {
            let rule = format!("data.ketenwijzer.{package}.test_{name}");
            let outcome = engine.eval_rule(rule.clone()).unwrap_or_else(|error| panic!("{rule}: {error}"));
            assert_eq!(outcome, Value::Bool(true), "{rule}");
            passed += 1;
        }
    }
    assert_eq!(passed, 33);
}

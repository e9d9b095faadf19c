//! Mistakes in `[chain]`, `[switchboard]`, `[pseudonymiser]` and `[budgets]`.

use kw_agreement::draft::{AgreementDraft, BudgetDraft, KeyDraft};
use kw_domain::{Epoch, KeyUse};

use super::{assert_each_is_found_alone, errors, mistake};
use crate::youth;

#[test]
fn about_the_chain() {
    assert_each_is_found_alone(vec![
        mistake("format = 1", "format = 2", "format", "out of bounds"),
        mistake("format = 1", "format = \"1\"", "format", "expected a whole number, found a text"),
        mistake("name = \"youth-demostad\"", "name = \"Youth\"", "chain.name", "a chain name has 1 to 64"),
        mistake("version = \"2026.1\"\n", "", "chain.version", "missing").at("[chain]"),
        mistake("version = \"2026.1\"", "version = \"\"", "chain.version", "one line"),
        mistake(
            "environment = \"test\"",
            "environment = \"live\"",
            "chain.environment",
            "none of the possible",
        ),
        mistake(
            "languages = [\"nl\", \"en\"]",
            "languages = [\"nl\", \"fr\"]",
            "chain.languages[1]",
            "none of",
        ),
        mistake(
            "languages = [\"nl\", \"en\"]",
            "languages = [\"nl\", \"nl\"]",
            "chain.languages[1]",
            "twice",
        ),
        mistake("languages = [\"nl\", \"en\"]", "languages = []", "chain.languages", "at least one"),
        mistake("lease_term = \"P30D\"", "lease_term = \"P1M\"", "chain.lease_term", "a length of time"),
        mistake("lease_term = \"P30D\"", "lease_term = \"PT1M\"", "chain.lease_term", "one hour to 366 days"),
        mistake("lease_term = \"P30D\"", "lease_term = 30", "chain.lease_term", "found a whole number"),
        mistake(", en = \"Youth chain Demostad\"", "", "chain.title.en", "missing"),
        mistake("format = 1", "format = 1\ncolour = 2", "colour", "no such field").at("colour"),
    ]);
}

#[test]
fn a_misspelt_field_is_named_with_its_likely_meaning() {
    let text = super::change(youth::TEXT, "lease_term", "lease_tern");
    let found = errors(&text);
    let paths: Vec<_> = found.iter().map(|error| error.path.as_str()).collect();
    assert_eq!(paths, ["chain.lease_term", "chain.lease_tern"]);
    assert_eq!(found[1].next_step, "did you mean lease_term?");
}

#[test]
fn about_the_services() {
    let endpoint = "endpoint = \"https://switchboard.demoregio.example:8443\"";
    let not_https = "https address";
    assert_each_is_found_alone(vec![
        mistake(
            "oin = \"00000099000000002000\"",
            "oin = \"00000099000000001000\"",
            "pseudonymiser.oin",
            "the switchboard has this OIN",
        ),
        mistake(
            "oin = \"00000099000000001000\"",
            "oin = \"00000099000000011000\"",
            "partners[0].oin",
            "operator of the switchboard",
        )
        .at("oin = \"00000099000000011000\""),
        mistake("oin = \"00000099000000001000\"", "oin = \"1\"", "switchboard.oin", "exactly 20 positions"),
        mistake(endpoint, "endpoint = \"http://switchboard.example\"", "switchboard.endpoint", not_https),
        mistake(endpoint, "endpoint = \"https://switchboard.example/\"", "switchboard.endpoint", not_https),
        mistake(
            endpoint,
            "endpoint = \"https://a:b@switchboard.example\"",
            "switchboard.endpoint",
            not_https,
        ),
        mistake(endpoint, "endpoint = \"https://switchboard.example?a\"", "switchboard.endpoint", not_https),
        mistake(endpoint, "endpoint = \"https://switchboard.example#a\"", "switchboard.endpoint", not_https),
        mistake(endpoint, "endpoint = \"https:///host\"", "switchboard.endpoint", not_https),
        mistake(endpoint, "endpoint = 'https://a\\b'", "switchboard.endpoint", not_https),
        mistake(endpoint, "endpoint = \"https://\"", "switchboard.endpoint", not_https),
        mistake(endpoint, "endpoint = \"switchboard\"", "switchboard.endpoint", not_https),
        mistake(
            "\"pseudonymiser.demoland.example/youth-demostad\"",
            "\"a log\"",
            "pseudonymiser.log_origin",
            "no plus sign",
        ),
        mistake(
            "\"pseudonymiser.demoland.example/youth-demostad\"",
            "\"switchboard.demoregio.example/youth-demostad\"",
            "pseudonymiser.log_origin",
            "the log of line 19 has this origin already",
        ),
    ]);
}

#[test]
fn about_keys() {
    let index = "\"4vKuCmq8TnGohKlhxQBRX1jjC2qlgt2NtqZZReCNLXY\"";
    let form = "32 bytes in unpadded base64url";
    assert_each_is_found_alone(vec![
        mistake("use = \"index\"", "use = \"blinding\"", "pseudonymiser.keys[0].use", "none of the possible")
            .at("blinding"),
        mistake(index, "\"4vKu\"", "pseudonymiser.keys[0].public_key", form),
        mistake(
            index,
            "\"4vKuCmq8TnGohKlhxQBRX1jjC2qlgt2NtqZZReCNLXY=\"",
            "pseudonymiser.keys[0].public_key",
            form,
        ),
        mistake(
            index,
            "\"4vKuCmq8TnGohKlhxQBRX1jjC2qlgt2NtqZZReCNLXYAAA\"",
            "pseudonymiser.keys[0].public_key",
            form,
        ),
        mistake(
            "\"akkyEPdJnNF_7LUQrgzqI6EQ6NW5AfisrdMJXHOjuRk\"",
            index,
            "pseudonymiser.keys[1]",
            "this is the key of line 33",
        )
        .at("[[pseudonymiser.keys]]"),
    ]);
}

/// The youth chain with these keys (use, epoch, byte that fills the key).
fn with_keys(keys: &[(KeyUse, u32, u8)]) -> Vec<String> {
    let mut draft = AgreementDraft::parse(youth::TEXT).unwrap();
    draft.pseudonymiser.keys = keys
        .iter()
        .map(|(key_use, epoch, byte)| KeyDraft::new(*key_use, Epoch(*epoch), &[*byte; 32]))
        .collect();
    errors(&draft.to_toml().unwrap())
        .into_iter()
        .map(|error| format!("{}: {}", error.path, error.reason))
        .collect()
}

#[test]
fn each_use_has_one_key_for_every_live_epoch() {
    use KeyUse::{Binding, Index};
    assert!(with_keys(&[(Index, 4, 1), (Index, 3, 2), (Binding, 9, 3)]).is_empty());
    let found = with_keys(&[(Index, 1, 1)]);
    assert_eq!(found, ["pseudonymiser.keys: there is no key for binding"]);
    let found = with_keys(&[]);
    assert_eq!(found.len(), 2);
    let found = with_keys(&[(Index, 1, 1), (Index, 3, 2), (Binding, 1, 3)]);
    assert_eq!(found, ["pseudonymiser.keys: an epoch is missing among the keys for index"]);
    let found = with_keys(&[(Index, 1, 1), (Index, 1, 2), (Binding, 1, 3)]);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("pseudonymiser.keys[1]: line "), "{found:?}");
    let found = with_keys(&[(Index, 0, 1), (Binding, 1, 3)]);
    assert!(found.contains(&"pseudonymiser.keys[0].epoch: this number is out of bounds".to_owned()));
}

#[test]
fn a_budget_is_above_zero_bounded_and_grows_with_time() {
    let with = |burst, hour, day| {
        let mut draft = AgreementDraft::parse(youth::TEXT).unwrap();
        draft.budgets.query = Some(BudgetDraft { burst, hour, day });
        errors(&draft.to_toml().unwrap()).into_iter().map(|error| error.path).collect::<Vec<_>>()
    };
    assert!(with(1, 1, 1).is_empty());
    assert_eq!(with(0, 1, 1), ["budgets.query.burst"]);
    assert_eq!(with(1, 1, 50_000_001), ["budgets.query.day"]);
    assert_eq!(with(2, 1, 3), ["budgets.query"]);
    assert_eq!(with(1, 4, 3), ["budgets.query"]);
}

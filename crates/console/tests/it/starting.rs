//! What a console begins with.

use std::fs;

use kw_agreement::draft::{AgreementDraft, OperatorDraft, key_text};
use kw_agreement::operator_public_key;
use kw_console::{ConsoleConfig, prepare};
use kw_runtime::{Http, Metrics};
use kw_testbed::free_port;

use crate::certificates::agreement;

/// The agreement with this provider, of which two operators approve every wider one.
fn approved_by_two(issuer: &str) -> String {
    let mut draft = AgreementDraft::parse(&agreement(issuer)).unwrap();
    let operator = |seed: u8| OperatorDraft {
        name: format!("operator-{seed}"),
        key: key_text(&operator_public_key(&[seed; 32]).unwrap()),
    };
    draft.operators = [1, 2].map(operator).to_vec();
    draft.to_toml().unwrap()
}

#[tokio::test]
async fn a_wider_agreement_that_nobody_approved_stays_out_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let port = free_port().unwrap();
    let config = format!(
        "agreement = 'agreement.toml'\n[server]\nlisten = '127.0.0.1:{port}'\n\
         [web]\naddress = 'http://127.0.0.1:{port}'\nmemory = 'memory'\n"
    );
    fs::write(at("console.toml"), config).unwrap();
    let start =
        || prepare(ConsoleConfig::load(&at("console.toml")).unwrap(), Http::new(Metrics::new())).map(drop);
    fs::write(at("agreement.toml"), approved_by_two("https://provider.example")).unwrap();
    start().unwrap();
    // Another provider decides who is an auditor: one operator alone may not say so.
    fs::write(at("agreement.toml"), approved_by_two("https://evil.example")).unwrap();
    start().unwrap();
    let in_force = fs::read_to_string(at("memory/agreement-in-force.json")).unwrap();
    assert!(in_force.contains("provider.example") && !in_force.contains("evil.example"));

    // Without a place to remember it does not begin.
    fs::remove_dir_all(at("memory")).unwrap();
    fs::write(at("memory"), "in the way").unwrap();
    let refused = start().unwrap_err().to_string();
    assert!(refused.contains("memory"), "{refused}");
}

//! What a switchboard does not start without.

use std::fs;

use kw_agreement::draft::key_text;
use kw_testbed::{RunningChain, StartError};

use crate::child::chain;

fn refusal(chain: &mut RunningChain) -> String {
    let error = chain.start_switchboard().unwrap_err();
    error.downcast_ref::<StartError>().unwrap_or_else(|| panic!("{error:#}")).said.clone()
}

fn with_config(chain: &RunningChain, from: &str, to: &str) {
    let config = fs::read_to_string(chain.config_file()).unwrap();
    assert!(config.contains(from), "{config}");
    fs::write(chain.config_file(), config.replace(from, to)).unwrap();
}

#[test]
fn it_does_not_start_without_a_single_kind_of_key() {
    for kind in
        ["switchboard-index-1", "switchboard-tag-1", "switchboard-row-1", "grant-1", "log-1", "witness-1"]
    {
        let mut chain = chain().prepare().unwrap();
        fs::remove_file(chain.keys_folder().join(format!("{kind}.key"))).unwrap();
        let said = refusal(&mut chain);
        let name = kind.trim_end_matches("-1");
        assert!(said.contains(&format!("there is no {name} key")), "{said}");
    }
}

#[test]
fn it_does_not_start_with_a_log_key_that_the_agreement_does_not_have() {
    let mut chain = chain().prepare().unwrap();
    let key = chain.draft().switchboard.log_key;
    chain.change_agreement(|draft| draft.switchboard.log_key = key_text(&[7; 32])).unwrap();
    let said = refusal(&mut chain);
    assert!(said.contains("no log key") && said.contains("is the one that the agreement has"), "{said}");
    chain.change_agreement(|draft| draft.switchboard.log_key = key).unwrap();
    chain.start_switchboard().unwrap();
}

#[test]
fn it_does_not_start_with_a_key_that_others_can_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut chain = chain().prepare().unwrap();
    let key = chain.keys_folder().join("switchboard-tag-1.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let said = refusal(&mut chain);
    assert!(said.contains("switchboard-tag-1.key"), "{said}");
}

#[test]
fn it_does_not_start_without_revocation_lists() {
    let mut chain = chain().prepare().unwrap();
    with_config(&chain, "revocation_lists = [\"pki/crl.pem\"]", "revocation_lists = []");
    let said = refusal(&mut chain);
    assert!(said.contains("certificate and trust cannot be used"), "{said}");
}

#[test]
fn it_does_not_start_with_the_certificate_of_another() {
    let mut chain = chain().partner("school").prepare().unwrap();
    with_config(&chain, "pki/switchboard.", "pki/school.");
    let said = refusal(&mut chain);
    assert!(said.contains("give the switchboard its own certificate"), "{said}");
}

#[test]
fn it_does_not_start_on_the_database_of_another_log() {
    let mut chain = chain().start().unwrap();
    chain.stop_switchboard().unwrap();
    chain.change_agreement(|draft| draft.switchboard.log_origin = "other.example/log".to_owned()).unwrap();
    let said = refusal(&mut chain);
    assert!(said.contains("point it at its own database"), "{said}");
}

#[test]
fn it_does_not_start_with_an_agreement_that_is_none_or_a_setting_that_nobody_knows() {
    let mut chain = chain().prepare().unwrap();
    with_config(&chain, "[keys]", "[keys]\ncolour = \"blue\"");
    let said = refusal(&mut chain);
    assert!(said.contains("not known here"), "{said}");
    with_config(&chain, "colour = \"blue\"", "");
    let agreement = chain.folder().join("agreement.toml");
    let text = fs::read_to_string(&agreement).unwrap();
    fs::write(&agreement, text.replace("P30D", "a while")).unwrap();
    let said = refusal(&mut chain);
    assert!(said.contains("lease_term"), "{said}");
    fs::write(&agreement, text).unwrap();
    chain.start_switchboard().unwrap();
}

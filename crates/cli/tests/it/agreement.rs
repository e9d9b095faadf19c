//! `agreement check`.

use std::fs;

use crate::program::run;

#[test]
fn a_sound_agreement_is_described() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/chains/youth.toml");
    let checked = run(["agreement", "check", file, "--json"]).expect(0).json();
    assert_eq!((&checked["valid"], &checked["chain"]), (&true.into(), &"youth-demostad".into()));
    assert_eq!(checked["hash"].as_str().unwrap().len(), 64);
}

#[test]
fn logs_witnesses_and_quorum_are_shown() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/chains/care.toml");
    let checked = run(["agreement", "check", file, "--json"]).expect(0).json();
    let logs = checked["logs"].as_array().unwrap();
    assert_eq!(logs.len(), 6);
    assert_eq!(logs[0]["origin"], "switchboard.zorg-demoregio.example/care-demoregio");
    assert_eq!(logs[0]["witnesses"].as_array().unwrap().len(), 2);
    assert_eq!(logs[0]["witnesses"][0]["name"], "care-demoregio/witness/00000099000000111000");
    assert_eq!((&logs[0]["quorum"], &logs[1]["quorum"]), (&2.into(), &1.into()));
    assert_eq!((&checked["witnessQuorum"], &checked["logAccess"]), (&2.into(), &"anyone".into()));
    let readable = run(["agreement", "check", file]).expect(0).stdout;
    for text in ["care-demoregio/partner/00000099000000114000", "anyone may read", "Toezicht Zorg Demoregio"]
    {
        assert!(readable.contains(text), "{text}\n{readable}");
    }
}

#[test]
fn every_mistake_is_named_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("agreement.toml");
    let text = include_str!("../../../../examples/chains/youth.toml")
        .replace("environment = \"test\"", "environment = \"tset\"")
        .replace("lease_term = \"P30D\"", "lease_term = \"30 days\"");
    fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    let checked = run(["agreement", "check", file, "--json"]).expect(1).json();
    assert_eq!(checked["valid"], false);
    let errors = checked["errors"].as_array().unwrap();
    let places: Vec<_> = errors.iter().map(|error| error["path"].as_str().unwrap()).collect();
    assert!(places.contains(&"chain.environment") && places.contains(&"chain.lease_term"), "{places:?}");
    let readable = run(["agreement", "check", file]).expect(1).stdout;
    assert!(readable.contains(&format!("{file}:10:")), "{readable}");
}

#[test]
fn a_file_that_is_not_there_is_a_matter_of_configuration() {
    assert!(run(["agreement", "check", "/nowhere/agreement.toml"]).expect(3).stderr.contains("/nowhere"));
}

//! Bad input: the exit code says what kind, the message what to do, and neither repeats a number.

use std::fs;

use serde_json::Value;

use crate::program::{run, run_with_input};

#[test]
fn a_command_line_that_is_wrong_ends_with_2() {
    for line in [
        "",
        "dmeo",
        "demo --people 3",
        "demo --bsn 999990342",
        "query --config p.toml",
        "query --config p.toml --bsn 1 --subject nl.bsn:1 --purpose a --role b --actor c --case d",
        "query --config p.toml --bsn - --purpose a --role b --actor c --case d --basis motivated",
        "keys init switchboard --directory /tmp/x",
        "keys rotate",
        "withdraw --config p.toml --everything --reason deceased",
    ] {
        run(line.split_whitespace()).expect(2);
    }
}

#[test]
fn a_wrong_number_ends_with_2_and_is_not_repeated() {
    let asked = [
        "query",
        "--config",
        "p.toml",
        "--purpose",
        "a",
        "--role",
        "b",
        "--actor",
        "c",
        "--case",
        "d",
        "--bsn",
    ];
    let on_the_line = run(asked.into_iter().chain(["999990343"])).expect(2);
    let on_standard_input = run_with_input(asked.into_iter().chain(["-"]), "999990343").expect(2);
    for ran in [on_the_line, on_standard_input] {
        assert!(ran.stderr.contains("11-proef") && !ran.stderr.contains("999990343"), "{ran:?}");
        assert!(ran.stdout.is_empty());
    }
}

#[test]
fn a_configuration_that_cannot_be_used_ends_with_3_and_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("partner.toml");
    fs::write(&file, "agreement = 'a.toml'\nlisten = 1\n").unwrap();
    let file = file.to_str().unwrap();
    for service in ["switchboard", "pseudonymiser", "partner"] {
        let ran = run([service, "serve", "--config", file]).expect(3);
        assert!(ran.stderr.contains(&format!("{file}:2:1")) && ran.stderr.contains("next:"), "{ran:?}");
    }
    for command in ["status", "sync", "doctor"] {
        run([command, "--config", file]).expect(3);
    }
    run(["switchboard", "serve", "--config", "/nowhere/switchboard.toml"]).expect(3);
}

#[test]
fn a_failure_is_json_where_json_was_asked_for() {
    let ran = run(["status", "--config", "/nowhere/partner.toml", "--json"]).expect(3);
    let error: Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(error["error"]["kind"], "configuration");
    assert!(error["error"]["what"].as_str().unwrap().contains("/nowhere/partner.toml"));
}

#[test]
fn a_database_server_that_is_not_there_ends_with_4() {
    run(["demo", "--once", "--database", "postgres://kw@127.0.0.1:1/postgres"]).expect(4);
}

#[test]
fn help_and_version_go_to_standard_output() {
    assert!(run(["--help"]).expect(0).stdout.contains("demo"));
    assert!(run(["--version"]).expect(0).stdout.starts_with("ketenwijzer "));
}

//! `pki` and `keys init`.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::program::run;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn an_authority_issues_and_revokes() {
    let folder = tempfile::tempdir().unwrap();
    let pki = folder.path().join("pki");
    let pki = pki.to_str().unwrap();
    run(["pki", "init", "--directory", pki, "--chain", "youth"]).expect(0);
    let issue = |name: &str, oin: &str| {
        run([
            "pki",
            "issue",
            "--directory",
            pki,
            "--name",
            name,
            "--oin",
            oin,
            "--host",
            "localhost",
            "--json",
        ])
    };
    let made = issue("school", "00000099000000012000").expect(0).json();
    assert_eq!(mode(Path::new(made["key"].as_str().unwrap())), 0o600);
    assert!(fs::read_to_string(made["certificate"].as_str().unwrap()).unwrap().contains("BEGIN CERTIFICATE"));
    issue("school", "00000099000000012000").expect(3);
    issue("School", "00000099000000012000").expect(2);
    issue("other", "0000009900000001200").expect(2);
    let revoked = run(["pki", "revoke", "--directory", pki, "--name", "school", "--json"]).expect(0).json();
    assert_eq!(revoked["revoked"], 1);
    run(["pki", "revoke", "--directory", pki, "--name", "nobody"]).expect(2);
    run(["pki", "init", "--directory", pki, "--chain", "youth"]).expect(3);
}

#[test]
fn first_keys_are_made_once_for_each_service() {
    let folder = tempfile::tempdir().unwrap();
    for (service, files) in [("switchboard", 6), ("pseudonymiser", 3), ("partner", 3)] {
        let keys = folder.path().join(service);
        let arguments =
            ["keys", "init", service, "--directory", keys.to_str().unwrap(), "--chain", "youth", "--json"];
        let made = run(arguments).expect(0).json();
        let made: Vec<_> =
            made["files"].as_array().unwrap().iter().map(|file| file.as_str().unwrap()).collect();
        assert_eq!(made.len(), files, "{service}");
        for file in made {
            assert_eq!(mode(Path::new(file)), 0o600, "{file}");
        }
        assert_eq!(mode(&keys), 0o700);
        run(arguments).expect(3);
    }
}

#[test]
fn an_installation_from_before_logs_were_signed_gets_what_it_lacks_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    for (service, lacks) in [
        ("switchboard", &["log-1.key", "witness-1.key"][..]),
        ("pseudonymiser", &["log-1.key"]),
        ("partner", &["log-1.key", "witness-1.key"]),
    ] {
        let keys = folder.path().join(service);
        let path = keys.to_str().unwrap();
        let init = ["keys", "init", service, "--directory", path, "--chain", "youth", "--json", "--missing"];
        // An empty folder lacks everything.
        run(init).expect(0);
        for name in lacks {
            fs::remove_file(keys.join(name)).unwrap();
        }
        let contents = || -> BTreeMap<_, _> {
            let entries = fs::read_dir(&keys).unwrap().map(|entry| entry.unwrap().path());
            entries.map(|path| (path.clone(), fs::read(&path).unwrap())).collect()
        };
        let before = contents();
        let made = run(init).expect(0).json();
        let paths: Vec<_> = lacks.iter().map(|name| keys.join(name).to_str().unwrap().to_owned()).collect();
        assert_eq!(made["files"], serde_json::json!(paths), "{service}");
        assert!(before.iter().all(|(path, bytes)| contents().get(path) == Some(bytes)), "{service}");
        let again = run(init).expect(0).json();
        assert_eq!(again["files"], serde_json::json!([]), "{service}");
        assert_eq!((&again["logKey"], &again["witnessKey"]), (&made["logKey"], &made["witnessKey"]));
        assert_eq!(made["logKey"].as_str().map(str::len), Some(43));
        assert_eq!(made["witnessKey"].is_string(), lacks.len() == 2, "{service}");
    }
}

#[test]
fn the_public_keys_are_printed_as_the_agreement_has_them_and_no_secret_is() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    let agreement = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/chains/youth.toml");
    let ran = run([
        "keys",
        "init",
        "pseudonymiser",
        "--directory",
        keys.to_str().unwrap(),
        "--agreement",
        agreement,
    ])
    .expect(0);
    assert_eq!(ran.stdout.matches("[[pseudonymiser.keys]]").count(), 2);
    assert!(
        ran.stdout.contains("in [pseudonymiser]:\n\nlog_key = \"") && !ran.stdout.contains("witness_key")
    );
    for entry in fs::read_dir(&keys).unwrap() {
        let line = fs::read_to_string(entry.unwrap().path()).unwrap();
        let secret = line.split_whitespace().nth(4).unwrap();
        assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret));
    }
}

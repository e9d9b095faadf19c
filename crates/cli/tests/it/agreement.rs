//! `agreement`: checked, compared, approved and applied.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kw_agreement::Agreement;
use kw_agreement::draft::{AgreementDraft, OperatorDraft};
use kw_testbed::{Chain, Program, RunningChain};
use serde_json::Value;

use crate::program::{Ran, run};

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
    assert_eq!(logs.len(), 9);
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

const OPERATORS: [&str; 2] = ["jansen", "de-vries"];

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

/// Keys for two operators: their entries for the agreement.
fn operators(folder: &Path) -> Vec<OperatorDraft> {
    let entry = |name: &str| {
        let made = run(["keys", "operator", &path(folder, name), "--json"]).expect(0).json();
        OperatorDraft { name: name.to_owned(), key: made["publicKey"].as_str().unwrap().to_owned() }
    };
    OPERATORS.map(entry).to_vec()
}

fn wider(draft: &mut AgreementDraft) {
    let purpose = draft.purposes.get_mut("enforce-attendance").unwrap();
    purpose.roles.get_mut("attendance-officer").unwrap().push("youth-health".to_owned());
}

fn approve(folder: &Path, new: &str, current: &str, name: &str) -> Ran {
    let key = path(folder, name);
    run(["agreement", "approve", new, "--as", name, "--key", &key, "--current", current, "--json"])
}

#[test]
fn the_schema_for_editors_is_printed() {
    let schema = run(["agreement", "schema", "--json"]).expect(0).json();
    assert!(schema["properties"]["representation"].is_object());
    let readable = run(["agreement", "schema"]).expect(0).stdout;
    assert_eq!(serde_json::from_str::<Value>(&readable).unwrap(), schema);
}

#[test]
fn a_difference_is_told_in_sentences() {
    let folder = tempfile::tempdir().unwrap();
    let old = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/chains/youth.toml");
    let mut draft = AgreementDraft::parse(&fs::read_to_string(old).unwrap()).unwrap();
    wider(&mut draft);
    draft.chain.version = "2026.2".to_owned();
    draft.partners[1].suspended = true;
    let new = path(folder.path(), "new.toml");
    fs::write(&new, draft.to_toml().unwrap()).unwrap();
    let told = run(["agreement", "diff", old, &new]).expect(0).stdout;
    for sentence in [
        "  + A attendance-officer may see youth-health for enforce-attendance.",
        "  - Scholengroep De Linde (00000099000000012000) is suspended.",
        "  = The chain's version: 2026.2 instead of 2026.1.",
    ] {
        assert!(told.contains(sentence), "{told}");
    }
    let report = run(["agreement", "diff", old, &new, "--json"]).expect(0).json();
    assert_eq!((&report["widens"], &report["changes"][0]["direction"]), (&true.into(), &"widening".into()));
    assert_eq!(run(["agreement", "diff", old, old, "--json"]).expect(0).json()["widens"], false);
}

#[test]
fn nothing_is_applied_by_mistake_and_an_operator_signs_with_the_own_key() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let youth = include_str!("../../../../examples/chains/youth.toml");
    let mut draft = AgreementDraft::parse(youth).unwrap();
    draft.operators = operators(folder);
    let (current, new) = (path(folder, "agreement.toml"), path(folder, "new.toml"));
    fs::write(&new, draft.to_toml().unwrap()).unwrap();
    // The first one takes its place.
    run(["agreement", "apply", &new, "--to", &current]).expect(0);
    assert!(!Path::new(&current).exists());
    run(["agreement", "apply", &new, "--to", &current, "--yes"]).expect(0);
    let first = fs::read_to_string(&current).unwrap();
    wider(&mut draft);
    fs::write(&new, draft.to_toml().unwrap()).unwrap();
    assert_eq!(run(["agreement", "apply", &new, "--to", &current, "--json"]).expect(1).json()["missing"], 2);
    run(["agreement", "apply", &new, "--to", &current, "--yes"]).expect(5);
    assert_eq!(fs::read_to_string(&current).unwrap(), first);

    let stolen = path(folder, "jansen");
    let arguments =
        ["agreement", "approve", &new, "--as", "de-vries", "--key", &stolen, "--current", &current];
    run(arguments).expect(3);
    approve(folder, &new, &current, "jansen").expect(0);
    approve(folder, &new, &current, "jansen").expect(0);
    run(["agreement", "apply", &new, "--to", &current, "--yes"]).expect(5);
    assert_eq!(approve(folder, &new, &current, "de-vries").expect(0).json()["missing"], 0);
    run(["agreement", "apply", &new, "--to", &current]).expect(0);
    assert_eq!(fs::read_to_string(&current).unwrap(), first);
    let applied = run(["agreement", "apply", &new, "--to", &current, "--yes", "--json"]).expect(0).json();
    assert_eq!(applied["approvedBy"].as_array().unwrap().len(), 2);
    assert_eq!(fs::read_to_string(&current).unwrap(), draft.to_toml().unwrap());
    run(["keys", "operator", &stolen]).expect(3);
}

/// Repeats until it is so: services look at their agreement every ten seconds.
async fn until(what: impl Fn() -> bool) {
    let began = Instant::now();
    while !what() {
        assert!(began.elapsed() < Duration::from_secs(40), "it did not come about");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_switchboard_takes_up_what_two_operators_approved_and_nothing_wider() {
    let keys = tempfile::tempdir().unwrap();
    let named = operators(keys.path());
    let program = Program::binary(PathBuf::from(env!("CARGO_BIN_EXE_ketenwijzer")));
    let mut chain = Chain::new(program).unwrap().agreed(|draft| draft.operators = named).start().unwrap();
    let auditor = auditor(&chain);
    let records = |event: &str| -> Vec<Value> {
        let arguments = ["audit", "show", "--auditor", "a.first", "--event", event, "--json", "--config"];
        let shown = run(arguments.into_iter().chain([auditor.to_str().unwrap()])).expect(0).json();
        let record = |entry: &Value| serde_json::from_str(entry["record"].as_str().unwrap()).unwrap();
        shown["entries"].as_array().unwrap().iter().map(record).collect()
    };
    let metric = |chain: &RunningChain, name: &str| chain.switchboard().unwrap().metric(name).unwrap();
    let (current, new) = (path(chain.folder(), "agreement.toml"), path(chain.folder(), "new.toml"));
    let put = |draft: &AgreementDraft| {
        fs::write(&new, draft.to_toml().unwrap()).unwrap();
        Agreement::parse(&draft.to_toml().unwrap()).unwrap().hash().to_owned()
    };

    // Narrower: nobody has to approve it.
    let mut draft = chain.draft();
    draft.chain.lease_term = "P20D".to_owned();
    let narrower = put(&draft);
    run(["agreement", "apply", &new, "--to", &current, "--yes"]).expect(0);
    until(|| records("agreement-changed").iter().any(|record| record["decision"]["policy"] == *narrower))
        .await;

    // Wider, with one approval, put in place by hand.
    wider(&mut draft);
    let hash = put(&draft);
    approve(keys.path(), &new, &current, "jansen").expect(0);
    let before = fs::read_to_string(&current).unwrap();
    run(["agreement", "apply", &new, "--to", &current, "--yes"]).expect(5);
    fs::copy(&new, &current).unwrap();
    fs::copy(format!("{new}.approvals"), format!("{current}.approvals")).unwrap();
    until(|| metric(&chain, "ketenwijzer_agreement_refused") == Some(1.0)).await;
    // Not after a restart either.
    chain.stop_switchboard().unwrap();
    chain.start_switchboard().unwrap();
    assert_eq!(metric(&chain, "ketenwijzer_agreement_refused"), Some(1.0));
    assert!(records("agreement-changed").iter().all(|record| record["decision"]["policy"] != *hash));
    let log = fs::read_to_string(chain.folder().join("switchboard.log")).unwrap();
    assert!(log.contains("agreement-refused") && log.contains(&hash[..16]), "{log}");

    // With the second it is taken up, without a restart.
    fs::write(&current, before).unwrap();
    approve(keys.path(), &new, &current, "de-vries").expect(0);
    run(["agreement", "apply", &new, "--to", &current, "--yes"]).expect(0);
    until(|| records("agreement-changed").iter().any(|record| record["decision"]["policy"] == *hash)).await;
    let changed = records("agreement-changed");
    let record = changed.iter().find(|record| record["decision"]["policy"] == *hash).unwrap();
    assert_eq!((&record["actor"]["id"], &record["count"]), (&"de-vries+jansen".into(), &2.into()));
    let care = chain.member("youth-care").unwrap();
    care.switchboard().unwrap().register(&care.registration(1).unwrap(), &care.key()).await.unwrap();
    assert_eq!(records("pointer-registered")[0]["decision"]["policy"], *hash);
}

/// A configuration with the certificate of the auditor.
fn auditor(chain: &RunningChain) -> PathBuf {
    chain.party("auditor", "00000099000000003000").unwrap();
    let file = chain.folder().join("auditor.toml");
    let text = "agreement = \"agreement.toml\"\n[tls]\ncertificate = \"pki/auditor.pem\"\nkey = \"pki/auditor.key\"\n\
                trust_anchors = \"pki/ca.pem\"\nrevocation_lists = [\"pki/crl.pem\"]\n";
    fs::write(&file, text).unwrap();
    file
}

//! `audit show` and `audit resolve` against a switchboard that runs.

use std::fs;
use std::path::{Path, PathBuf};

use kw_testbed::{Chain, Program, RunningChain};
use serde_json::Value;

use crate::program::{Ran, run};

const AUDITOR: &str = "00000099000000003000";

fn config(chain: &RunningChain, name: &str, oin: &str) -> PathBuf {
    chain.party(name, oin).unwrap();
    let file = chain.folder().join(format!("{name}.toml"));
    let text = format!(
        "agreement = \"agreement.toml\"\n[tls]\ncertificate = \"pki/{name}.pem\"\nkey = \"pki/{name}.key\"\n\
         trust_anchors = \"pki/ca.pem\"\nrevocation_lists = [\"pki/crl.pem\"]\n"
    );
    fs::write(&file, text).unwrap();
    file
}

fn audit(config: &Path, line: &str) -> Ran {
    let words = line.split(' ').chain(["--json", "--config", config.to_str().unwrap()]);
    run(["audit"].into_iter().chain(words))
}

fn records(shown: &Value) -> Vec<Value> {
    let entries = shown["entries"].as_array().unwrap();
    entries.iter().map(|entry| serde_json::from_str(entry["record"].as_str().unwrap()).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn auditors_show_and_resolve_and_the_operator_reads_at_the_machine() {
    let program = Program::binary(PathBuf::from(env!("CARGO_BIN_EXE_ketenwijzer")));
    let chain = Chain::new(program).unwrap().start().unwrap();
    let care = chain.member("youth-care").unwrap();
    for number in 1..=3 {
        care.switchboard().unwrap().register(&care.registration(number).unwrap(), &care.key()).await.unwrap();
    }
    let (first, second) = (config(&chain, "first", AUDITOR), config(&chain, "second", AUDITOR));
    let shown = audit(&first, "show --auditor a.first --event pointer-registered --limit 2").expect(0).json();
    assert_eq!(records(&shown).len(), 2);
    let cursor = shown["nextCursor"].as_str().unwrap();
    let line = format!("show --auditor a.first --event pointer-registered --cursor {cursor}");
    assert_eq!(records(&audit(&first, &line).expect(0).json()).len(), 1);

    let (index, reference) = (&shown["entries"][0]["index"], records(&shown)[0]["subject"].clone());
    let line = format!(
        "resolve request --auditor a.first --index {index} --reference {} --reason complaint",
        reference.as_str().unwrap()
    );
    let id = audit(&first, &line).expect(0).json()["id"].as_str().unwrap().to_owned();
    let open = audit(&second, "resolve list").expect(0).json();
    assert_eq!(open["resolutions"][0]["state"], "requested");
    audit(&first, &format!("resolve approve --auditor a.first {id}")).expect(5);
    audit(&second, &format!("resolve approve --auditor b.second {id}")).expect(0);
    let found = audit(&first, &format!("show --auditor a.first --resolution {id}")).expect(0).json();
    let events: Vec<_> = records(&found).iter().map(|record| record["event"].clone()).collect();
    assert_eq!(events, ["resolution-approved", "resolution-requested", "pointer-registered"]);

    // A partner's certificate opens nothing; the operator reads the database, and is in it for that.
    let school = config(&chain, "school", chain.member("school").unwrap().oin.as_str());
    audit(&school, "show --auditor x").expect(5);
    let own = chain.config_file();
    let read =
        audit(&own, "show --database --auditor o.perator --event access-log-searched").expect(0).json();
    let before = records(&read).len();
    let again =
        audit(&own, "show --database --auditor o.perator --event access-log-searched").expect(0).json();
    assert_eq!(records(&again).len(), before + 1);
    assert_eq!(records(&again)[0]["actor"]["role"], "operator");
    let table = run(["audit", "show", "--auditor", "a.first", "--config", first.to_str().unwrap()]).expect(0);
    assert!(table.stdout.contains("pointer-registered") && table.stdout.contains("access-log-searched"));
}

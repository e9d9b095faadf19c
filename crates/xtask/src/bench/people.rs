//! Whole dossiers: every service of the demonstration's chain runs, and a caseworker's software asks one partner.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;

use super::arguments::{Arguments, Database};
use super::demonstration::{Demonstration, raise_budgets};
use super::environment::{Binaries, children_cpu, watched};
use super::report::{Report, Row};

/// The agreement is looked at every ten seconds.
const TAKEN_IN: Duration = Duration::from_secs(12);

pub(super) fn measure(arguments: &Arguments, binaries: &Binaries, report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let place = folder.path().join("chain");
    let demo = Demonstration::start(&binaries.product, &place)?;
    let measured = ask(arguments, binaries, report, &demo, folder.path(), &place);
    demo.end()?;
    report.absent.push(
        "a pull by itself: each needs a grant of its own, so it is measured as part of a dossier".to_owned(),
    );
    measured
}

fn ask(
    arguments: &Arguments,
    binaries: &Binaries,
    report: &mut Report,
    demo: &Demonstration,
    folder: &Path,
    place: &Path,
) -> anyhow::Result<()> {
    let services = demo.places["services"].as_array().context("the demonstration names no services")?;
    let asker =
        services.iter().find(|service| service["name"] == "municipality").context("no municipality")?;
    let address = asker["local"].as_str().context("no local API")?.trim_start_matches("http://");
    let token = asker["token"].as_str().context("no token")?;
    raise_budgets(&place.join("agreement.toml"), &["query", "switchboard_query"])?;
    std::thread::sleep(TAKEN_IN);

    let question = json!({
        "subject": "nl.bsn:999990342",
        "birthDate": "2011-03-04",
        "purpose": "coordinate-help",
        "actor": { "id": "j.jansen", "role": "municipal-consultant" },
        "case": "2026-0042",
        "relation": { "basis": "motivated", "reason": "signals from school" },
    });
    let requests = folder.join("dossiers");
    fs::write(&requests, format!("POST /v1/dossiers {question}"))?;
    let parent = demo.pid();
    for connections in arguments.connections.clone() {
        let mut load = Command::new(&binaries.own);
        load.args(["bench-part", "load", "--address", address, "--token", token, "--folder"]).arg(folder);
        load.arg("--requests").arg(&requests);
        load.args(["--connections", &connections.to_string(), "--seconds", &arguments.seconds.to_string()]);
        let measured = watched(load, || Ok((children_cpu(parent), Duration::ZERO)))?;
        let row = Row::new(Database::Sqlite, 0, "dossier", connections, &measured);
        eprintln!("{}", row.line());
        report.rows.push(row);
    }
    Ok(())
}

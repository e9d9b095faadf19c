//! Whole dossiers: every service of the demonstration's chain runs, and a caseworker's software asks one partner.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::arguments::{Arguments, Database};
use super::environment::{Binaries, children_cpu, watched};
use super::report::{Report, Row};

/// The agreement is looked at every ten seconds.
const TAKEN_IN: Duration = Duration::from_secs(12);

pub(super) fn measure(arguments: &Arguments, binaries: &Binaries, report: &mut Report) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let place = folder.path().join("chain");
    let mut demo = Command::new(&binaries.product)
        .args(["demo", "--json", "--dir"])
        .arg(&place)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let measured = ask(arguments, binaries, report, &mut demo, folder.path(), &place);
    // It ends its services in order when it is told to.
    let told = Command::new("kill").args(["-s", "INT", &demo.id().to_string()]).status()?;
    ensure!(told.success(), "the demonstration was not told to end");
    demo.wait()?;
    report.absent.push(
        "a pull by itself: each needs a grant of its own, so it is measured as part of a dossier".to_owned(),
    );
    measured
}

fn ask(
    arguments: &Arguments,
    binaries: &Binaries,
    report: &mut Report,
    demo: &mut std::process::Child,
    folder: &Path,
    place: &Path,
) -> anyhow::Result<()> {
    let mut output = BufReader::new(demo.stdout.take().context("standard output is piped")?);
    let mut text = String::new();
    let places: Value = loop {
        let mut line = String::new();
        ensure!(output.read_line(&mut line)? > 0, "the demonstration ended: {text}");
        text.push_str(&line);
        if let Ok(places) = serde_json::from_str(&text) {
            break places;
        }
    };
    let services = places["services"].as_array().context("the demonstration names no services")?;
    let asker =
        services.iter().find(|service| service["name"] == "municipality").context("no municipality")?;
    let address = asker["local"].as_str().context("no local API")?.trim_start_matches("http://");
    let token = asker["token"].as_str().context("no token")?;
    raise_budgets(&place.join("agreement.toml"))?;
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
    let parent = demo.id();
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

/// What is allowed to a partner in a demonstration is used up in a second.
fn raise_budgets(agreement: &Path) -> anyhow::Result<()> {
    let mut file = fs::File::options().append(true).open(agreement)?;
    for name in ["query", "switchboard_query"] {
        write!(file, "\n[budgets.{name}]\nburst = 50000000\nhour = 50000000\nday = 50000000\n")?;
    }
    Ok(())
}

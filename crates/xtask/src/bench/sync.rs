//! `cargo xtask bench sync`: how fast a partner loads a source into the index, beside what the pseudonyms alone cost on the same
//! cores in the same run.
//!
//! Every service is a process of its own, as in production; the school of the demonstration gets a new source. Measured is from the
//! start of its process until the switchboard has acknowledged every record.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use kw_testbed::Process;
use serde::Serialize;
use serde_json::{Value, json};

use super::arguments::SyncArguments;
use super::demonstration::{Demonstration, raise_budgets};
use super::environment::binaries;
use super::scalars;

/// What a first load took.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Load {
    records: u64,
    seconds: f64,
    per_second: f64,
    /// Both pseudonyms of so many subjects, on every core at once and with nothing else.
    ceiling_per_second: f64,
    ratio: f64,
    /// Microseconds of processor a record, by service.
    cpu_us: BTreeMap<&'static str, f64>,
}

pub(super) fn run(arguments: &SyncArguments) -> anyhow::Result<()> {
    let binaries = binaries(arguments.binaries.as_deref())?;
    let folder = tempfile::tempdir()?;
    let place = folder.path().join("chain");
    Demonstration::start(&binaries.product, &place)?.end()?;
    raise_budgets(&place.join("agreement.toml"), &["register"])?;
    let before = scalars::pseudonyms_per_second()?;
    let chain = Chain { product: &binaries.product, place: &place };
    let (seconds, cpu) = chain.load(arguments.records)?;
    let after = scalars::pseudonyms_per_second()?;
    let (ceiling, per_second) = (f64::midpoint(before, after), arguments.records as f64 / seconds);
    let each = |spent: Duration| spent.as_secs_f64() * 1e6 / arguments.records as f64;
    let load = Load {
        records: arguments.records,
        seconds,
        per_second,
        ceiling_per_second: ceiling,
        ratio: per_second / ceiling,
        cpu_us: cpu.into_iter().map(|(name, spent)| (name, each(spent))).collect(),
    };
    println!(
        "{} records in {seconds:.1} s: {per_second:.0} a second; the pseudonyms alone {ceiling:.0} a second ({before:.0} before, \
         {after:.0} after): a ratio of {:.2} ({})",
        load.records,
        load.ratio,
        if cfg!(debug_assertions) { "dev profile" } else { "release" }
    );
    for (name, us) in &load.cpu_us {
        println!("{name:<16} {us:>6.0} µs of processor a record");
    }
    if let Some(path) = &arguments.json {
        fs::write(path, serde_json::to_string_pretty(&load)? + "\n")?;
    }
    Ok(())
}

/// The demonstration's chain, without its processes.
struct Chain<'a> {
    product: &'a Path,
    place: &'a Path,
}

impl Chain<'_> {
    /// Loads so many records; the seconds it took, and what it cost each service.
    fn load(&self, records: u64) -> anyhow::Result<(f64, Vec<(&'static str, Duration)>)> {
        self.write_source(records)?;
        let pseudonymiser = self.serve("pseudonymiser", "pseudonymiser/pseudonymiser.toml")?;
        // A switchboard that starts lets nobody in before its witnesses have answered.
        let witnesses = ["health-service", "municipality", "youth-care"];
        let _witnesses: Vec<Process> = witnesses
            .iter()
            .map(|name| self.serve("partner", &format!("partners/{name}/partner.toml")))
            .collect::<anyhow::Result<_>>()?;
        let switchboard = self.serve("switchboard", "switchboard/switchboard.toml")?;
        std::thread::sleep(SETTLED);
        let spent_before = [pseudonymiser.cpu()?, switchboard.cpu()?];
        let began = Instant::now();
        let partner = self.serve("partner", SCHOOL)?;
        while !self.is_loaded(records)? {
            ensure!(began.elapsed() < PATIENCE, "the load does not end");
            std::thread::sleep(LOOK);
        }
        let seconds = began.elapsed().as_secs_f64();
        let cpu = vec![
            ("partner", partner.cpu()?),
            ("pseudonymiser", pseudonymiser.cpu()?.saturating_sub(spent_before[0])),
            ("switchboard", switchboard.cpu()?.saturating_sub(spent_before[1])),
        ];
        Ok((seconds, cpu))
    }

    /// Whom the demonstration knew stay: were they gone, that would be suspiciously much.
    fn write_source(&self, records: u64) -> anyhow::Result<()> {
        let file = self.place.join("partners/school/source/leerlingen.json");
        let mut source: Value = serde_json::from_str(&fs::read_to_string(&file)?)?;
        let rows = source["leerlingen"].as_array_mut().context("the source has no rows")?;
        rows.extend((0..records).map(|number| {
            json!({ "pupil": format!("B{number:08}"), "bsn": format!("case:bench:{number}"), "birthDate": "2012-05-03" })
        }));
        Ok(fs::write(file, source.to_string())?)
    }

    fn serve(&self, kind: &str, config: &str) -> anyhow::Result<Process> {
        let mut command = Command::new(self.product);
        command.args([kind, "serve", "--config"]).arg(self.place.join(config));
        Process::start(command, &self.place.join("bench.err"))
    }

    fn is_loaded(&self, records: u64) -> anyhow::Result<bool> {
        let mut command = Command::new(self.product);
        let output = command.args(["status", "--json", "--config"]).arg(self.place.join(SCHOOL)).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let status: Value = serde_json::from_slice(&output.stdout)?;
        let registered = status["sources"][0]["registered"].as_u64().context("no source")?;
        Ok(registered >= records && status["outbox"]["waiting"] == 0)
    }
}

const SCHOOL: &str = "partners/school/partner.toml";
/// Until the witnesses have answered.
const SETTLED: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(250);
const PATIENCE: Duration = Duration::from_mins(30);

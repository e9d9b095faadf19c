//! What the ledger costs a question: the same load on the product and on a build of it that has no ledger, in turns.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::super::arguments::{Database, LedgerArguments};
use super::super::environment::Binaries;
use super::report::{Cost, Turn};
use crate::run::{cargo, succeed, target};

const CONNECTIONS: usize = 64;

pub(super) fn measure(
    arguments: &LedgerArguments,
    binaries: &Binaries,
    database: Database,
) -> anyhow::Result<Cost> {
    let without = match &arguments.without_ledger {
        Some(path) => path.clone(),
        None => built()?,
    };
    ensure!(says_so(&without)?, "{} has its ledger", without.display());
    ensure!(!says_so(&binaries.product)?, "{} has no ledger", binaries.product.display());
    let mut cost = Cost::new(database, CONNECTIONS);
    for _ in 0..arguments.rounds.max(1) {
        cost.with.push(questions(arguments, &binaries.product, &binaries.own, database)?);
        cost.without.push(questions(arguments, &without, &binaries.own, database)?);
    }
    Ok(cost)
}

/// Builds the product without its ledger, in a folder of its own, so that nothing of it is mistaken for the product.
fn built() -> anyhow::Result<PathBuf> {
    let folder = target()?.join("without-ledger");
    let mut build = cargo();
    build.args(["build", "--release", "-p", "ketenwijzer", "-p", "kw-store"]);
    build.args(["--features", "kw-store/bench-without-ledger", "--target-dir"]).arg(&folder);
    succeed(build.env("KETENWIJZER_BENCH_BUILD", "1"))?;
    Ok(folder.join("release/ketenwijzer"))
}

fn says_so(product: &Path) -> anyhow::Result<bool> {
    let said = Command::new(product).arg("--version").output()?;
    ensure!(said.status.success(), "{} does not say its version", product.display());
    Ok(String::from_utf8_lossy(&said.stdout).contains("WITHOUT ITS LEDGER"))
}

/// Questions to this build, measured as `cargo xtask bench` does.
fn questions(
    arguments: &LedgerArguments,
    product: &Path,
    own: &Path,
    database: Database,
) -> anyhow::Result<Turn> {
    let folder = tempfile::tempdir()?;
    symlink(std::path::absolute(product)?, folder.path().join("ketenwijzer"))?;
    symlink(std::path::absolute(own)?, folder.path().join("xtask"))?;
    let json = folder.path().join("found.json");
    let mut bench = Command::new(own);
    bench.args(["bench", "--only", "query", "--databases", database.argument()]);
    bench.args(["--sizes", &arguments.pointers.to_string(), "--connections", &CONNECTIONS.to_string()]);
    bench.args(["--seconds", &arguments.seconds.to_string(), "--binaries"]).arg(folder.path());
    bench.arg("--json").arg(&json).stdout(Stdio::null());
    succeed(bench.env("KETENWIJZER_MEASURING_WITHOUT_LEDGER", "1"))?;
    let found: Value = serde_json::from_slice(&std::fs::read(json)?)?;
    let figure = |name| found["rows"][0][name].as_f64().context("no questions were measured");
    Ok(Turn { per_second: figure("perSecond")?, processor_us: figure("cpuUs")? + figure("databaseCpuUs")? })
}

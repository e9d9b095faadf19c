//! `cargo xtask bench ledger`: how fast the log takes entries, publishes and verifies them, and what it costs a question.

pub(super) mod appends;
mod cost;
pub(super) mod publishing;
mod report;
pub(super) mod verifying;

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use kw_testbed::PostgresServer;
use serde::de::DeserializeOwned;
use tempfile::TempDir;

use super::arguments::{Database, LedgerArguments, OfLedger};
use super::environment::{Binaries, Environment, binaries};
use report::{Report, Row};

/// How many ask while it is measured how soon their records are published, and how long each rests in between.
const ASKING: [(usize, u64); 2] = [(4, 20), (64, 0)];

pub(super) fn run(arguments: &LedgerArguments) -> anyhow::Result<()> {
    let binaries = binaries(arguments.binaries.as_deref())?;
    let mut report = Report::new(arguments);
    for database in arguments.databases.clone() {
        let server = match database {
            Database::Postgres => Some(Arc::new(PostgresServer::start()?)),
            Database::Sqlite => None,
        };
        let bench = Bench { arguments, binaries: &binaries, database, server };
        bench.measure(&mut report).with_context(|| database.name())?;
    }
    report.print();
    if let Some(path) = &arguments.json {
        std::fs::write(path, serde_json::to_string_pretty(&report)? + "\n")?;
    }
    Ok(())
}

struct Bench<'a> {
    arguments: &'a LedgerArguments,
    binaries: &'a Binaries,
    database: Database,
    server: Option<Arc<PostgresServer>>,
}

impl Bench<'_> {
    fn measure(&self, report: &mut Report) -> anyhow::Result<()> {
        let wants = |what| self.arguments.only.contains(&what);
        if wants(OfLedger::Appends) {
            for writers in &self.arguments.writers {
                report.add(self.appends(*writers)?);
            }
        }
        if wants(OfLedger::Publishing) {
            for (connections, rest) in ASKING {
                report.add(self.publishing(connections, rest)?);
            }
        }
        if wants(OfLedger::Verifying) {
            for row in self.verifying()? {
                report.add(row);
            }
        }
        if wants(OfLedger::Cost) {
            report.costs.push(cost::measure(self.arguments, self.binaries, self.database)?);
        }
        Ok(())
    }

    fn appends(&self, writers: usize) -> anyhow::Result<Row> {
        let (database, _folder) = self.empty_database()?;
        let mut part = self.part("appends");
        part.args(["--database", &database, "--writers", &writers.to_string()]);
        part.args(["--seconds", &self.arguments.seconds.to_string()]);
        Ok(Row::of(self.database, "append", writers, &found(part)?))
    }

    fn publishing(&self, connections: usize, rest: u64) -> anyhow::Result<Row> {
        let environment = Environment::start(self.binaries, self.server.clone())?;
        let chain = &environment.chain;
        let asker = chain.member("school")?;
        let questions = (0..1_000)
            .map(|number| {
                Ok(format!("POST /v1/queries {}", serde_json::to_string(&asker.question(number)?)?))
            })
            .collect::<anyhow::Result<Vec<String>>>()?;
        let requests = chain.folder().join("questions");
        std::fs::write(&requests, questions.join("\n"))?;
        let mut part = environment.caller("publishing", "school", &chain.address().to_string());
        part.arg("--requests").arg(requests);
        part.args(["--connections", &connections.to_string(), "--rest", &rest.to_string()]);
        part.args(["--seconds", &self.arguments.seconds.to_string()]);
        Ok(Row::of(self.database, "add to published", connections, &found(part)?))
    }

    fn verifying(&self) -> anyhow::Result<Vec<Row>> {
        let (database, _kept) = self.empty_database()?;
        let folder = tempfile::tempdir()?;
        let mut part = self.part("verifying");
        part.args(["--database", &database, "--entries", &self.arguments.entries.to_string()]);
        part.arg("--folder").arg(folder.path());
        let verified: verifying::Verified = found(part)?;
        let row =
            |what, seconds: f64| Row::rate(self.database, what, self.arguments.entries as f64 / seconds);
        Ok(vec![
            row("verify: records, leaves and tree, from the database", verified.database_seconds),
            row("verify: entries and tiles, from a folder", verified.folder_seconds),
        ])
    }

    fn part(&self, name: &str) -> Command {
        let mut command = Command::new(&self.binaries.own);
        command.args(["bench-part", name]);
        command
    }

    /// The URL of a new database, and what keeps it.
    fn empty_database(&self) -> anyhow::Result<(String, TempDir)> {
        let folder = tempfile::tempdir()?;
        let url = match &self.server {
            Some(server) => server.database()?,
            None => path_of(folder.path().join("ledger.db"))?,
        };
        Ok((url, folder))
    }
}

fn path_of(path: PathBuf) -> anyhow::Result<String> {
    path.into_os_string().into_string().map_err(|path| anyhow::anyhow!("{} is no text", path.display()))
}

/// Runs a part to its end: what it found is in its last line.
fn found<T: DeserializeOwned>(mut part: Command) -> anyhow::Result<T> {
    let mut child = part.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let output = BufReader::new(child.stdout.take().context("standard output is piped")?);
    let lines = output.lines().collect::<Result<Vec<_>, _>>()?;
    ensure!(child.wait()?.success(), "a part of the measurement failed");
    Ok(serde_json::from_str(lines.last().context("a part found nothing")?)?)
}

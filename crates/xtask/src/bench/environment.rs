//! A chain to measure, and the processes that load it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_pseudonym::{IndexKey, TagKey};
use kw_testbed::{Chain, PostgresServer, Process, Program, RunningChain};

use super::load::Found;
use crate::run::{cargo, succeed, target};

/// Where the programs are.
#[derive(Debug, Clone)]
pub(super) struct Binaries {
    /// The product.
    pub(super) product: PathBuf,
    /// This program.
    pub(super) own: PathBuf,
}

/// The programs in this folder, or built here and now.
pub(super) fn binaries(folder: Option<&Path>) -> anyhow::Result<Binaries> {
    let folder = if let Some(folder) = folder {
        folder.to_owned()
    } else {
        succeed(cargo().args(["build", "--release", "-p", "ketenwijzer", "-p", "xtask"]))?;
        target()?.join("release")
    };
    let binaries = Binaries { product: folder.join("ketenwijzer"), own: folder.join("xtask") };
    for path in [&binaries.product, &binaries.own] {
        ensure!(path.is_file(), "{} is not there: build it first", path.display());
    }
    Ok(binaries)
}

/// A chain with its switchboard.
pub(super) struct Environment {
    pub(super) chain: RunningChain,
    pub(super) binaries: Binaries,
    pub(super) server: Option<Arc<PostgresServer>>,
}

/// What a load found, and what it cost.
pub(super) struct Measured {
    pub(super) found: Found,
    /// Processor time of the measured server.
    pub(super) cpu: Duration,
    /// Processor time of PostgreSQL.
    pub(super) database_cpu: Duration,
    /// Bytes that were resident in the server at the end.
    pub(super) resident: u64,
}

impl Environment {
    pub(super) fn start(binaries: &Binaries, server: Option<Arc<PostgresServer>>) -> anyhow::Result<Self> {
        let chain =
            Chain::new(Program::binary(binaries.product.clone()))?.partner("school").partner("youth-care");
        let chain = match &server {
            Some(server) => chain.postgres(server)?,
            None => chain,
        };
        Ok(Self { chain: chain.start()?, binaries: binaries.clone(), server })
    }

    /// Starts a bench-only server.
    pub(super) fn serve(&self, part: &str) -> anyhow::Result<Process> {
        let mut command = self.part(part);
        command.arg("--database").arg(self.chain.database_url());
        command.arg("--origin").arg(&self.chain.draft().switchboard.log_origin);
        Process::start(command, &self.chain.folder().join(format!("{part}.err")))
    }

    /// A part with the arguments that all have.
    pub(super) fn part(&self, part: &str) -> Command {
        let mut command = Command::new(&self.binaries.own);
        command.args(["bench-part", part]).arg("--folder").arg(self.chain.folder());
        command
    }

    /// A part that calls `address`.
    pub(super) fn caller(&self, part: &str, member: &str, address: &str) -> Command {
        let mut command = self.part(part);
        let oin = self.chain.draft().switchboard.oin;
        command.args(["--member", member, "--address", address, "--server", &oin]);
        command
    }

    /// Runs a load against `process`, and looks at its clock when the load says so.
    pub(super) fn load(&self, load: Command, process: &Process) -> anyhow::Result<Measured> {
        let clocks = || Ok((process.cpu()?, self.database_cpu()));
        let mut measured = watched(load, clocks)?;
        measured.resident = process.resident()?;
        Ok(measured)
    }

    /// Memory of the switchboard while so many connections are open and idle.
    pub(super) fn idle(&self, connections: usize) -> anyhow::Result<u64> {
        let mut command = self.caller("idle", "school", &self.chain.address().to_string());
        command.args(["--connections", &connections.to_string(), "--seconds", "60"]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take().context("standard output is piped")?;
        let line = BufReader::new(output).lines().next().context("the connections were not made")??;
        ensure!(line == "go", "the load said {line:?}");
        let resident = self.chain.switchboard()?.resident();
        child.kill()?;
        child.wait()?;
        resident
    }

    /// Bytes of the database.
    pub(super) fn stored(&self) -> anyhow::Result<u64> {
        let url = self.chain.database_url();
        match &self.server {
            Some(server) => Ok(server.query(&url, "SELECT pg_database_size(current_database())")?.parse()?),
            None => Ok(fs::metadata(url)?.len()),
        }
    }

    /// The keys by which the switchboard finds subjects.
    pub(super) fn index_keys(&self) -> anyhow::Result<(IndexKey, TagKey)> {
        let folder = self.chain.keys_folder();
        let index = IndexKey::from_bytes(&secret(&folder.join("switchboard-index-1.key"))?)?;
        Ok((index, TagKey::from_bytes(&secret(&folder.join("switchboard-tag-1.key"))?)))
    }

    fn database_cpu(&self) -> Duration {
        self.server.as_ref().and_then(|server| server.pid()).map_or(Duration::ZERO, children_cpu)
    }
}

/// Runs a load, and looks at the clocks of the server and the database when the load says so.
pub(super) fn watched(
    mut load: Command,
    clocks: impl Fn() -> anyhow::Result<(Duration, Duration)>,
) -> anyhow::Result<Measured> {
    let mut child = load.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("standard output is piped")?).lines();
    let mut expect = |what: &str| -> anyhow::Result<()> {
        let line = lines.next().context("the load ended early")??;
        ensure!(line == what, "the load said {line:?} instead of {what:?}");
        Ok(())
    };
    expect("go")?;
    let before = clocks()?;
    expect("end")?;
    let after = clocks()?;
    let line = lines.next().context("the load did not say what it found")??;
    ensure!(child.wait()?.success(), "the load failed");
    Ok(Measured {
        found: serde_json::from_str(&line)?,
        cpu: after.0.saturating_sub(before.0),
        database_cpu: after.1.saturating_sub(before.1),
        resident: 0,
    })
}

/// Processor time of all processes that `parent` started and that still run.
pub(super) fn children_cpu(parent: u32) -> Duration {
    let mut ticks = 0;
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let Some((_, fields)) = stat.rsplit_once(')') else { continue };
        let fields: Vec<u64> = fields.split_whitespace().map(|field| field.parse().unwrap_or(0)).collect();
        if fields.get(1) == Some(&u64::from(parent)) {
            ticks += fields.get(11).unwrap_or(&0) + fields.get(12).unwrap_or(&0);
        }
    }
    Duration::from_millis(ticks * 10)
}

/// The 32 bytes in a key file.
fn secret(path: &Path) -> anyhow::Result<[u8; 32]> {
    let text = fs::read_to_string(path)?;
    let encoded = text.split_whitespace().nth(4).context("it is no key file")?;
    URL_SAFE_NO_PAD.decode(encoded)?.try_into().map_err(|_| anyhow::anyhow!("it is no key of 32 bytes"))
}

//! The demonstration's chain as something to measure.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context as _, ensure};
use serde_json::Value;

/// A demonstration that runs.
pub(super) struct Demonstration {
    child: Child,
    /// What it says about its services.
    pub(super) places: Value,
    // It would stop at a closed pipe.
    _output: BufReader<ChildStdout>,
}

impl Demonstration {
    /// Starts it in a folder that is not there yet.
    pub(super) fn start(product: &Path, place: &Path) -> anyhow::Result<Self> {
        Self::run(product, place, &["--without-pages"])
    }

    /// The same with desk, console and inzage.
    pub(super) fn with_pages(product: &Path, place: &Path) -> anyhow::Result<Self> {
        Self::run(product, place, &[])
    }

    fn run(product: &Path, place: &Path, more: &[&str]) -> anyhow::Result<Self> {
        let mut child = Command::new(product)
            .args(["demo", "--json", "--dir"])
            .arg(place)
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut output = BufReader::new(child.stdout.take().context("standard output is piped")?);
        let mut text = String::new();
        let places = loop {
            let mut line = String::new();
            ensure!(output.read_line(&mut line)? > 0, "the demonstration ended: {text}");
            text.push_str(&line);
            if let Ok(places) = serde_json::from_str(&text) {
                break places;
            }
        };
        Ok(Self { child, places, _output: output })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// It ends its services in order when it is told to.
    pub(super) fn end(mut self) -> anyhow::Result<()> {
        let told = Command::new("kill").args(["-s", "INT", &self.pid().to_string()]).status()?;
        ensure!(told.success(), "the demonstration was not told to end");
        self.child.wait()?;
        Ok(())
    }
}

/// What is allowed to a partner in a demonstration is used up in a second.
pub(super) fn raise_budgets(agreement: &Path, budgets: &[&str]) -> anyhow::Result<()> {
    let mut file = fs::File::options().append(true).open(agreement)?;
    for name in budgets {
        write!(file, "\n[budgets.{name}]\nburst = 50000000\nhour = 50000000\nday = 50000000\n")?;
    }
    Ok(())
}

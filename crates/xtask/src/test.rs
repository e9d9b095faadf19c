//! `cargo xtask test`: everything that can be tested, on a fresh machine.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, bail};

use crate::run::{cargo, is_there, succeed, target};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only tests whose name holds this.
    filter: Option<String>,
}

/// Each program that tests use beside the toolchain, with its Debian package.
const NEEDED: [(&str, &str); 3] = [("openssl", "openssl"), ("setpriv", "util-linux"), ("strace", "strace")];

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let began = Instant::now();
    install()?;
    // Once, and before the tests: several of them start it.
    succeed(cargo().args(["build", "-p", "ketenwijzer"]))?;
    let binary = target()?.join("debug/ketenwijzer");
    let mut tests = cargo();
    let unchecked = tempfile::NamedTempFile::new()?;
    tests
        .args(["test", "--workspace", "--no-fail-fast"])
        .env("KETENWIJZER_BIN", binary)
        .env("KETENWIJZER_NOT_CHECKED", unchecked.path());
    if let Some(filter) = &arguments.filter {
        tests.args(["--", filter]);
    }
    tests.stdout(Stdio::piped());
    let mut child = tests.spawn()?;
    let output = child.stdout.take().context("standard output is piped")?;
    let mut total = Total::default();
    for line in std::io::BufRead::lines(std::io::BufReader::new(output)) {
        let line = line?;
        println!("{line}");
        total.add(&line);
    }
    let status = child.wait()?;
    for line in fs::read_to_string(unchecked.path())?.lines() {
        println!("NOT CHECKED {line}");
    }
    let verdict = if status.success() && total.failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {verdict}. {} passed; {} failed; {} ignored; 0 measured; 0 filtered out; finished in {:.2}s",
        total.passed,
        total.failed,
        total.ignored,
        began.elapsed().as_secs_f64()
    );
    if verdict == "ok" { Ok(()) } else { bail!("tests failed") }
}

/// The sum of every suite's closing line.
#[derive(Debug, Default, PartialEq, Eq)]
struct Total {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Total {
    fn add(&mut self, line: &str) {
        let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        for part in counts.split("; ") {
            let Some((count, what)) = part.split_once(' ') else { continue };
            let Ok(count) = count.parse::<u64>() else { continue };
            match what {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.ignored += count,
                _ => {}
            }
        }
    }
}

fn install() -> anyhow::Result<()> {
    let mut missing: Vec<&str> =
        NEEDED.iter().filter(|(program, _)| !is_there(program)).map(|(_, package)| *package).collect();
    let packaged = fs::read_dir("/usr/lib/postgresql").is_ok_and(|mut versions| versions.next().is_some());
    let on_path = ["initdb", "postgres", "psql"].into_iter().all(is_there);
    if !packaged && !on_path {
        missing.push("postgresql");
    }
    if missing.is_empty() {
        return Ok(());
    }
    let root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    if !root || !is_there("apt-get") {
        bail!("the tests need what is not here. Install it: sudo apt-get install -y {}", missing.join(" "));
    }
    eprintln!("installing {}", missing.join(" "));
    let apt = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null());
        command
    };
    succeed(apt().args(["update", "-qq"]))?;
    succeed(apt().args(["install", "-y", "-qq", "--no-install-recommends"]).args(&missing))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_add_up_and_nothing_else_counts() {
        let mut total = Total::default();
        for line in [
            "test result: ok. 37 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 20.00s",
            "test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1s",
            "test transport::a_name ... ok",
        ] {
            total.add(line);
        }
        assert_eq!(total, Total { passed: 39, failed: 3, ignored: 1 });
    }
}

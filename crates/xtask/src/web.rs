//! `cargo xtask web`: makes the files that pages load from npm packages, under a lock file. What it makes is committed, so that
//! building the program takes no npm.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail, ensure};

use crate::run::{is_there, root, succeed, target};

pub(crate) fn make(only_check: bool) -> anyhow::Result<()> {
    let (sources, committed) = (root().join("crates/web/ui"), root().join("crates/web/assets"));
    ensure!(is_there("npm"), "npm is not on the path: install Node.js 20 or later");
    succeed(
        Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&sources),
    )?;
    let made = target()?.join("web");
    if made.exists() {
        fs::remove_dir_all(&made)?;
    }
    succeed(Command::new("node").arg("build.mjs").arg(&made).current_dir(&sources))?;
    let mut differing = Vec::new();
    for name in names(&made)? {
        if !is_same(&made.join(&name), &committed.join(&name)) {
            differing.push(name.clone());
            if !only_check {
                fs::copy(made.join(&name), committed.join(&name))?;
            }
        }
    }
    for name in names(&committed)?.into_iter().filter(|name| !made.join(name).exists()) {
        if !only_check {
            fs::remove_file(committed.join(&name))?;
        }
        differing.push(format!("{name} (not made any more)"));
    }
    differing.sort();
    match (differing.is_empty(), only_check) {
        (true, _) => println!("crates/web/assets is what the packages make"),
        (false, false) => println!("made anew in crates/web/assets: {}", differing.join(", ")),
        (false, true) => bail!("run `cargo xtask web` and commit: {} differ", differing.join(", ")),
    }
    Ok(())
}

fn names(folder: &Path) -> anyhow::Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("{} was not made", folder.display()))?;
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

fn is_same(one: &Path, other: &Path) -> bool {
    fs::read(one).is_ok_and(|one| fs::read(other).is_ok_and(|other| one == other))
}

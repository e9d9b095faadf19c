//! `cargo xtask migrations`: what was once released is never changed, because databases have run it.

use std::process::Command;

use anyhow::{bail, ensure};

use crate::run::root;

pub(crate) fn check(base: &str) -> anyhow::Result<()> {
    let known = git(&["rev-parse", "--verify", "--quiet", &format!("{base}^{{commit}}")]).is_ok();
    ensure!(known, "there is no commit {base:?} to compare with: name one with --base");
    let changed = git(&["diff", "--name-status", "--diff-filter=MDRT", base, "--", "migrations"])?;
    if !changed.is_empty() {
        bail!("these migrations are in {base} already; add a new one instead of changing them:\n{changed}");
    }
    println!("no migration of {base} was changed");
    Ok(())
}

fn git(arguments: &[&str]) -> anyhow::Result<String> {
    let ran = Command::new("git").args(arguments).current_dir(root()).output()?;
    ensure!(ran.status.success(), "git {}: {}", arguments.join(" "), String::from_utf8_lossy(&ran.stderr));
    Ok(String::from_utf8(ran.stdout)?.trim().to_owned())
}

//! Software that others made, installed once for all runs of the tests of a crate.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// Tests of one program run at the same time, and each wants it.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A program of a Python package, in an environment of its own below this folder.
pub fn python_program(folder: &Path, package: &str, program: &str) -> Result<PathBuf, String> {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let installed = folder.join("bin").join(program);
    if !installed.is_file() {
        run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
        let arguments = ["install", "--quiet", "--disable-pip-version-check", package];
        run(Command::new(folder.join("bin/pip")).args(arguments))?;
    }
    Ok(installed)
}

/// Sees to it that these npm packages (`name@version`) are in this folder, for scripts beside them.
pub fn npm_packages(folder: &Path, packages: &[&str]) -> Result<(), String> {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let there = |package: &&str| {
        let name = package.rsplit_once('@').map_or(*package, |(name, _)| name);
        folder.join("node_modules").join(name).join("package.json").is_file()
    };
    if packages.iter().all(there) {
        return Ok(());
    }
    let told = |error: std::io::Error| error.to_string();
    fs::create_dir_all(folder).map_err(told)?;
    fs::write(folder.join("package.json"), r#"{"private": true, "type": "module"}"#).map_err(told)?;
    let arguments = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--legacy-peer-deps"];
    run(Command::new("npm").args(arguments).args(packages).current_dir(folder))
}

/// npm packages exactly as a lock file has them, checked by its digests: `package.json` and `package-lock.json`.
#[derive(Debug, Clone, Copy)]
pub struct Locked<'a> {
    /// What is wanted.
    pub packages: &'a str,
    /// Which versions, with the digest of each.
    pub lock: &'a str,
}

impl Locked<'_> {
    /// Sees to it that they are in this folder. A folder with another lock file's packages is made anew.
    pub fn install(&self, folder: &Path) -> Result<(), String> {
        let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        // Written last, so that what was broken off is not taken for whole.
        let done = folder.join("installed-package-lock.json");
        if fs::read_to_string(&done).is_ok_and(|installed| installed == self.lock) {
            return Ok(());
        }
        let told = |error: std::io::Error| error.to_string();
        fs::create_dir_all(folder).map_err(told)?;
        fs::write(folder.join("package.json"), self.packages).map_err(told)?;
        fs::write(folder.join("package-lock.json"), self.lock).map_err(told)?;
        let arguments = ["ci", "--no-audit", "--no-fund", "--ignore-scripts"];
        run(Command::new("npm").args(arguments).current_dir(folder))?;
        fs::write(done, self.lock).map_err(told)
    }
}

/// Runs a command to its end; what it said when it failed.
pub fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

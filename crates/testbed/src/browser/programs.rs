//! Chromium and its driver, as Debian packages them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

use crate::postgres::is_root;

const MISSING: &str = "this test needs Chromium and does not go without it. It could not be installed by itself; do it with: \
                       apt-get install -y --no-install-recommends chromium chromium-driver";

#[derive(Debug, Clone)]
pub(super) struct Programs {
    pub(super) browser: PathBuf,
    pub(super) driver: PathBuf,
}

impl Programs {
    pub(super) fn find_or_install() -> anyhow::Result<Self> {
        if let Some(found) = Self::find() {
            return Ok(found);
        }
        ensure!(installed(&["chromium", "chromium-driver"]), MISSING);
        Self::find().context(MISSING)
    }

    fn find() -> Option<Self> {
        Some(Self { browser: program("chromium")?, driver: program("chromedriver")? })
    }
}

/// The program that reads the text of a PDF.
pub(super) fn pdf_reader() -> anyhow::Result<PathBuf> {
    const MISSING: &str = "this test needs pdftotext and does not go without it. It could not be installed by itself; do it with: \
                           apt-get install -y --no-install-recommends poppler-utils";
    if let Some(found) = program("pdftotext") {
        return Ok(found);
    }
    ensure!(installed(&["poppler-utils"]), MISSING);
    program("pdftotext").context(MISSING)
}

fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = [PathBuf::from("/usr/bin")].into_iter().chain(std::env::split_paths(&path));
    folders.map(|folder| folder.join(name)).find(|program| Path::is_file(program))
}

fn installed(packages: &[&str]) -> bool {
    let install: Vec<&str> =
        ["install", "-y", "--no-install-recommends"].iter().chain(packages).copied().collect();
    // A machine that was never asked for packages has no list of them yet.
    is_root() && (apt(&install) || apt(&["update"]) && apt(&install))
}

/// What apt-get says is for whoever runs the test: it stands on the test's standard error.
fn apt(arguments: &[&str]) -> bool {
    Command::new("apt-get")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

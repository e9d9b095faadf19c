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
        let install = ["install", "-y", "--no-install-recommends", "chromium", "chromium-driver"];
        // A machine that was never asked for packages has no list of them yet.
        let installed = is_root() && (apt(&install) || apt(&["update"]) && apt(&install));
        ensure!(installed, MISSING);
        Self::find().context(MISSING)
    }

    fn find() -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders: Vec<PathBuf> =
            [PathBuf::from("/usr/bin")].into_iter().chain(std::env::split_paths(&path)).collect();
        let program = |name: &str| {
            folders.iter().map(|folder| folder.join(name)).find(|program: &PathBuf| Path::is_file(program))
        };
        Some(Self { browser: program("chromium")?, driver: program("chromedriver")? })
    }
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

//! Which program plays the services.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::Context as _;
use kw_domain::ChainName;

const CONFIG: &str = "KW_TESTBED_CONFIG";

type MakeKeys = Arc<dyn Fn(&Path, &ChainName) -> anyhow::Result<()> + Send + Sync>;
type Serve = Arc<dyn Fn(&Path) -> anyhow::Result<Command> + Send + Sync>;

/// How a switchboard is started, and how its keys are made.
#[derive(Clone)]
pub struct Program {
    serve: Serve,
    make_keys: MakeKeys,
}

impl Program {
    /// The test program itself, started again to run only the ignored test `name`, which serves what
    /// [`child_config`] names. A process of its own, with the code under test in it and nothing else to build.
    pub fn this_test(
        name: &'static str,
        make_keys: impl Fn(&Path, &ChainName) -> anyhow::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let serve = move |config: &Path| child_command(name, config);
        Self { serve: Arc::new(serve), make_keys: Arc::new(make_keys) }
    }

    /// The `ketenwijzer` binary.
    pub fn binary(path: PathBuf) -> Self {
        let keys = path.clone();
        let serve = move |config: &Path| {
            let mut command = Command::new(&path);
            command.args(["switchboard", "serve", "--config"]).arg(config);
            Ok(command)
        };
        let make_keys = move |folder: &Path, chain: &ChainName| {
            let made = Command::new(&keys)
                .args(["keys", "init", "switchboard", "--chain", chain.as_str(), "--directory"])
                .arg(folder)
                .output()
                .with_context(|| format!("{} cannot be run", keys.display()))?;
            let said = String::from_utf8_lossy(&made.stderr);
            anyhow::ensure!(made.status.success(), "keys init failed: {said}");
            Ok(())
        };
        Self { serve: Arc::new(serve), make_keys: Arc::new(make_keys) }
    }

    /// Any program: `serve` gives the command for a configuration file.
    pub fn custom(
        serve: impl Fn(&Path) -> anyhow::Result<Command> + Send + Sync + 'static,
        make_keys: impl Fn(&Path, &ChainName) -> anyhow::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self { serve: Arc::new(serve), make_keys: Arc::new(make_keys) }
    }

    pub(crate) fn command(&self, config: &Path) -> anyhow::Result<Command> {
        (self.serve)(config)
    }

    pub(crate) fn make_keys(&self, folder: &Path, chain: &ChainName) -> anyhow::Result<()> {
        (self.make_keys)(folder, chain)
    }
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Program(…)")
    }
}

/// Starts the test program again, to run only the ignored test `name`, which serves what [`child_config`] names.
pub fn child_command(name: &str, config: &Path) -> anyhow::Result<Command> {
    let own = std::env::current_exe().context("the test program is not where it was")?;
    let mut command = Command::new(own);
    command.args(["--ignored", "--exact", "--nocapture", "--test-threads=1", name]).env(CONFIG, config);
    Ok(command)
}

/// In the process that [`Program::this_test`] started: what to serve. Nothing everywhere else.
pub fn child_config() -> Option<PathBuf> {
    std::env::var_os(CONFIG).map(PathBuf::from)
}

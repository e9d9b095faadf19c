//! What the three services have in common on the command line.

use std::path::PathBuf;

use clap::Args;
use rustix::process::{Signal, getpid, kill_process};
use tokio::io::AsyncReadExt as _;

/// How a service is run.
#[derive(Debug, Args)]
pub(crate) struct Serving {
    /// Its configuration file.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// End when standard input closes, as it does when whoever started the service is gone.
    #[arg(long, hide = true)]
    until_stdin_closes: bool,
}

impl Serving {
    /// Watches standard input, if it is to be watched. The end is the orderly one of SIGTERM.
    pub(crate) fn watch(&self) {
        if !self.until_stdin_closes {
            return;
        }
        tokio::spawn(async {
            let mut stdin = tokio::io::stdin();
            let mut ignored = [0; 64];
            while stdin.read(&mut ignored).await.is_ok_and(|read| read > 0) {}
            // Without the right to signal itself no process runs at all.
            let _ = kill_process(getpid(), Signal::TERM);
        });
    }
}

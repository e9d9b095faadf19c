//! What the three services have in common on the command line.

use std::io;
use std::path::PathBuf;
use std::thread;

use clap::Args;
use rustix::process::{Signal, getpid, kill_process};

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
        // A thread of its own, as the read blocks for as long as the service runs.
        thread::spawn(|| {
            let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
            // Without the right to signal itself no process runs at all.
            let _ = kill_process(getpid(), Signal::TERM);
        });
    }
}

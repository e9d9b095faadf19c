//! `audit`: looking at logs from outside, as an auditor, a partner or anybody with a copy.

mod access;
mod policy;

use clap::Subcommand;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// What to look at.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write whom to believe about a log: its key, its witnesses and how many it takes, for programs of others
    /// (C2SP tlog-policy).
    Policy(policy::Arguments),
}

pub(crate) async fn run(command: Command, output: Output) -> Result<Exit, Failure> {
    match command {
        Command::Policy(arguments) => policy::run(&arguments, output),
    }
}

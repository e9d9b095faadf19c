//! The ketenwijzer command: one program for every service and everybody who runs one.
//!
//! Commands are thin: they read arguments, call the crate that does the work, and show what came of it. Data goes to
//! standard output, everything else to standard error; `--json` makes the data JSON; exit codes are in [`exit::Exit`].
#![forbid(unsafe_code)]

mod arguments;
mod asker;
mod commands;
mod exit;
mod failure;
mod output;
mod subject;

use std::process::ExitCode;

use clap::Parser as _;

use arguments::Arguments;
use output::Output;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let output = Output::new(arguments.json);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let failure = failure::Failure::fault(format!("the machine gives no threads: {error}"));
            return output.failed(&failure).into();
        }
    };
    let ended = runtime.block_on(commands::run(arguments.command, &output));
    // What still blocks, a read of standard input for one, must not keep the process.
    runtime.shutdown_background();
    match ended {
        Ok(exit) => exit.into(),
        Err(failure) => output.failed(&failure).into(),
    }
}

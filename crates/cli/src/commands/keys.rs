//! `keys`: made once, rotated while everything runs.

mod init;
pub(crate) mod operator;
mod rotate;

use clap::Subcommand;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make the first keys of a service, and print what goes into the agreement. Never replaces one.
    Init(init::Arguments),
    /// Make the key with which an operator approves wider agreements, and print its public half.
    Operator(operator::Arguments),
    /// Make the next key and take it into use, while the service runs.
    #[command(subcommand)]
    Rotate(rotate::Command),
    /// Destroy an old key of the pseudonymiser: what was evaluated under it can never be evaluated again.
    Retire(rotate::Retire),
}

pub(crate) async fn run(command: Command, output: Output) -> Result<Exit, Failure> {
    match command {
        Command::Init(arguments) => init::run(arguments, output),
        Command::Operator(arguments) => operator::run(&arguments, output),
        Command::Rotate(command) => rotate::run(command, output).await,
        Command::Retire(arguments) => rotate::retire(arguments, output),
    }
}

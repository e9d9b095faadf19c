//! `doctor`.
use std::path::PathBuf;
use clap::Args;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
/// The arguments.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    output.note(&arguments.config.display().to_string());
    Ok(Exit::Done)
}

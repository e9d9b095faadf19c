//! `inzage serve`: runs the pages of inzage until it is told to end.

use clap::Subcommand;
use kw_inzage::{InzageConfig, serve};

use super::serving::Serving;
use crate::exit::Exit;
use crate::failure::Failure;

/// What to do with inzage.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run it until SIGTERM; SIGHUP reloads certificates, revocation lists and the agreement.
    Serve(Serving),
}

pub(crate) async fn run(command: Command) -> Result<Exit, Failure> {
    let Command::Serve(serving) = command;
    let config = InzageConfig::load(&serving.config)?;
    serving.watch();
    serve(config).await.map_err(|error| Failure::service(&error))?;
    Ok(Exit::Done)
}

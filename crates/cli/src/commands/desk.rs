//! `desk serve`: runs the pages of a desk until it is told to end.

use clap::Subcommand;
use kw_desk::{DeskConfig, serve};

use super::serving::Serving;
use crate::exit::Exit;
use crate::failure::Failure;

/// What to do with a desk.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run it until SIGTERM; SIGHUP reloads certificates, revocation lists and the agreement.
    Serve(Serving),
}

pub(crate) async fn run(command: Command) -> Result<Exit, Failure> {
    let Command::Serve(serving) = command;
    let config = DeskConfig::load(&serving.config)?;
    serving.watch();
    serve(config).await.map_err(|error| Failure::service(&error))?;
    Ok(Exit::Done)
}

//! `partner`: runs a partner process, looks at its sources, and tries what it stands on.

mod check;

use clap::Subcommand;
use kw_partner::{PartnerConfig, serve};

use super::conformance;
use super::serving::Serving;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// What to do with a partner process.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look at the configured sources and say field by field what they would register. Registers nothing.
    Check(check::Arguments),
    /// Run it until SIGTERM; SIGHUP reloads certificates, revocation lists, keys and the agreement.
    Serve(Serving),
    /// Look whether its sources, and its adapter where it runs, do what the other partners rely on. Registers nothing.
    Conformance(Box<conformance::Arguments>),
}

pub(crate) async fn run(command: Command, output: Output) -> Result<Exit, Failure> {
    match command {
        Command::Check(arguments) => check::run(arguments, output).await,
        Command::Conformance(arguments) => conformance::run(*arguments, output).await,
        Command::Serve(serving) => {
            let config = PartnerConfig::load(&serving.config)?;
            serving.watch();
            serve(config).await.map_err(|error| Failure::service(&error))?;
            Ok(Exit::Done)
        }
    }
}

//! The partner process that runs with a configuration: its address and token stand there.

use std::path::{Path, PathBuf};

use clap::Args;
use kw_client::{LocalClient, LocalToken};
use kw_partner::PartnerConfig;
use kw_runtime::config::read_secret;

use crate::failure::Failure;

/// Which partner.
#[derive(Debug, Clone, Args)]
pub(crate) struct Partner {
    /// The configuration that the partner runs with.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

impl Partner {
    /// The file.
    pub(crate) fn config(&self) -> &Path {
        &self.config
    }

    /// A client of its local API.
    pub(crate) fn client(&self) -> Result<LocalClient, Failure> {
        client_of(&self.config)
    }
}

pub(super) fn client_of(path: &Path) -> Result<LocalClient, Failure> {
    let config = PartnerConfig::load(path)?;
    if config.local.listen.port() == 0 {
        return Err(Failure::configuration(
            "local.listen has no port of its own, so nobody can know where the partner listens",
            "give it one, 127.0.0.1:9444 for example, and start the partner again",
        ));
    }
    let token = read_secret(&config.local.token_file).map_err(|error| {
        Failure::configuration(
            error,
            "run this as the user of the partner; the partner makes the file at its first start",
        )
    })?;
    let token = LocalToken::parse(&String::from_utf8_lossy(&token))?;
    Ok(LocalClient::new(config.local.listen, token)?)
}

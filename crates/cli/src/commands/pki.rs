//! `pki`: an authority for development, whose certificates have the shape of PKIoverheid's.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use kw_domain::{ChainName, Oin};
use kw_transport::authority::{Authority, AuthorityError, IssueRequest};
use serde_json::json;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// What the authority shall do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make an authority: a root, an issuing authority and their revocation lists.
    Init {
        #[command(flatten)]
        place: Place,
        /// The chain it is for.
        #[arg(long, value_name = "NAME", value_parser = ChainName::parse)]
        chain: ChainName,
    },
    /// Make a key and a certificate for a party.
    Issue {
        #[command(flatten)]
        place: Place,
        /// The party: lower-case letters, digits, hyphens. Its files get this name.
        #[arg(long)]
        name: String,
        /// Its number; it becomes the subject's serialNumber.
        #[arg(long, value_parser = Oin::parse)]
        oin: Oin,
        /// A host name or IP address of its servers; may be repeated.
        #[arg(long = "host", value_name = "HOST", required = true)]
        hosts: Vec<String>,
        /// For how many days.
        #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u64).range(1..=1825))]
        days: u64,
    },
    /// Revoke every certificate of a party, and publish the new lists.
    Revoke {
        #[command(flatten)]
        place: Place,
        /// The party.
        #[arg(long)]
        name: String,
    },
}

/// Where the authority is.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The folder of the authority.
    #[arg(long, value_name = "DIR", default_value = "pki")]
    directory: PathBuf,
}

pub(crate) fn run(command: Command, output: Output) -> Result<Exit, Failure> {
    match command {
        Command::Init { place, chain } => {
            Authority::init(&place.directory, &chain)?;
            let made =
                json!({ "directory": place.directory, "trustAnchors": place.directory.join("ca.pem") });
            output.data(&made, || format!("an authority for {chain} is in {}", place.directory.display()));
        }
        Command::Issue { place, name, oin, hosts, days } => {
            let validity = Duration::from_hours(24 * days);
            let files =
                Authority::open(&place.directory)?.issue(&IssueRequest { name, oin, hosts, validity })?;
            let made = json!({
                "certificate": files.certificate,
                "key": files.key,
                "trustAnchors": files.trust_anchors,
                "revocationLists": files.revocation_lists,
            });
            output.data(&made, || {
                format!(
                    "certificate        {}\nkey                {}\ntrust anchors      {}\nrevocation lists   {}",
                    files.certificate.display(),
                    files.key.display(),
                    files.trust_anchors.display(),
                    files.revocation_lists.display()
                )
            });
        }
        Command::Revoke { place, name } => {
            let revoked = Authority::open(&place.directory)?.revoke(&name)?;
            output.data(&json!({ "revoked": revoked }), || {
                format!("{revoked} revoked; the lists are in {}", place.directory.join("crl.pem").display())
            });
        }
    }
    Ok(Exit::Done)
}

impl From<AuthorityError> for Failure {
    fn from(error: AuthorityError) -> Self {
        let exit = match &error {
            AuthorityError::Host
            | AuthorityError::Name
            | AuthorityError::NoHosts
            | AuthorityError::NotIssued
            | AuthorityError::Validity => Exit::Usage,
            AuthorityError::Crypto(_) | AuthorityError::Entropy => Exit::Fault,
            _ => Exit::Configuration,
        };
        // Its messages say what to do.
        Self::new(exit, error.to_string(), "")
    }
}

//! `keys init`: the first keys of a service.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args, ValueEnum};
use kw_agreement::draft::key_text;
use kw_domain::ChainName;
use kw_protocol::evaluation::PublicKey;
use kw_runtime::Entropy;
use kw_runtime::key_file::{KeyFile, KeyKind};
use kw_runtime::log_key::{self, LogKey};
use serde_json::json;

use crate::commands::agreement;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, note};

/// The arguments.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which_chain").required(true).args(["chain", "agreement"]))]
pub(crate) struct Arguments {
    /// For which service.
    service: Service,
    /// The folder for the keys; made with mode 0700 if it is not there.
    #[arg(long, value_name = "DIR")]
    directory: PathBuf,
    /// The chain, by name.
    #[arg(long, value_name = "NAME", value_parser = ChainName::parse)]
    chain: Option<ChainName>,
    /// The chain, by its agreement.
    #[arg(long, value_name = "FILE")]
    agreement: Option<PathBuf>,
    /// In a folder that has keys of the chain: make only log and witness keys, where it has none. For an installation from
    /// before there were any.
    #[arg(long)]
    missing: bool,
}

/// The services that have keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Service {
    /// Seals what a partner keeps in its database; signs its log, cosigns the switchboard's.
    Partner,
    /// Wraps the keys of dossiers; signs its log; proves the personal environment to the provider.
    Personal,
    /// k_p for both uses; signs its log.
    Pseudonymiser,
    /// k_s, k_tag, k_row and the key that signs grants; signs its log, cosigns the others'.
    Switchboard,
}

/// What was made, and what goes into the agreement.
#[derive(Debug, Default)]
struct Made {
    files: Vec<PathBuf>,
    public: Vec<PublicKey>,
    log: Option<String>,
    /// For the provider: the public half of the key that proves this client (RFC 7517).
    client: Option<serde_json::Value>,
    witness: Option<String>,
}

pub(super) fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let chain = match (&arguments.chain, &arguments.agreement) {
        (Some(chain), _) => chain.clone(),
        (None, Some(file)) => agreement::load(file)?.chain().clone(),
        (None, None) => return Err(Failure::usage("no chain is named", "add --chain or --agreement")),
    };
    let directory = arguments.directory.as_path();
    make_folder(directory)?;
    let upgrades = arguments.missing && !KeyFile::read_all(directory, &chain).map_err(unusable)?.is_empty();
    let mut made = if upgrades {
        let kinds = arguments.service.log_kinds();
        let files = log_key::add_missing(directory, &chain, kinds, &mut Entropy::os()).map_err(unusable)?;
        Made { files, ..Made::default() }
    } else {
        first_keys(arguments.service, directory, &chain)?
    };
    let public = |kind| -> Result<Option<String>, Failure> {
        let key = LogKey::newest(directory, &chain, kind).map_err(unusable)?;
        Ok(key.map(|key| key_text(&key.public())))
    };
    (made.log, made.witness) = (public(KeyKind::Log)?, public(KeyKind::Witness)?);
    let data = json!({
        "files": made.files, "publicKeys": made.public, "logKey": made.log, "witnessKey": made.witness,
        "clientKey": made.client,
    });
    output.data(&data, || readable(arguments.service, &made));
    if !output.is_json() && !made.files.is_empty() {
        note("back these keys up apart from the databases, to other people (docs/operations.md)");
    }
    Ok(Exit::Done)
}

fn first_keys(service: Service, directory: &Path, chain: &ChainName) -> Result<Made, Failure> {
    let mut entropy = Entropy::os();
    let (files, public) = match service {
        Service::Switchboard => {
            (kw_switchboard::init_keys(directory, chain, &entropy).map_err(unusable)?, Vec::new())
        }
        Service::Partner => {
            (kw_partner::keys::init(directory, chain, &mut entropy).map_err(unusable)?, Vec::new())
        }
        Service::Personal => {
            let mut files = kw_personal::keys::init(directory, chain, &mut entropy).map_err(unusable)?;
            let (file, client) = kw_personal::keys::init_client_key(directory).map_err(unusable)?;
            files.push(file);
            return Ok(Made { files, client: Some(client), ..Made::default() });
        }
        Service::Pseudonymiser => {
            let public = kw_pseudonymiser::keys::init(directory, chain, &mut entropy).map_err(unusable)?;
            let file =
                |key: &PublicKey| directory.join(format!("pseudonymiser-{}-{}.key", key.key_use, key.epoch));
            let log = directory.join("log-1.key");
            (public.iter().map(file).chain([log]).collect(), public)
        }
    };
    Ok(Made { files, public, ..Made::default() })
}

impl Service {
    /// The section of the agreement.
    fn section(self) -> &'static str {
        match self {
            Self::Partner | Self::Personal => "[[partners]], at this partner",
            Self::Pseudonymiser => "[pseudonymiser]",
            Self::Switchboard => "[switchboard]",
        }
    }

    fn log_kinds(self) -> &'static [KeyKind] {
        match self {
            Self::Partner | Self::Personal | Self::Switchboard => &[KeyKind::Log, KeyKind::Witness],
            Self::Pseudonymiser => &[KeyKind::Log],
        }
    }
}

/// Public keys as they stand in an agreement.
pub(super) fn for_agreement(public: &[PublicKey]) -> String {
    let entries: Vec<String> = public
        .iter()
        .map(|key| {
            let encoded = key_text(&key.public_key.0);
            format!(
                "[[pseudonymiser.keys]]\nuse = \"{}\"\nepoch = {}\npublic_key = \"{encoded}\"",
                key.key_use, key.epoch
            )
        })
        .collect();
    entries.join("\n\n")
}

/// Keys that cannot be made, read or destroyed.
pub(super) fn unusable(error: impl std::fmt::Display) -> Failure {
    // The errors of keys say what to do.
    Failure::configuration(error, "")
}

fn readable(service: Service, made: &Made) -> String {
    let mut lines: Vec<String> = made.files.iter().map(|file| format!("made {}", file.display())).collect();
    if made.files.is_empty() {
        lines.push("nothing is missing".to_owned());
    }
    lines.push(format!("\nfor the agreement, in {}:\n", service.section()));
    for (field, key) in [("log_key", &made.log), ("witness_key", &made.witness)] {
        lines.extend(key.as_ref().map(|key| format!("{field} = \"{key}\"")));
    }
    if let Some(client) = &made.client {
        lines.push(format!("\nfor the provider, as a key of this client (private_key_jwt):\n\n{client}"));
    }
    if !made.public.is_empty() {
        lines.push(format!("\n{}", for_agreement(&made.public)));
    }
    lines.join("\n")
}

fn make_folder(path: &Path) -> Result<(), Failure> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| {
        Failure::configuration(
            format!("cannot make {}: {error}", path.display()),
            "name a folder that can be made",
        )
    })
}

//! `keys init`: the first keys of a service.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::{ArgGroup, Args, ValueEnum};
use kw_domain::ChainName;
use kw_protocol::evaluation::PublicKey;
use kw_runtime::Entropy;
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
}

/// The services that have keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Service {
    /// Seals what a partner keeps in its database.
    Partner,
    /// k_p for both uses. The public keys are printed, for the agreement.
    Pseudonymiser,
    /// k_s, k_tag, k_row and the key that signs grants.
    Switchboard,
}

pub(super) fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let chain = match (arguments.chain, &arguments.agreement) {
        (Some(chain), _) => chain,
        (None, Some(file)) => agreement::load(file)?.chain().clone(),
        (None, None) => return Err(Failure::usage("no chain is named", "add --chain or --agreement")),
    };
    let directory = arguments.directory.as_path();
    make_folder(directory)?;
    let (files, public) = match arguments.service {
        Service::Switchboard => {
            let files = kw_switchboard::init_keys(directory, &chain, &Entropy::os()).map_err(unusable)?;
            (files, Vec::new())
        }
        Service::Partner => {
            let file = kw_partner::keys::init(directory, &chain, &mut Entropy::os()).map_err(unusable)?;
            (vec![file], Vec::new())
        }
        Service::Pseudonymiser => {
            let public =
                kw_pseudonymiser::keys::init(directory, &chain, &mut Entropy::os()).map_err(unusable)?;
            let file =
                |key: &PublicKey| directory.join(format!("pseudonymiser-{}-{}.key", key.key_use, key.epoch));
            (public.iter().map(file).collect(), public)
        }
    };
    output.data(&json!({ "files": files, "publicKeys": public }), || readable(&files, &public));
    if !output.is_json() {
        note("back these keys up apart from the databases, to other people (docs/operations.md)");
    }
    Ok(Exit::Done)
}

/// Public keys as they stand in an agreement.
pub(super) fn for_agreement(public: &[PublicKey]) -> String {
    let entries: Vec<String> = public
        .iter()
        .map(|key| {
            let encoded = URL_SAFE_NO_PAD.encode(key.public_key.0);
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

fn readable(files: &[PathBuf], public: &[PublicKey]) -> String {
    let mut lines: Vec<String> = files.iter().map(|file| format!("made {}", file.display())).collect();
    if !public.is_empty() {
        lines.push(format!("\nfor the agreement:\n\n{}", for_agreement(public)));
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

//! `keys operator`: the key with which an operator approves wider agreements.

use std::path::{Path, PathBuf};

use clap::Args;
use kw_agreement::draft::key_text;
use kw_runtime::operator_key::{self, OperatorKeyError};
use serde_json::json;
use zeroize::Zeroizing;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// The arguments.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The file to make, with mode 0600. It is never replaced.
    file: PathBuf,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<Exit, Failure> {
    let public = operator_key::make(&arguments.file).map_err(|error| match error {
        OperatorKeyError::Key(_) => Failure::fault(error),
        _ => Failure::configuration(error, "choose another path"),
    })?;
    let public = key_text(&public);
    let report = json!({ "file": arguments.file, "publicKey": public });
    output.data(&report, || {
        format!(
            "{} is the operator's alone. Into the agreement goes:\n\n[[operators]]\nname = \"…\"\nkey = \"{public}\"",
            arguments.file.display()
        )
    });
    Ok(Exit::Done)
}

/// The key in a file that only its owner may read.
pub(crate) fn read(file: &Path) -> Result<Zeroizing<[u8; 32]>, Failure> {
    operator_key::read(file).map_err(|error| {
        let next = match error {
            OperatorKeyError::NoKey { .. } => "make one with `ketenwijzer keys operator`",
            _ => "use the operator's own key file",
        };
        Failure::configuration(error, next)
    })
}

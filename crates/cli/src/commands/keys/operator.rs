//! `keys operator`: the key with which an operator approves wider agreements.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use kw_agreement::draft::key_text;
use kw_agreement::operator_public_key;
use kw_runtime::Entropy;
use kw_runtime::config::{create_secret, read_secret};
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
    let mut seed = Zeroizing::new([0; 32]);
    Entropy::os().fill(seed.as_mut_slice());
    let line =
        Zeroizing::new(format!("{MARK} {}\n", *Zeroizing::new(URL_SAFE_NO_PAD.encode(seed.as_slice()))));
    create_secret(&arguments.file, line.as_bytes())
        .map_err(|error| Failure::configuration(error, "choose another path"))?;
    let public = key_text(&operator_public_key(&seed).map_err(Failure::fault)?);
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
    let line = read_secret(file)
        .map_err(|error| Failure::configuration(error, "use the operator's own key file"))?;
    let mut seed = Zeroizing::new([0; 32]);
    let encoded = std::str::from_utf8(&line).ok().and_then(|line| line.trim_end().strip_prefix(MARK));
    let read = encoded.map(|text| URL_SAFE_NO_PAD.decode_slice(text.trim_start(), seed.as_mut_slice()));
    if !matches!(read, Some(Ok(32))) {
        return Err(Failure::configuration(
            format!("{} is no operator's key", file.display()),
            "make one with `ketenwijzer keys operator`",
        ));
    }
    Ok(seed)
}

const MARK: &str = "ketenwijzer-operator-key-v1";

//! `audit proof`: the proof that an access is in the log, as a file that is checked without the log.

use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;
use kw_logbook::reader::{VerifyError, prove};
use serde_json::json;

use super::access::Access;
use super::receipt::ReceiptFile;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// The arguments.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    access: Access,
    /// The receipt that came with an answer, as JSON.
    #[arg(long, value_name = "FILE")]
    receipt: PathBuf,
    /// Where the proof goes, `….tlog-proof`; it is printed without it.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let config = arguments.access.load()?;
    let receipt = ReceiptFile::read(&arguments.receipt)?;
    let trust = receipt.trust(&config.agreement()?)?;
    let source = receipt.source(&config)?;
    let (proof, signed) = match prove(&source, &trust, &receipt.entry()).await {
        Ok(proved) => proved,
        Err(error) if error.is_verdict() => return Ok(refuted(&error, output)),
        Err(error) => return Err(super::unreadable(error)),
    };
    let text = proof.to_string();
    if let Some(file) = &arguments.out {
        let written = std::fs::File::create(file).and_then(|mut out| out.write_all(text.as_bytes()));
        written.map_err(|error| {
            Failure::configuration(
                format!("cannot write {}: {error}", file.display()),
                "check the path and who may write there",
            )
        })?;
    }
    let checkpoint = signed.checkpoint();
    let data = json!({
        "origin": checkpoint.origin, "index": proof.index, "size": checkpoint.size, "proof": text,
        "file": arguments.out,
    });
    output.data(&data, || match &arguments.out {
        Some(file) => format!(
            "{}: entry {} of {} in its checkpoint of size {}",
            file.display(),
            proof.index,
            checkpoint.origin,
            checkpoint.size
        ),
        None => text.trim_end().to_owned(),
    });
    Ok(Exit::Done)
}

fn refuted(error: &VerifyError, output: Output) -> Exit {
    let reason = error.to_string();
    output.data(&json!({ "verified": false, "reason": reason }), || format!("CANNOT BE PROVED: {reason}"));
    Exit::Negative
}

//! `audit policy`: whom the agreement believes about a log, as a file that programs of others read.

use clap::Args;
use kw_logbook::reader::Trust;
use serde_json::json;

use super::access::{Access, LogName};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// The arguments.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    access: Access,
    /// Whose log: `switchboard`, `pseudonymiser`, or the OIN of a partner.
    #[arg(long, value_name = "LOG", default_value = "switchboard")]
    log: LogName,
}

pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<Exit, Failure> {
    let agreement = arguments.access.load()?.agreement()?;
    let log = arguments.log.identity(&agreement)?;
    let trust = Trust::of(&agreement, &log).map_err(Failure::fault)?;
    let policy = String::from_utf8_lossy(&trust.policy().to_file()).into_owned();
    let data = json!({
        "origin": log.origin,
        "vkey": trust.log().to_string(),
        "quorum": agreement.quorum_for(log.owner),
        "policy": policy,
    });
    output.data(&data, || policy.trim_end().to_owned());
    Ok(Exit::Done)
}

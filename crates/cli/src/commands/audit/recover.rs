//! `audit recover`: a database that was restored from an older copy, and how its log goes on.

use std::sync::Arc;

use clap::Args;
use kw_domain::SystemClock;
use kw_logbook::recovery::{Finding, RecoveryError, RecoveryParts, Survey, recover, survey};
use kw_runtime::{Entropy, SharedAgreement};
use kw_store::OpenError;
use serde_json::{Value, json};

use super::access::Access;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// The arguments.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    access: Access,
    /// Let the log go on under this name, which the agreement has for it already, with a new log key. Without it, nothing is
    /// changed.
    #[arg(long, value_name = "NAME")]
    new_origin: Option<String>,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let config = arguments.access.load()?;
    let clock = Arc::new(SystemClock);
    let agreement = SharedAgreement::load(config.agreement_file(), clock.clone())
        .map_err(|error| Failure::configuration(error, "see `ketenwijzer agreement check FILE`"))?;
    let parts = RecoveryParts {
        agreement,
        clock,
        database: config.database()?.clone(),
        entropy: Entropy::os(),
        keys: config.keys()?.to_owned(),
        settings: config.ledger().clone(),
        tls: config.tls()?,
    };
    let found = survey(&parts).await.map_err(|error| failure(&error))?;
    let Some(name) = arguments.new_origin else {
        output.data(&surveyed(&found), || told(&found));
        return Ok(Exit::of(found.finding == Finding::Whole));
    };
    let recovered = recover(&parts, found, &name).await.map_err(|error| failure(&error))?;
    let data = json!({
        "origin": recovered.origin,
        "carriedOver": recovered.carried,
        "predecessor": recovered.predecessor,
    });
    output.data(&data, || {
        format!(
            "The log goes on as {}. {} entries were carried over; entry {} cites {} with {} entries.\nStart the service, and \
             tell the other parties and the auditors: what was signed beyond the carried entries is in their receipts and \
             copies only.",
            recovered.origin,
            recovered.carried,
            recovered.carried,
            recovered.predecessor.origin,
            recovered.predecessor.size
        )
    });
    Ok(Exit::Done)
}

fn surveyed(found: &Survey) -> Value {
    let newest = found.newest.as_ref().map(|(checkpoint, known_from)| {
        json!({ "size": checkpoint.size, "note": checkpoint.note, "knownFrom": known_from.to_string() })
    });
    let (finding, missing) = match &found.finding {
        Finding::Whole => ("whole", None),
        Finding::Older { missing } => ("older", Some(*missing)),
        Finding::Other { .. } => ("other", None),
    };
    let silent: Vec<_> =
        found.silent.iter().map(|(oin, reason)| json!({ "oin": oin, "reason": reason })).collect();
    json!({
        "origin": found.origin,
        "stored": found.stored,
        "finding": finding,
        "missing": missing,
        "newest": newest,
        "answered": found.answered,
        "silent": silent,
        "needed": found.needed,
        "agreed": found.agreed,
    })
}

fn told(found: &Survey) -> String {
    let Survey { origin, stored, answered, silent, needed, .. } = found;
    let mut lines = vec![format!("The database holds {stored} entries of {origin}.")];
    match &found.newest {
        Some((checkpoint, known_from)) => {
            lines
                .push(format!("The newest checkpoint that is known has {} ({known_from}).", checkpoint.size));
        }
        None => lines.push("No checkpoint of it is known.".to_owned()),
    }
    lines.push(format!("{} witnesses answered; {needed} are needed.", answered.len()));
    lines.extend(silent.iter().map(|(oin, reason)| format!("  {oin} did not: {reason}")));
    lines.push(match &found.finding {
        Finding::Whole => "Nothing that is known to be signed is missing: start the service.".to_owned(),
        Finding::Older { missing } => format!("It lacks the newest {missing}. {NEXT}"),
        Finding::Other { size, known_from } => {
            format!("Its first {size} entries are not those that were signed ({known_from}). {NEXT}")
        }
    });
    lines.join("\n")
}

fn failure(error: &RecoveryError) -> Failure {
    let exit = match error {
        RecoveryError::Open(OpenError::Connection(_))
        | RecoveryError::Silent { .. }
        | RecoveryError::Running => Exit::Unavailable,
        RecoveryError::NothingToRecover
        | RecoveryError::NeverPublished
        | RecoveryError::NameUsed { .. }
        | RecoveryError::SameKey => Exit::Refused,
        RecoveryError::Record(_) => Exit::Fault,
        _ => Exit::Configuration,
    };
    Failure::new(exit, error.to_string(), "see docs/ledger.md, \"Recovery\"")
}

const NEXT: &str = "Restore the newest copy of the database. Where there is none: make a new log key, have the agreement give \
                    this log a new name and that key, and run this again with --new-origin NAME.";

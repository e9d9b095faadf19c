//! `agreement`: check one, compare two, approve and apply the next.

mod apply;
mod approve;
mod changes;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use kw_agreement::draft::key_text;
use kw_agreement::{Agreement, AgreementErrors, LogAccess, LogIdentity, LogOwner, WitnessIdentity};
use kw_domain::Category;
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, table};

/// What to do with an agreement.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Name every mistake, by line and column.
    Check {
        /// The agreement.
        file: PathBuf,
    },
    /// Say who may see more under another agreement, and who less.
    Diff(changes::Arguments),
    /// Approve another agreement, as one of the operators of the one in force.
    Approve(approve::Arguments),
    /// Put another agreement in force. Without --yes it only says what would happen.
    Apply(apply::Arguments),
    /// Print the JSON Schema of agreements, for editors.
    Schema,
}

pub(crate) fn run(command: Command, output: Output) -> Result<Exit, Failure> {
    match command {
        Command::Check { file } => check(&file, output),
        Command::Diff(arguments) => changes::run(&arguments, output),
        Command::Approve(arguments) => approve::run(&arguments, output),
        Command::Apply(arguments) => apply::run(&arguments, output),
        Command::Schema => {
            let schema: Value = serde_json::from_str(kw_agreement::SCHEMA).map_err(Failure::fault)?;
            output.data(&schema, || kw_agreement::SCHEMA.trim_end().to_owned());
            Ok(Exit::Done)
        }
    }
}

fn check(file: &Path, output: Output) -> Result<Exit, Failure> {
    let agreement = match Agreement::parse(&text_of(file)?) {
        Ok(agreement) => agreement,
        Err(errors) => return Ok(show_mistakes(file, &errors, output)),
    };
    let summary = json!({
        "valid": true,
        "chain": agreement.chain().as_str(),
        "hash": agreement.hash(),
        "partners": agreement.partners().count(),
        "logs": logs(&agreement),
        "witnessQuorum": agreement.quorum_for(LogOwner::Switchboard),
        "logAccess": agreement.log_access().as_str(),
        "auditors": agreement.auditors().map(|auditor| auditor.oin).collect::<Vec<_>>(),
        "errors": [],
    });
    output.data(&summary, || readable(&agreement));
    Ok(Exit::Done)
}

/// Reads an agreement that another command needs: mistakes in it are for `agreement check`.
pub(crate) fn load(file: &Path) -> Result<Agreement, Failure> {
    Agreement::parse(&text_of(file)?).map_err(|errors| {
        let count = errors.as_slice().len();
        Failure::configuration(
            format!("{} has {count} {}", file.display(), if count == 1 { "mistake" } else { "mistakes" }),
            format!("ketenwijzer agreement check {}", file.display()),
        )
    })
}

fn text_of(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| {
        Failure::configuration(
            format!("cannot read {}: {error}", file.display()),
            "check the path and who may read it",
        )
    })
}

fn show_mistakes(file: &Path, errors: &AgreementErrors, output: Output) -> Exit {
    let mistakes = errors.as_slice();
    let list: Vec<_> = mistakes
        .iter()
        .map(|error| {
            json!({
                "line": error.line, "column": error.column, "path": error.path,
                "reason": error.reason, "nextStep": error.next_step,
            })
        })
        .collect();
    output.data(&json!({ "valid": false, "errors": list }), || {
        let lines: Vec<String> = mistakes
            .iter()
            .map(|error| {
                let place = format!("{}:{}:{}", file.display(), error.line, error.column);
                format!("{place}: {}: {}\n  next: {}", error.path, error.reason, error.next_step)
            })
            .collect();
        lines.join("\n")
    });
    Exit::Negative
}

fn readable(agreement: &Agreement) -> String {
    let mut partners = table(["partner", "OIN", "kind", "registers"]);
    for partner in agreement.partners() {
        let registers: Vec<&str> = partner.registers.iter().map(Category::as_str).collect();
        partners.add_row([
            partner.name.clone(),
            partner.oin.to_string(),
            partner.kind.to_string(),
            registers.join(", "),
        ]);
    }
    let mut logs = table(["log", "origin", "witnesses", "demanded"]);
    for log in agreement.logs() {
        logs.add_row([
            log.oin.to_string(),
            log.origin,
            agreement.witnesses_of(log.owner).len().to_string(),
            agreement.quorum_for(log.owner).to_string(),
        ]);
    }
    let readers = match agreement.log_access() {
        LogAccess::Anyone => "anyone may read the logs",
        LogAccess::Chain => "the chain may read the logs",
    };
    let auditors: Vec<&str> = agreement.auditors().map(|auditor| auditor.name.as_str()).collect();
    let auditors = if auditors.is_empty() { "none".to_owned() } else { auditors.join(", ") };
    format!(
        "{} is sound\nhash {}\n{partners}\n{logs}\n{readers}; auditors: {auditors}",
        agreement.chain(),
        agreement.hash()
    )
}

/// Every log with who cosigns it.
fn logs(agreement: &Agreement) -> Vec<Value> {
    let witness = |witness: WitnessIdentity| json!({ "oin": witness.oin, "name": witness.name, "key": key_text(&witness.key) });
    let log = |log: LogIdentity| {
        let witnesses: Vec<_> = agreement.witnesses_of(log.owner).into_iter().map(witness).collect();
        json!({
            "oin": log.oin, "origin": log.origin, "key": key_text(&log.key), "witnesses": witnesses,
            "quorum": agreement.quorum_for(log.owner),
        })
    };
    agreement.logs().into_iter().map(log).collect()
}

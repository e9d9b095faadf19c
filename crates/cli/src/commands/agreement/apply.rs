//! `agreement apply`: puts another agreement in the place of the one in force, where services take it up. Without `--yes`
//! it only says what would happen.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use kw_runtime::party::{approvals_file, replace_file};
use serde_json::json;

use super::{approve, changes, load, text_of};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// The arguments.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The agreement that is to come into force; its approvals stand beside it.
    new: PathBuf,
    /// The file that the services read.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Do it. Without this, nothing is changed.
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<Exit, Failure> {
    let new = load(&arguments.new)?;
    let approvals = approve::read(&approvals_file(&arguments.new))?;
    let first = !arguments.to.exists();
    let current = if first { load(&arguments.new)? } else { load(&arguments.to)? };
    let admission = current.admits(&new, &approvals);
    let applied = arguments.yes && admission.is_admitted();
    if applied {
        // The approvals first: a service that looks in between sees approvals of what is not there yet, and goes on.
        write(&approvals_file(&arguments.to), approvals.to_text().as_bytes())?;
        write(&arguments.to, text_of(&arguments.new)?.as_bytes())?;
    }
    let report = json!({
        "before": (!first).then(|| current.hash()), "after": new.hash(), "applied": applied,
        "approvedBy": admission.approved_by, "missing": admission.missing,
        "changes": changes::as_json(&admission.changes),
    });
    output.data(&report, || {
        let outcome = match (applied, admission.missing) {
            (true, _) => format!("In force in {}: services take it up within ten seconds.", arguments.to.display()),
            (false, 0) => "Nothing was changed. With --yes it comes into force.".to_owned(),
            (false, missing) => format!(
                "Nothing was changed: {missing} more of the operators in force have to approve it with `ketenwijzer agreement approve`."
            ),
        };
        let approved: Vec<&str> = admission.approved_by.iter().map(String::as_str).collect();
        let approved = if approved.is_empty() { "nobody".to_owned() } else { approved.join(", ") };
        let what = changes::readable(&current, &new, &admission.changes);
        format!("{what}\n\nApproved by {approved}.\n{outcome}")
    });
    Ok(match (admission.is_admitted(), arguments.yes) {
        (true, _) => Exit::Done,
        (false, true) => Exit::Refused,
        (false, false) => Exit::Negative,
    })
}

fn write(path: &Path, contents: &[u8]) -> Result<(), Failure> {
    // A file that nobody needs is not left behind.
    if contents.is_empty() {
        return match fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(unwritable(path, &error)),
            _ => Ok(()),
        };
    }
    replace_file(path, contents).map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::configuration(format!("cannot write {}: {error}", path.display()), "check who may write there")
}

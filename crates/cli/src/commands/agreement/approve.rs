//! `agreement approve`: an operator signs for the step from the agreement in force to the next.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use kw_agreement::{Approval, Approvals, operator_public_key};
use kw_runtime::party::{approvals_file, replace_file};
use serde_json::json;

use super::changes;
use super::load;
use crate::commands::keys::operator;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// The arguments.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The agreement that is to come into force.
    new: PathBuf,
    /// The agreement in force.
    #[arg(long, value_name = "FILE")]
    current: PathBuf,
    /// The operator who approves, as the agreement in force names them.
    #[arg(long = "as", value_name = "NAME")]
    name: String,
    /// The operator's key, from `keys operator`.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

pub(super) fn run(arguments: &Arguments, output: Output) -> Result<Exit, Failure> {
    let (current, new) = (load(&arguments.current)?, load(&arguments.new)?);
    let seed = operator::read(&arguments.key)?;
    let public = operator_public_key(&seed).map_err(Failure::fault)?;
    let Some(named) = current.operators().iter().find(|operator| operator.name == arguments.name) else {
        return Err(Failure::usage(
            "the agreement in force has no operator of this name",
            "look at [[operators]] in the agreement in force",
        ));
    };
    if named.key != public {
        return Err(Failure::configuration(
            "this is not the key that the agreement in force has for this operator",
            "use the operator's own key file",
        ));
    }
    let file = approvals_file(&arguments.new);
    let mut approvals = read(&file)?;
    approvals.add(Approval::sign(&current, &new, &arguments.name, &seed).map_err(Failure::fault)?);
    replace_file(&file, approvals.to_text().as_bytes()).map_err(|error| {
        Failure::configuration(
            format!("cannot write {}: {error}", file.display()),
            "check who may write there",
        )
    })?;
    let admission = current.admits(&new, &approvals);
    let report = json!({
        "operator": arguments.name, "before": current.hash(), "after": new.hash(), "file": file,
        "approvedBy": admission.approved_by, "missing": admission.missing,
        "changes": changes::as_json(&admission.changes),
    });
    output.data(&report, || {
        let next = match admission.missing {
            0 => "Nothing is missing: `ketenwijzer agreement apply` puts it in force.".to_owned(),
            missing => format!("{missing} more to approve."),
        };
        format!(
            "{}\n\nApproved by {} in {}. {next}",
            changes::readable(&current, &new, &admission.changes),
            arguments.name,
            file.display()
        )
    });
    Ok(Exit::Done)
}

/// The approvals beside a file; none if there is none.
pub(super) fn read(file: &Path) -> Result<Approvals, Failure> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Approvals::default()),
        Err(error) => {
            return Err(Failure::configuration(
                format!("cannot read {}: {error}", file.display()),
                "check the path and who may read it",
            ));
        }
    };
    Approvals::parse(&text).map_err(|error| {
        Failure::configuration(
            format!("{}: {error}", file.display()),
            "remove the file, and let the operators approve again",
        )
    })
}

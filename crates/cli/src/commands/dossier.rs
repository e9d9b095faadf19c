//! `dossier`: the virtual dossier of a person.

use clap::Args;
use kw_protocol::dossier::{Dossier, Section};

use super::asking::Question;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, dossier};

/// The arguments.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    question: Question,
}

/// An incomplete dossier is shown, and is a negative outcome: no script may take it for a whole one.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let request = arguments.question.request()?;
    let found = arguments.question.partner.client()?.dossier(&request).await?;
    output.data(&found, || readable(&found));
    Ok(Exit::of(found.complete))
}

fn readable(found: &Dossier) -> String {
    dossier::readable(found.sections.iter().map(row), &found.differences, found.complete)
}

fn row(section: &Section) -> dossier::Row<'_> {
    dossier::Row {
        holder: &section.holder,
        category: section.category.as_str(),
        status: section.status,
        reason: section.reason.as_deref(),
        as_of: section.as_of.map(|moment| moment.to_string()),
        document: section.document.as_ref(),
        doubted: section.provenance.as_ref().map_or(&[], |one| one.under_investigation.as_slice()),
    }
}

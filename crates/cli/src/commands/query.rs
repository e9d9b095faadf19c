//! `query`: who holds what about a person.

use clap::Args;
use kw_protocol::dossier::Lookup;

use super::asking::Question;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, table};

/// The arguments.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    question: Question,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let request = arguments.question.request()?;
    let lookup = arguments.question.partner.client()?.lookup(&request).await?;
    output.data(&lookup, || readable(&lookup));
    Ok(Exit::Done)
}

fn readable(lookup: &Lookup) -> String {
    if lookup.holders.is_empty() {
        return "no holder is disclosed; policy may withhold others".to_owned();
    }
    let mut holders = table(["holder", "OIN", "category"]);
    for found in &lookup.holders {
        holders.add_row([found.holder.name.as_str(), found.holder.oin.as_str(), found.category.as_str()]);
    }
    format!("{holders}\n\npolicy may withhold others; query {} at {}", lookup.query, lookup.decided_at)
}

//! `relations`: a registrar declares that two people belong together, for family match.
//!
//! People are named on standard input, one number on a line.

use clap::{Args, Subcommand};
use kw_domain::RelationId;
use kw_protocol::matching::{EndRelation, RelationRequest};

use super::local::Partner;
use crate::asker::AskerArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::subject::canonical_bsn;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Declare that two people belong together: one on the first line of standard input, the other on the second.
    Declare(Declare),
    /// End a relation that you declared.
    End(End),
}

/// `relations declare`.
#[derive(Debug, Args)]
pub(crate) struct Declare {
    #[command(flatten)]
    partner: Partner,
    #[command(flatten)]
    asker: AskerArguments,
    /// How they belong together, in a word of yours: parent-child, household.
    #[arg(long, value_name = "WORD")]
    kind: String,
}

/// `relations end`.
#[derive(Debug, Args)]
pub(crate) struct End {
    #[command(flatten)]
    partner: Partner,
    #[command(flatten)]
    asker: AskerArguments,
    /// The relation.
    #[arg(value_name = "ID", value_parser = RelationId::parse)]
    id: RelationId,
}

/// Runs one.
pub(crate) async fn run(command: Command, output: Output) -> Result<Exit, Failure> {
    match command {
        Command::Declare(Declare { partner, asker, kind }) => {
            let actor = asker.actor()?;
            let (one, other) = (person()?, person()?);
            let request = RelationRequest { one, other, kind, actor };
            let declared = partner.client()?.declare_relation(&request).await?;
            output.data(&declared, || format!("relation {} is declared", declared.id));
        }
        Command::End(End { partner, asker, id }) => {
            let end = EndRelation { actor: asker.actor()? };
            let ended = partner.client()?.end_relation(id, &end).await?;
            output.data(&ended, || format!("relation {} ended", ended.id));
        }
    }
    Ok(Exit::Done)
}

/// The next line of standard input: a number is in no history and no process list.
fn person() -> Result<String, Failure> {
    canonical_bsn("-", "the number on standard input")
}

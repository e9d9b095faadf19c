//! `identity-checks`: two people of the holder say whether somebody who pulled means the right person, where a birth date is
//! unknown.

use clap::{Args, Subcommand, ValueEnum};
use kw_domain::IdentityCheckId;
use kw_protocol::identity_check::{
    IdentityCheck, IdentityCheckSearch, IdentityConfirmation, IdentityEvidence, IdentityVerdict,
};

use super::local::Partner;
use crate::asker::AskerArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, table};

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the checks that are kept.
    List(List),
    /// Say that the requester means the person of the record. It takes two people.
    Confirm(Word),
    /// Say that the requester means somebody else, or that it cannot be told. That ends the check.
    Deny(Word),
}

/// Which checks.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    partner: Partner,
    /// Only those that wait for somebody.
    #[arg(long)]
    waiting: bool,
}

/// One person's word.
#[derive(Debug, Args)]
pub(crate) struct Word {
    #[command(flatten)]
    partner: Partner,
    /// The check.
    #[arg(value_name = "ID", value_parser = check_id)]
    id: IdentityCheckId,
    #[command(flatten)]
    asker: AskerArguments,
    /// What your word rests on.
    #[arg(long, value_enum)]
    evidence: Evidence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Evidence {
    /// The requester was called, on a number known before.
    AskerCalled,
    /// An identity document was seen.
    DocumentSeen,
    /// The population register was consulted.
    RegisterConsulted,
}

pub(crate) async fn run(command: Command, output: Output) -> Result<Exit, Failure> {
    match command {
        Command::List(arguments) => {
            let search = IdentityCheckSearch { waiting: arguments.waiting };
            let found = arguments.partner.client()?.identity_checks(&search).await?;
            output.data(&found, || listed(&found.checks));
        }
        Command::Confirm(word) => tell(word, IdentityVerdict::SamePerson, output).await?,
        Command::Deny(word) => tell(word, IdentityVerdict::OtherPerson, output).await?,
    }
    Ok(Exit::Done)
}

async fn tell(word: Word, verdict: IdentityVerdict, output: Output) -> Result<(), Failure> {
    let evidence = match word.evidence {
        Evidence::AskerCalled => IdentityEvidence::AskerCalled,
        Evidence::DocumentSeen => IdentityEvidence::DocumentSeen,
        Evidence::RegisterConsulted => IdentityEvidence::RegisterConsulted,
    };
    let confirmation = IdentityConfirmation { actor: word.asker.actor()?, verdict, evidence };
    let check = word.partner.client()?.confirm_identity(word.id, &confirmation).await?;
    output.data(&check, || format!("{}: {}", check.id, check.status.as_str()));
    Ok(())
}

fn listed(checks: &[IdentityCheck]) -> String {
    let mut table = table(["check", "status", "record", "category", "requester", "purpose", "until"]);
    for check in checks {
        let record = check.record.as_ref().map(|record| format!("{} {}", record.source, record.key));
        table.add_row([
            check.id.to_string(),
            check.status.as_str().to_owned(),
            record.unwrap_or_else(|| "gone".to_owned()),
            check.category.to_string(),
            check.requester.to_string(),
            check.purpose.to_string(),
            check.expires_at.to_string(),
        ]);
    }
    table.to_string()
}

fn check_id(text: &str) -> Result<IdentityCheckId, String> {
    text.parse().map_err(|_| "a check's id is a UUID".to_owned())
}

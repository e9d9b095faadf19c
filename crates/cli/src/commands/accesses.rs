//! `accesses`: what somebody looked up themselves, from their own organisation's log.

use clap::Args;
use kw_domain::{ActorId, CaseReference, Category, Purpose, Role};
use kw_protocol::local::accesses::{OwnAccess, OwnAccessSearch};
use kw_protocol::query::{Actor, Assurance, RelationBasis};

use super::local::Partner;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, escaped, table};

/// Whose accesses, and how many.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    partner: Partner,
    /// Who you are, as your organisation knows you.
    #[arg(long, value_name = "ID", value_parser = ActorId::parse)]
    actor: ActorId,
    /// What you are to your organisation.
    #[arg(long, value_parser = Role::parse)]
    role: Role,
    /// At most so many, newest first.
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
    /// Go on from where an earlier call ended: its `nextCursor`.
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let Arguments { partner, actor, role, limit, cursor } = arguments;
    let actor = Actor { id: actor, role, assurance: Assurance::Asserted, proof: None };
    let page = partner.client()?.own_accesses(&OwnAccessSearch { actor, cursor, limit: Some(limit) }).await?;
    output.data(&page, || {
        let more = page.next_cursor.as_ref().map(|cursor| format!("\nolder ones: --cursor {cursor}"));
        format!("{}{}", rows(&page.accesses), more.unwrap_or_default())
    });
    Ok(Exit::Done)
}

fn rows(accesses: &[OwnAccess]) -> String {
    if accesses.is_empty() {
        return "nothing was looked up".to_owned();
    }
    let mut table =
        table(["when", "what", "role", "purpose", "case", "ground", "reason", "categories", "result"]);
    for access in accesses {
        let categories: Vec<&str> = access.categories.iter().map(Category::as_str).collect();
        table.add_row([
            access.at.to_string().as_str(),
            &access.event,
            access.role.as_str(),
            access.purpose.as_ref().map_or("", Purpose::as_str),
            access.case.as_ref().map_or("", CaseReference::as_str),
            access.ground.map_or("", RelationBasis::as_str),
            &access.reason.as_deref().map(escaped).unwrap_or_default(),
            &categories.join(" "),
            &access.result,
        ]);
    }
    table.to_string()
}

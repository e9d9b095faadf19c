//! `delegations`: which software supplier may act for this partner.

use clap::{Args, Subcommand};
use kw_domain::{ActorId, DelegationId, Instant, Oin, Role};
use kw_protocol::delegation::{
    ApproveDelegation, Delegation, DelegationScope, DelegationStatus, EndDelegation, RequestDelegation,
};
use kw_protocol::query::{Actor, Assurance};

use super::local::Partner;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, table};

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the mandates that this partner gave, or was given.
    List(Partner),
    /// Ask that a supplier may act for this partner. Two people approve.
    Request(RequestArguments),
    /// Approve a mandate, as one of two people.
    Approve(OneArguments),
    /// End a mandate at once.
    End(OneArguments),
}

/// Who does it.
#[derive(Debug, Args)]
pub(crate) struct Person {
    /// Who does it, as the organisation knows them.
    #[arg(long, value_name = "ID", value_parser = ActorId::parse)]
    actor: ActorId,
    /// What they are to the organisation.
    #[arg(long, value_parser = Role::parse)]
    role: Role,
}

/// A new mandate.
#[derive(Debug, Args)]
pub(crate) struct RequestArguments {
    #[command(flatten)]
    partner: Partner,
    #[command(flatten)]
    person: Person,
    /// Which supplier.
    #[arg(long, value_name = "OIN", value_parser = Oin::parse)]
    supplier: Oin,
    /// What it may do: answer, query, register.
    #[arg(long, value_name = "SCOPE", required = true, value_delimiter = ',', value_parser = scope)]
    scopes: Vec<DelegationScope>,
    /// Until then: 2027-01-31T00:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = Instant::parse)]
    until: Instant,
}

/// A mandate that is there.
#[derive(Debug, Args)]
pub(crate) struct OneArguments {
    #[command(flatten)]
    partner: Partner,
    #[command(flatten)]
    person: Person,
    /// Which mandate.
    #[arg(value_name = "ID", value_parser = id)]
    delegation: DelegationId,
}

impl Person {
    fn actor(self) -> Actor {
        Actor { id: self.actor, role: self.role, assurance: Assurance::Asserted, proof: None }
    }
}

pub(crate) async fn run(command: Command, output: Output) -> Result<Exit, Failure> {
    let done = match command {
        Command::List(partner) => {
            let found = partner.client()?.delegations().await?;
            output.data(&found, || listed(&found.delegations));
            return Ok(Exit::Done);
        }
        Command::Request(RequestArguments { partner, person, supplier, scopes, until }) => {
            let asked = RequestDelegation { supplier, scopes, valid_until: until, actor: person.actor() };
            partner.client()?.request_delegation(&asked).await?
        }
        Command::Approve(OneArguments { partner, person, delegation }) => {
            let approval = ApproveDelegation { actor: person.actor() };
            partner.client()?.approve_delegation(delegation, &approval).await?
        }
        Command::End(OneArguments { partner, person, delegation }) => {
            let end = EndDelegation { actor: person.actor() };
            partner.client()?.end_delegation(delegation, &end).await?
        }
    };
    output.data(&done, || listed(std::slice::from_ref(&done)));
    Ok(Exit::Done)
}

fn listed(delegations: &[Delegation]) -> String {
    let mut rows = table(["mandate", "for", "supplier", "may", "status", "approvals", "until"]);
    for one in delegations {
        let scopes: Vec<_> = one.scopes.iter().map(|scope| scope.as_str()).collect();
        rows.add_row([
            one.id.to_string(),
            one.principal.to_string(),
            one.supplier.to_string(),
            scopes.join(", "),
            status(one.status).to_owned(),
            one.approvals.to_string(),
            one.valid_until.to_string(),
        ]);
    }
    rows.to_string()
}

fn status(status: DelegationStatus) -> &'static str {
    match status {
        DelegationStatus::Active => "active",
        DelegationStatus::Ended => "ended",
        DelegationStatus::Expired => "expired",
        DelegationStatus::Requested => "requested",
    }
}

fn scope(text: &str) -> Result<DelegationScope, String> {
    DelegationScope::parse(text).ok_or_else(|| "write answer, query or register".to_owned())
}

fn id(text: &str) -> Result<DelegationId, String> {
    text.parse().map_err(|_| "a mandate's id is a UUID".to_owned())
}

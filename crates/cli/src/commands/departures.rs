//! `departures`: this partner leaves the chain, hands its work over, or takes another's over.

use std::path::Path;

use clap::{Args, Subcommand};
use kw_client::SwitchboardClient;
use kw_domain::{ActorId, DepartureId, Oin, Role};
use kw_protocol::departure::{Departure, DepartureAct, DepartureStatus, Departures, RequestDeparture};
use kw_protocol::query::{Actor, Assurance};

use super::audit::access::AuditConfig;
use super::audit::context;
use super::local::Partner;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, table};

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the departures that concern this partner, and partners that left or vanished.
    List(ListArguments),
    /// Show one departure, with its report: who decided, and what became of the pointers.
    Show(ShowArguments),
    /// Ask to leave the chain. Two people approve, and a successor consents.
    Request(RequestArguments),
    /// Approve the departure of this partner, as one of two people, or consent to take another's work over.
    Approve(OneArguments),
    /// Withdraw what the successor has not taken over, and close the departure.
    Finish(OneArguments),
    /// Call a departure off, or come back after one.
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

/// Who looks.
#[derive(Debug, Args)]
pub(crate) struct Reader {
    #[command(flatten)]
    partner: Partner,
    /// Ask the switchboard itself, with the certificate of the configuration: as an auditor, or as the operator of the switchboard.
    #[arg(long)]
    direct: bool,
}

/// All departures.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    reader: Reader,
}

/// Which departure.
#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    #[command(flatten)]
    reader: Reader,
    /// Which departure.
    #[arg(value_name = "ID", value_parser = id)]
    departure: DepartureId,
}

/// A new departure.
#[derive(Debug, Args)]
pub(crate) struct RequestArguments {
    #[command(flatten)]
    partner: Partner,
    #[command(flatten)]
    person: Person,
    #[command(flatten)]
    how: How,
}

/// What becomes of the work.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct How {
    /// Who takes the work over.
    #[arg(long, value_name = "OIN", value_parser = Oin::parse)]
    to: Option<Oin>,
    /// Nobody does: every pointer is withdrawn.
    #[arg(long)]
    withdraw: bool,
}

/// A departure that is there.
#[derive(Debug, Args)]
pub(crate) struct OneArguments {
    #[command(flatten)]
    partner: Partner,
    #[command(flatten)]
    person: Person,
    /// Which departure.
    #[arg(value_name = "ID", value_parser = id)]
    departure: DepartureId,
}

impl Reader {
    async fn departures(self) -> Result<Departures, Failure> {
        if self.direct {
            Ok(self.switchboard()?.departures().await?)
        } else {
            Ok(self.partner.client()?.departures().await?)
        }
    }

    async fn departure(self, id: DepartureId) -> Result<Departure, Failure> {
        if self.direct {
            Ok(self.switchboard()?.departure(id).await?)
        } else {
            Ok(self.partner.client()?.departure(id).await?)
        }
    }

    fn switchboard(&self) -> Result<SwitchboardClient, Failure> {
        let config = AuditConfig::load(self.partner.config())?;
        Ok(SwitchboardClient::new(&config.tls()?, &config.agreement()?, context())?)
    }
}

impl Person {
    fn actor(self) -> Actor {
        Actor { id: self.actor, role: self.role, assurance: Assurance::Asserted, proof: None }
    }

    fn act(self) -> DepartureAct {
        DepartureAct { actor: self.actor() }
    }
}

pub(crate) async fn run(command: Command, output: Output) -> Result<Exit, Failure> {
    let own = command.own_config().map(Path::to_owned);
    let done = match command {
        Command::List(ListArguments { reader }) => {
            let found = reader.departures().await?;
            output.data(&found, || listed(&found.departures));
            return Ok(Exit::Done);
        }
        Command::Show(ShowArguments { reader, departure }) => reader.departure(departure).await?,
        Command::Request(RequestArguments { partner, person, how }) => {
            let asked = RequestDeparture { successor: how.to, actor: person.actor() };
            partner.client()?.request_departure(&asked).await?
        }
        Command::Approve(OneArguments { partner, person, departure }) => {
            partner.client()?.approve_departure(departure, &person.act()).await?
        }
        Command::Finish(OneArguments { partner, person, departure }) => {
            partner.client()?.finish_departure(departure, &person.act()).await?
        }
        Command::End(OneArguments { partner, person, departure }) => {
            partner.client()?.end_departure(departure, &person.act()).await?
        }
    };
    let lost = own.map(|config| not_taken_over(&config, &done)).transpose()?.unwrap_or_default();
    output.data(&done, || format!("{}{lost}", shown(&done)));
    Ok(Exit::Done)
}

impl Command {
    /// The configuration of the partner that asks for a departure or approves one.
    fn own_config(&self) -> Option<&Path> {
        match self {
            Self::Request(RequestArguments { partner, .. }) | Self::Approve(OneArguments { partner, .. }) => {
                Some(partner.config())
            }
            Self::List(_) | Self::Show(_) | Self::Finish(_) | Self::End(_) => None,
        }
    }
}

/// A warning about what the agreement does not let the successor register; nothing when there is none.
fn not_taken_over(config: &Path, departure: &Departure) -> Result<String, Failure> {
    let Some(successor) = departure.successor else { return Ok(String::new()) };
    let agreement = AuditConfig::load(config)?.agreement()?;
    let lost: Vec<String> = agreement
        .categories()
        .map(|(category, _)| category)
        .filter(|category| agreement.may_register(departure.party, category))
        .filter(|category| !agreement.may_register(successor, category))
        .map(ToString::to_string)
        .collect();
    if lost.is_empty() {
        return Ok(String::new());
    }
    Ok(format!(
        "\nWARNING: the agreement does not let {successor} register {}: nobody takes those pointers over",
        lost.join(", ")
    ))
}

fn listed(departures: &[Departure]) -> String {
    let mut rows = table(["departure", "partner", "kind", "successor", "status", "asked or noticed"]);
    for one in departures {
        rows.add_row([
            one.id.to_string(),
            one.party.to_string(),
            one.kind.as_str().to_owned(),
            one.successor.map(|successor| successor.to_string()).unwrap_or_default(),
            one.status.as_str().to_owned(),
            one.requested_at.to_string(),
        ]);
    }
    rows.to_string()
}

fn shown(departure: &Departure) -> String {
    let mut text = listed(std::slice::from_ref(departure));
    for (what, at) in [
        ("in effect since", departure.effective_at),
        ("finished at", departure.finished_at),
        ("ended at", departure.ended_at),
    ] {
        if let Some(at) = at {
            text = format!("{text}\n{what} {at}");
        }
    }
    let Some(report) = &departure.report else { return text };
    if let Some(who) = &report.requested_by {
        text = format!("{text}\nasked for by {who}");
    }
    for approval in &report.approvals {
        text = format!("{text}\napproved by {} of {} at {}", approval.actor, approval.party, approval.at);
    }
    let mut rows =
        table(["category", "held", "taken over", "withdrawn or lapsed", "ended otherwise", "still there"]);
    let counted = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    for one in &report.categories {
        rows.add_row([
            one.category.to_string(),
            counted(one.held),
            one.transferred.to_string(),
            one.withdrawn.to_string(),
            counted(one.otherwise),
            one.remaining.to_string(),
        ]);
    }
    if departure.status == DepartureStatus::Requested {
        text = format!("{text}\nNothing happens before every approval is there.");
    }
    format!("{text}\n{rows}")
}

fn id(text: &str) -> Result<DepartureId, String> {
    text.parse().map_err(|_| "a departure's id is a UUID".to_owned())
}

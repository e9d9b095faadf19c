//! `objections`: against being found at a holder that registers by law, by way of the partner that runs here.

use clap::{ArgGroup, Args, Subcommand};
use kw_domain::{ActorId, Category, ObjectionId, Oin, Role};
use kw_protocol::local::choices::{ObjectionDecisionRequest, ObjectionRequest, ObjectionSearchRequest};
use kw_protocol::objection::{Objection, ObjectionReason, ObjectionVerdict};

use super::consents::{Declared, asserted};
use super::local::Partner;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::subject::{OptionalSubject, SubjectArguments};

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Pass on that a person objects.
    Submit(Submit),
    /// Show the objections to your own registrations, or of one person.
    List(List),
    /// Decide on an objection to your own registration.
    Decide(Decide),
}

/// The arguments of `submit`.
#[derive(Debug, Args)]
pub(crate) struct Submit {
    #[command(flatten)]
    partner: Partner,
    #[command(flatten)]
    subject: SubjectArguments,
    /// To being found at this holder.
    #[arg(long, value_name = "OIN", value_parser = Oin::parse)]
    holder: Oin,
    /// In this kind of data.
    #[arg(long, value_parser = Category::parse)]
    category: Category,
    /// Why: incorrect, not-necessary, personal-situation or unlawful.
    #[arg(long, value_parser = reason)]
    reason: ObjectionReason,
    #[command(flatten)]
    declared: Declared,
}

/// The arguments of `list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    partner: Partner,
    #[command(flatten)]
    subject: OptionalSubject,
    /// Those that are decided as well.
    #[arg(long)]
    decided: bool,
    /// Only those after this one: a list has 100 at most.
    #[arg(long, value_name = "ID", value_parser = objection)]
    after: Option<ObjectionId>,
}

/// The arguments of `decide`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("verdict").required(true).multiple(false).args(["upheld", "rejected"]))]
pub(crate) struct Decide {
    #[command(flatten)]
    partner: Partner,
    /// The objection.
    #[arg(value_name = "ID", value_parser = objection)]
    id: ObjectionId,
    /// The person is not found with you any more.
    #[arg(long)]
    upheld: bool,
    /// The registration stays.
    #[arg(long)]
    rejected: bool,
    /// Why, in words for the person, without data about the person.
    #[arg(long, value_name = "TEXT")]
    reasons: String,
    /// Who decides.
    #[arg(long, value_name = "ID", value_parser = ActorId::parse)]
    actor: ActorId,
    /// What that person is to your organisation.
    #[arg(long, value_parser = Role::parse)]
    role: Role,
}

pub(crate) async fn run(command: Command, output: Output) -> Result<Exit, Failure> {
    match command {
        Command::Submit(arguments) => {
            let request = ObjectionRequest {
                subject: arguments.subject.canonical()?,
                holder: arguments.holder,
                category: arguments.category,
                declared: arguments.declared.read()?,
                reason: arguments.reason,
            };
            let taken = arguments.partner.client()?.submit_objection(&request).await?;
            output.data(&taken, || format!("passed on\n{}", line(&taken)));
        }
        Command::List(arguments) => {
            let request = ObjectionSearchRequest {
                subject: arguments.subject.canonical()?,
                decided: arguments.decided,
                after: arguments.after,
            };
            let found = arguments.partner.client()?.search_objections(&request).await?;
            output.data(&found, || {
                let lines: Vec<String> = found.objections.iter().map(line).collect();
                if lines.is_empty() { "no objections".to_owned() } else { lines.join("\n") }
            });
        }
        Command::Decide(arguments) => {
            let verdict =
                if arguments.upheld { ObjectionVerdict::Upheld } else { ObjectionVerdict::Rejected };
            let request = ObjectionDecisionRequest {
                verdict,
                reasons: arguments.reasons,
                actor: asserted(arguments.actor, arguments.role),
            };
            let decided = arguments.partner.client()?.decide_objection(arguments.id, &request).await?;
            output.data(&decided, || format!("decided\n{}", line(&decided)));
        }
    }
    Ok(Exit::Done)
}

fn line(objection: &Objection) -> String {
    let decided = objection
        .decided_at
        .map_or_else(|| format!("to be decided by {}", objection.due_at), |at| format!("decided {at}"));
    format!(
        "{}  {}  holder: {}  category: {}  reason: {}  {decided}",
        objection.id,
        objection.state.as_str(),
        objection.holder,
        objection.category,
        objection.reason.as_str(),
    )
}

fn reason(text: &str) -> Result<ObjectionReason, String> {
    ObjectionReason::parse(text).ok_or_else(|| {
        let words: Vec<_> = ObjectionReason::ALL.iter().map(|one| one.as_str()).collect();
        format!("write one of {}", words.join(", "))
    })
}

fn objection(text: &str) -> Result<ObjectionId, String> {
    text.parse().map_err(|_| "an objection's id is a UUID; objections list shows it".to_owned())
}

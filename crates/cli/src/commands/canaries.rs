//! `canaries`: subjects that nobody is, by which a partner sees whether the index leaves somebody out.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use clap::Subcommand;
use kw_domain::{CanaryId, Category};
use kw_protocol::local::canaries::{
    AskCanaries, Canaries, CanariesAsked, CanaryOutcome, CanaryState, ImportCanaries, MakeCanary,
    RetireCanary,
};

use super::local::Partner;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, table};

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show them. One that is missing is a negative outcome.
    List {
        #[command(flatten)]
        partner: Partner,
    },
    /// Make one more, beside those that the partner keeps by itself. The next sync registers it.
    Make {
        #[command(flatten)]
        partner: Partner,
        /// In which category.
        #[arg(long, value_parser = Category::parse)]
        category: Category,
    },
    /// Ask the index for them now, within the day's budget. One that is missing is a negative outcome.
    Ask {
        #[command(flatten)]
        partner: Partner,
        /// Only these; all without it.
        #[arg(value_name = "ID")]
        ids: Vec<CanaryId>,
    },
    /// Write the own ones into a file for another partner. Do not show it to whoever runs the index.
    Export {
        #[command(flatten)]
        partner: Partner,
        /// A new file, which only you can read.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Take over what another partner exported, and ask for those as well.
    Import {
        #[command(flatten)]
        partner: Partner,
        /// The other partner's file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Register an own pointer about each of them too, in this category: then no question about them waits for a reviewer.
        #[arg(long, value_name = "CATEGORY", value_parser = Category::parse)]
        register_as: Option<Category>,
    },
    /// Let one end before its time. The next sync withdraws it.
    Retire {
        #[command(flatten)]
        partner: Partner,
        /// Which.
        #[arg(value_name = "ID")]
        id: CanaryId,
        /// Also when other partners were told of it, and will miss it.
        #[arg(long)]
        anyway: bool,
    },
}

pub(crate) async fn run(command: Command, output: Output) -> Result<Exit, Failure> {
    match command {
        Command::List { partner } => Ok(show(&partner.client()?.canaries().await?, output)),
        Command::Make { partner, category } => {
            show(&partner.client()?.make_canary(&MakeCanary { category }).await?, output);
            Ok(Exit::Done)
        }
        Command::Ask { partner, ids } => {
            let asked = partner.client()?.ask_canaries(&AskCanaries { ids }).await?;
            output.data(&asked, || answers(&asked));
            let missed = asked.answers.iter().any(|answer| answer.missed);
            // A look that saw nothing is not a good one.
            let blind = !asked.answers.is_empty()
                && asked.answers.iter().all(|answer| answer.outcome == CanaryOutcome::NotAsked);
            Ok(Exit::of(!missed && !blind))
        }
        Command::Export { partner, to } => {
            let file = partner.client()?.export_canaries().await?;
            let text = serde_json::to_vec_pretty(&file).map_err(Failure::fault)?;
            let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&to);
            opened.and_then(|mut opened| opened.write_all(&text)).map_err(|error| {
                Failure::configuration(
                    format!("{} cannot be written: {error}", to.display()),
                    "name a new file",
                )
            })?;
            let count = file.canaries.len();
            output.data(&serde_json::json!({ "exported": count }), || {
                format!(
                    "{count} canaries are in {}: give it to the other partner, and to nobody else",
                    to.display()
                )
            });
            Ok(Exit::Done)
        }
        Command::Import { partner, file, register_as } => {
            let wrong = |what: String| Failure::usage(what, "give the file that another partner exported");
            let text = fs::read(&file).map_err(|error| wrong(format!("{}: {error}", file.display())))?;
            // What is wrong with it is not repeated: it holds subjects.
            let file = serde_json::from_slice(&text)
                .map_err(|_| wrong(format!("{} is no file of canaries", file.display())))?;
            let done = partner.client()?.import_canaries(&ImportCanaries { file, register_as }).await?;
            output.data(&done, || format!("{} are new, {} were known", done.imported, done.known));
            Ok(Exit::Done)
        }
        Command::Retire { partner, id, anyway } => {
            show(&partner.client()?.retire_canary(id, &RetireCanary { anyway }).await?, output);
            Ok(Exit::Done)
        }
    }
}

fn show(canaries: &Canaries, output: Output) -> Exit {
    output.data(canaries, || {
        let mut rows = table(["id", "holder", "category", "state", "ends", "asked", "missing since"]);
        let moment = |at: Option<kw_domain::Instant>| at.map_or_else(|| "-".to_owned(), |at| at.to_string());
        for one in &canaries.canaries {
            let state = match one.state {
                CanaryState::Live => "live",
                CanaryState::Missed => "missing",
                CanaryState::Retired => "ending",
                CanaryState::Waiting => "not registered yet",
            };
            rows.add_row([
                one.id.to_string(),
                one.holder.to_string(),
                one.category.to_string(),
                state.to_owned(),
                one.ends_at.to_string(),
                moment(one.asked_at),
                moment(one.missed_at),
            ]);
        }
        let problem =
            canaries.problem.as_ref().map_or_else(String::new, |why| format!("\nnothing is asked: {why}"));
        format!("{rows}\n{} of {} questions in the last 24 hours{problem}", canaries.asked, canaries.budget)
    });
    Exit::of(!canaries.canaries.iter().any(|one| one.state == CanaryState::Missed))
}

fn answers(asked: &CanariesAsked) -> String {
    let mut rows = table(["id", "outcome", "missing", "why"]);
    for answer in &asked.answers {
        let outcome = match answer.outcome {
            CanaryOutcome::Found => "found",
            CanaryOutcome::NotFound => "not found",
            CanaryOutcome::NotAsked => "not asked",
            CanaryOutcome::Unanswered => "no answer",
        };
        let missing = if answer.missed { "yes" } else { "no" };
        rows.add_row([
            &answer.id.to_string(),
            outcome,
            missing,
            answer.reason.as_deref().unwrap_or_default(),
        ]);
    }
    let left_out = match asked.left_out {
        0 => String::new(),
        some => format!("\n{some} were left out: the day's budget is used up"),
    };
    format!("{rows}{left_out}")
}

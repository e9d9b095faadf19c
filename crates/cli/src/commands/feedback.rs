//! `feedback`: doubt a value at a holder, and follow what becomes of it, by way of the partner that runs here.

mod draft;
pub(crate) mod received;
mod report;

use clap::{Args, Subcommand};
use kw_domain::FeedbackId;
use kw_protocol::feedback::{AnnotateFeedback, FeedbackStatus, NewAnnotation};
use kw_protocol::local::feedback::{FeedbackDelivery, SentReport, SentSearch, WithdrawReport};

use super::local::Partner;
use crate::asker::AskerArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, escaped, table};

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Doubt a value at a holder: from a dossier, or named by hand.
    Report(Box<report::Arguments>),
    /// List the reports of your own people, newest first.
    List(List),
    /// Show one report, as its holder has it now.
    Show(One),
    /// Take a report back.
    Withdraw(Said),
    /// Say something more about a report to its holder.
    Annotate(Said),
    /// List your own pulls in which a value was wrong: ask anew for whom they were.
    Corrections(Own),
    /// Look at the reports that others sent, and say what becomes of them.
    #[command(subcommand)]
    Received(received::Command),
}

/// The arguments of `list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    partner: Partner,
    /// Those that your people sent; this is what is listed without it as well.
    #[arg(long)]
    sent: bool,
    /// Only with this status at the holder.
    #[arg(long, value_parser = status)]
    status: Option<FeedbackStatus>,
    /// Only that far on their way: delivered, given-up, refused or waiting.
    #[arg(long, value_parser = delivery)]
    delivery: Option<FeedbackDelivery>,
    /// Only with this reference of your own.
    #[arg(long)]
    reference: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=500))]
    limit: u32,
}

/// The arguments of `show`.
#[derive(Debug, Args)]
pub(crate) struct One {
    #[command(flatten)]
    partner: Partner,
    /// The report.
    #[arg(value_name = "ID", value_parser = report_id)]
    id: FeedbackId,
}

/// The arguments of `withdraw` and `annotate`.
#[derive(Debug, Args)]
pub(crate) struct Said {
    #[command(flatten)]
    one: One,
    #[command(flatten)]
    asker: AskerArguments,
    /// In your own words, for the holder.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

/// The arguments of what needs no others.
#[derive(Debug, Args)]
pub(crate) struct Own {
    #[command(flatten)]
    partner: Partner,
}

pub(crate) async fn run(command: Command, output: Output) -> Result<Exit, Failure> {
    match command {
        Command::Received(command) => return received::run(command, output).await,
        Command::Report(arguments) => {
            let request = arguments.request()?;
            let sent = arguments.question.partner.client()?.report_feedback(&request).await?;
            output.data(&sent, || one(&sent));
        }
        Command::List(arguments) => {
            let search = SentSearch {
                status: arguments.status,
                delivery: arguments.delivery,
                reference: arguments.reference,
                limit: Some(arguments.limit),
            };
            let found = arguments.partner.client()?.sent_feedback(&search).await?;
            output.data(&found, || rows(&found.reports));
        }
        Command::Show(arguments) => {
            let found = arguments.partner.client()?.sent_report(arguments.id).await?;
            output.data(&found, || one(&found));
        }
        Command::Withdraw(said) => {
            let request = WithdrawReport { actor: said.asker.actor()?, note: said.note };
            let taken = said.one.partner.client()?.withdraw_report(said.one.id, &request).await?;
            output.data(&taken, || one(&taken));
        }
        Command::Annotate(said) => {
            let note = said.note.ok_or_else(|| Failure::usage("there is nothing to say", "add --note"))?;
            let annotation = NewAnnotation { note: Some(note), ..NewAnnotation::default() };
            let request = AnnotateFeedback { actor: said.asker.actor()?, annotation };
            let noted = said.one.partner.client()?.annotate_report(said.one.id, &request).await?;
            output.data(&noted, || one(&noted));
        }
        Command::Corrections(own) => {
            let found = own.partner.client()?.corrections().await?;
            output.data(&found, || {
                if found.corrections.is_empty() {
                    return "nothing was corrected".to_owned();
                }
                let mut table = table(["own pull", "case", "asked by", "holder", "category", "corrected"]);
                for one in &found.corrections {
                    let text = |value: Option<String>| value.unwrap_or_default();
                    table.add_row([
                        one.view.transaction.to_string(),
                        text(one.case.as_ref().map(ToString::to_string)),
                        text(one.actor.as_ref().map(ToString::to_string)),
                        one.view.holder.to_string(),
                        one.view.category.to_string(),
                        one.view.corrected_at.to_string(),
                    ]);
                }
                table.to_string()
            });
        }
    }
    Ok(Exit::Done)
}

fn rows(reports: &[SentReport]) -> String {
    if reports.is_empty() {
        return "no such report".to_owned();
    }
    let mut table = table(["id", "sent", "reference", "holder", "category", "delivery", "status"]);
    for report in reports {
        table.add_row([
            report.id.to_string().as_str(),
            &report.sent_at.to_string(),
            report.reference.as_deref().unwrap_or_default(),
            &report.holder.name,
            report.category.as_str(),
            &on_its_way(report),
            report.status.map_or("", FeedbackStatus::code),
        ]);
    }
    table.to_string()
}

fn on_its_way(report: &SentReport) -> String {
    match &report.reason {
        Some(reason) => format!("{} ({})", report.delivery.code(), escaped(reason)),
        None => report.delivery.code().to_owned(),
    }
}

/// One report in words, with what was said about it.
fn one(report: &SentReport) -> String {
    let mut lines = vec![
        format!("report {}", report.id),
        format!("{} at {}: {}", report.category, report.holder.name, on_its_way(report)),
        format!("values: {}", report.pointers.join(", ")),
    ];
    if let Some(status) = report.status {
        let outcome = report.outcome.and_then(|outcome| serde_json::to_value(outcome).ok());
        let outcome = outcome.as_ref().and_then(serde_json::Value::as_str);
        let outcome = outcome.map(|word| format!(", {word}")).unwrap_or_default();
        lines.push(format!("status: {}{outcome}", status.code()));
    }
    if let Some(at) = report.next_attempt_at {
        lines.push(format!("next attempt: {at}"));
    }
    let said = report.view.iter().flat_map(|view| &view.annotations);
    lines.extend(said.map(|said| {
        let status = said.content.status.map_or("", FeedbackStatus::code);
        let note = said.content.note.as_deref().map(escaped).unwrap_or_default();
        format!("{}  {}  {status}  {note}", said.at, said.party)
    }));
    if let Some(reason) = &report.view_missing {
        lines.push(format!("the holder does not show it now: {}", escaped(reason)));
    }
    lines.join("\n")
}

fn status(text: &str) -> Result<FeedbackStatus, String> {
    let codes = FeedbackStatus::ALL.map(FeedbackStatus::code).join(", ");
    FeedbackStatus::parse(text).ok_or_else(|| format!("write one of {codes}"))
}

fn delivery(text: &str) -> Result<FeedbackDelivery, String> {
    let codes = FeedbackDelivery::ALL.map(FeedbackDelivery::code).join(", ");
    FeedbackDelivery::parse(text).ok_or_else(|| format!("write one of {codes}"))
}

fn report_id(text: &str) -> Result<FeedbackId, String> {
    text.parse().map_err(|_| "a report's id is a UUID; feedback list shows it".to_owned())
}

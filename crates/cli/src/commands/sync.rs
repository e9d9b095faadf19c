//! `sync`: brings the index in line with the sources.

use clap::{Args, ValueEnum};
use kw_domain::SourceName;
use kw_protocol::local::{SyncReport, SyncRequest};

use super::local::Partner;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::progress::Progress;
use crate::output::{Output, table};

/// The arguments.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    partner: Partner,
    /// Only this source; may be repeated.
    #[arg(long = "source", value_name = "NAME", value_parser = SourceName::parse)]
    sources: Vec<SourceName>,
    /// Read the sources from the start, so that what is gone is withdrawn.
    #[arg(long)]
    full: bool,
    /// Withdraw also when a source holds far less than before: else that is taken for a fault, and nothing is withdrawn.
    #[arg(long)]
    confirm_shrink: bool,
    /// Also compare with the switchboard, by digests, and mend what differs.
    #[arg(long)]
    reconcile: bool,
    /// A migration or merge: nobody is notified of what is registered now.
    #[arg(long)]
    administrative: bool,
    /// Nothing is brought in line; instead `status` only tells how it stands: what waits, what is held, how the last comparison
    /// went.
    #[arg(value_enum, conflicts_with_all = ["full", "confirm_shrink", "reconcile", "administrative", "sources"])]
    instead: Option<Instead>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Instead {
    /// How it stands.
    Status,
}

/// Rows that are refused, work that is left and sources that cannot be read are a negative outcome.
pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let client = arguments.partner.client()?;
    if let Some(Instead::Status) = arguments.instead {
        let status = client.status().await?;
        output.data(&status, || super::status::readable(&status));
        return Ok(Exit::of(super::status::is_in_line(&status)));
    }
    let request = SyncRequest {
        sources: arguments.sources,
        full: arguments.full,
        confirm_shrink: arguments.confirm_shrink,
        reconcile: arguments.reconcile,
        administrative: arguments.administrative,
    };
    let progress = Progress::steps();
    progress.begins("reading the sources and registering what changed");
    let report = client.sync(&request).await?;
    drop(progress);
    output.data(&report, || readable(&report));
    let in_line = |source: &kw_protocol::local::SourceSync| {
        let compared = source.reconciliation.as_ref();
        let mended = !arguments.reconcile
            || compared.is_some_and(|one| one.finished_at.is_some() && one.held == 0 && one.waiting == 0);
        source.refused == 0 && source.pending == 0 && source.problem.is_none() && mended
    };
    if report.unavailable.is_some() {
        return Ok(Exit::Unavailable);
    }
    Ok(Exit::of(report.left_at.is_none() && report.sources.iter().all(in_line)))
}

fn readable(report: &SyncReport) -> String {
    let mut sources =
        table(["source", "read", "registered", "there already", "withdrawn", "pending", "refused"]);
    let mut refused = table(["source", "file or table", "row", "why"]);
    let mut text = String::new();
    for source in &report.sources {
        sources.add_row([
            source.source.to_string(),
            source.read.to_string(),
            source.registered.to_string(),
            source.existing.to_string(),
            source.withdrawn.to_string(),
            source.pending.to_string(),
            source.refused.to_string(),
        ]);
        for row in &source.refusals {
            let number = row.row.map(|row| row.to_string()).unwrap_or_default();
            refused.add_row([source.source.as_str(), &row.origin, &number, &row.reason]);
        }
        if let Some(done) = &source.reconciliation {
            text = format!("{text}\n\n{}: {}", source.source, super::status::compared(done));
        }
        if let Some(problem) = &source.problem {
            text = format!("{text}\n\n{}: {problem}", source.source);
        }
    }
    if let Some(at) = report.left_at {
        text = format!("{text}\n\n{}", super::status::left_the_chain(at));
    }
    if let Some(why) = &report.unavailable {
        text = format!("{text}\n\nnot everything could be told: {why}; what waits is tried again by itself");
    }
    if !refused.is_empty() {
        text = format!("{text}\n\nrows that cannot be used:\n{refused}");
    }
    format!("{sources}{text}")
}

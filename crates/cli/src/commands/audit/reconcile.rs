//! `audit reconcile`: whether the logs of requesters, switchboard and holders tell the same story (docs/audit.md).

use clap::Args;
use kw_agreement::LogOwner;
use kw_audit::{Compared, GRACE, compare};
use kw_domain::{Clock as _, Instant, SystemClock};
use kw_ledger::reconcile::{Discrepancy, Reconciliation};
use serde_json::json;

use super::records::{Period, Sources, Tally};
use super::told;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::progress::Progress;
use crate::output::{Output, tall_table};

/// The arguments.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    sources: Sources,
    /// Judge what began from this moment on.
    #[arg(long, value_name = "TIME", value_parser = Instant::parse)]
    from: Option<Instant>,
    /// Judge what began before this moment; a quarter of an hour ago without it, so that nothing is under way.
    #[arg(long, value_name = "TIME", value_parser = Instant::parse)]
    until: Option<Instant>,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let until = arguments.until.unwrap_or_else(|| SystemClock.now().minus(GRACE));
    let period =
        Period { from: arguments.from.map(|from| from.minus(GRACE)), until: Some(until.plus(GRACE)) };
    let opened = arguments.sources.open(&[LogOwner::Switchboard], period)?;
    let progress = Progress::steps();
    progress.begins("comparing the logs");
    let compared = compare(opened.logs, arguments.from, until, |_| ()).await?;
    drop(progress);
    let Some(Compared { logs, tally, verdict }) = compared else {
        return Err(Failure::usage(
            "there is nothing to compare a single log with",
            "name the switchboard's log and partners', or --all",
        ));
    };
    let data = json!({
        "logs": logs,
        "from": arguments.from,
        "until": until,
        "read": tally,
        "reconciliation": verdict,
    });
    output.data(&data, || readable(&verdict, tally));
    Ok(Exit::of(!verdict.has_incidents() && tally.is_sound()))
}

fn readable(verdict: &Reconciliation, tally: Tally) -> String {
    let mut text = String::new();
    if !verdict.discrepancies.is_empty() {
        let mut shown = tall_table(["what", "when", "who", "transaction", "entries", "missing at"]);
        for one in &verdict.discrepancies {
            shown.add_row(row(one));
        }
        text = format!("{shown}\n\n");
    }
    let kinds = verdict.counts.iter().map(|(kind, count)| format!("{count} {}", kind.code()));
    let kinds = kinds.collect::<Vec<_>>().join(", ");
    let result = match (verdict.discrepancies.is_empty(), verdict.has_incidents()) {
        (true, _) => "the logs tell the same story".to_owned(),
        (false, true) => format!("there are incidents: {kinds}"),
        (false, false) => format!("no incidents: {kinds}"),
    };
    let Reconciliation { questions, pulls, outside, unchecked, .. } = verdict;
    format!(
        "{text}{result}\n{questions} questions and {pulls} pulls compared, {outside} outside the time, \
         {unchecked} without the other side's log; {}",
        told(tally)
    )
}

fn row(one: &Discrepancy) -> [String; 6] {
    let severity = serde_json::to_value(one.severity).ok();
    let severity = severity.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
    let entries = one.entries.iter().map(|entry| format!("{} {}", entry.log, entry.index));
    [
        format!("{} ({severity})", one.kind.code()),
        one.at.to_string(),
        one.holder.map_or_else(|| one.party.to_string(), |holder| format!("{}\nat {holder}", one.party)),
        one.transaction.map(|id| id.to_string()).unwrap_or_default(),
        entries.collect::<Vec<_>>().join("\n"),
        one.missing.join("\n"),
    ]
}

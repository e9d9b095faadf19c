//! `status`: how the partner that runs here is doing.

use clap::Args;
use kw_domain::Instant;
use kw_protocol::feedback::FeedbackWaiting;
use kw_protocol::local::canaries::CanariesStatus;
use kw_protocol::local::{ParkedMessages, PartnerStatus, Reconciliation, SourceStatus};

use super::local::Partner;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Output, table};

/// The arguments.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    partner: Partner,
}

pub(crate) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let status = arguments.partner.client()?.status().await?;
    output.data(&status, || readable(&status));
    Ok(Exit::Done)
}

pub(super) fn readable(status: &PartnerStatus) -> String {
    let mut sources = table(["source", "registered", "pending", "in line since", "behind since"]);
    let moment = |at: Option<Instant>| at.map_or_else(|| "never".to_owned(), |moment| moment.to_string());
    let mut notes = String::new();
    for source in &status.sources {
        sources.add_row([
            source.source.to_string(),
            source.registered.to_string(),
            source.pending.to_string(),
            moment(source.synced_at),
            source.behind_since.map_or_else(|| "-".to_owned(), |at| at.to_string()),
        ]);
        let mut note = |text: String| notes = format!("{notes}\n{}: {text}", source.source);
        if let Some(read) = source.reading {
            note(format!("being read, {read} rows so far; a restart goes on from there"));
        }
        if source.refused > 0 {
            note(format!("{} rows cannot be used", source.refused));
        }
        if let Some(left) = source.held {
            note(format!(
                "HELD: much is gone at once ({left} are left). Look, and confirm with sync --source {} --confirm-shrink",
                source.source
            ));
        }
        if let Some(problem) = &source.problem {
            note(problem.clone());
        }
        if let Some(done) = &source.reconciliation {
            note(compared(done));
        }
    }
    let lease = status
        .lease_valid_until
        .map_or_else(|| "no lease yet".to_owned(), |until| format!("lease until {until}"));
    let waiting = match (status.outbox.waiting, status.outbox.oldest_at) {
        (0, _) => "nothing waits to be told".to_owned(),
        (waiting, Some(oldest)) => format!("{waiting} messages wait, the oldest since {oldest}"),
        (waiting, None) => format!("{waiting} messages wait"),
    };
    for parked in &status.outbox.parked {
        let ParkedMessages { source, category, reason, count, next_at } = parked;
        notes = format!(
            "{notes}\n{source}: {count} in {category} refused: {reason}; tried again at {next_at}, and by sync"
        );
    }
    if let Some(at) = status.left_at {
        notes = format!("{notes}\n{}", left_the_chain(at));
    }
    let PartnerStatus { name, oin, chain, agreement, .. } = status;
    let FeedbackWaiting { open, overdue, untold } = status.feedback;
    let feedback = format!(
        "feedback reports: {open} open, {overdue} overdue, {untold} messages to the switchboard waiting"
    );
    let canaries = status.canaries.as_ref().map(watched).unwrap_or_default();
    format!(
        "{name} ({oin}) in {chain}; {lease}; {waiting}\nagreement {agreement}\n{feedback}\n{canaries}{sources}{notes}"
    )
}

/// That nothing is registered, and what to do.
pub(super) fn left_the_chain(at: Instant) -> String {
    format!(
        "left the chain since {at}: nothing is registered; to come back: departures list, then departures end ID"
    )
}

/// Whether nobody has to look at a source, or at what the switchboard refused.
pub(super) fn is_in_line(status: &PartnerStatus) -> bool {
    let compared = |done: &Reconciliation| done.held == 0 && done.problem.is_none();
    let in_line = |source: &SourceStatus| {
        source.held.is_none()
            && source.problem.is_none()
            && source.refused == 0
            && source.reconciliation.as_ref().is_none_or(compared)
    };
    status.left_at.is_none() && status.outbox.parked.is_empty() && status.sources.iter().all(in_line)
}

/// How the canaries are doing, in one line of its own.
fn watched(canaries: &CanariesStatus) -> String {
    let CanariesStatus { own, others, waiting, asked, budget, .. } = canaries;
    let mut text = format!("canaries: {own} own, {others} of other partners");
    if *waiting > 0 {
        text = format!("{text}, {waiting} not registered yet");
    }
    text = match canaries.asked_at {
        Some(at) => format!("{text}; last asked at {at}, {asked} of {budget} questions in 24 hours"),
        None => format!("{text}; none was asked for yet"),
    };
    if canaries.missed > 0 {
        let since = canaries.missed_since.map(|at| format!(" since {at}")).unwrap_or_default();
        text = format!("{text}; ALARM: the index does not give {}{since}", canaries.missed);
    }
    if let Some(problem) = &canaries.problem {
        text = format!("{text}; nothing is asked: {problem}");
    }
    format!("{text}\n")
}

/// How a comparison with the switchboard went, in one line.
pub(super) fn compared(done: &Reconciliation) -> String {
    if let Some(problem) = &done.problem {
        return format!("not compared: {problem}");
    }
    let Some(at) = done.finished_at else {
        return "being compared with the switchboard".to_owned();
    };
    let mut text = format!(
        "compared at {at} in {} requests, {} here and {} there: {} registered again, {} withdrawn, {} mended",
        done.requests, done.here, done.there, done.registered_again, done.withdrawn, done.mended
    );
    if done.held > 0 {
        text = format!(
            "{text}; HELD: {} pointers that nothing here stands for. Look, and confirm with sync --reconcile \
             --confirm-shrink",
            done.held
        );
    }
    if done.waiting > 0 {
        text = format!("{text}; {} pointers wait for the source to be read to its end", done.waiting);
    }
    text
}

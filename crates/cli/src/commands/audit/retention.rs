//! `audit retention`: what a service erased, what is due, and that its log verifies all the same.
//!
//! The service erases by itself, every hour. This looks at its database beside it, and changes nothing.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use kw_agreement::{Agreement, RetentionClass};
use kw_domain::{Clock as _, Instant, SystemClock};
use kw_ledger::{AccessRecord, Event};
use kw_logbook::reader::{StoredLogState, Trust, verify_stored};
use kw_logbook::retention::{due_before, kind_of};
use kw_store::{StoreError, StoredLog};
use serde::Serialize;

use super::access::Access;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::output::progress::Progress;

/// The arguments.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    access: Access,
    /// Write the report to a file as well, as JSON.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// A destruction report.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    at: Instant,
    origin: String,
    /// The agreement that is in force now.
    agreement: String,
    /// The newest signed checkpoint, with which the log was verified.
    checkpoint: Option<String>,
    entries: u64,
    erased: u64,
    /// Whether every leaf, every record that is left, every explanation of a record that is gone, and the tree fit.
    verified: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    mistake: Option<String>,
    classes: Vec<Keeping>,
    erasures: Vec<Erasure>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Keeping {
    class: &'static str,
    term: String,
    due_before: Instant,
    /// Records that the next run of the service erases.
    due: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Erasure {
    /// Where the log has the record of it.
    index: u64,
    at: Instant,
    class: String,
    before: Instant,
    first: u64,
    last: u64,
    count: u64,
    /// The agreement under which it was erased.
    agreement: String,
}

pub(super) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let config = arguments.access.load()?;
    let agreement = config.agreement()?;
    let database = config.database()?.clone();
    // Reading a database blocks.
    let reading = tokio::task::spawn_blocking(move || {
        let mut log = StoredLog::open(&database).map_err(|error| Failure::service(&error.into()))?;
        report(&agreement, &mut log)
    });
    let report = reading.await.map_err(Failure::fault)??;
    if let Some(file) = &arguments.report {
        let text = serde_json::to_string_pretty(&report).map_err(Failure::fault)?;
        std::fs::write(file, text).map_err(|error| {
            let what = format!("cannot write {}: {error}", file.display());
            Failure::configuration(what, "name a file that can be written")
        })?;
    }
    output.data(&report, || readable(&report));
    Ok(Exit::of(report.verified))
}

fn report(agreement: &Agreement, log: &mut StoredLog) -> Result<Report, Failure> {
    let unreadable = |error: StoreError| Failure::service(&error.into());
    let now = SystemClock.now();
    let origin = log.origin().to_owned();
    let identity = agreement.log(&origin).ok_or_else(|| {
        let what = format!("the agreement knows no log {origin}");
        Failure::configuration(what, "name the configuration of a service of this chain")
    })?;
    let trust = Trust::of(agreement, &identity)
        .map_err(|error| Failure::configuration(error, "correct the agreement"))?;
    let mut classes = RetentionClass::ALL.map(|class| Keeping {
        class: class.as_str(),
        term: agreement.retention(class).to_string(),
        due_before: due_before(agreement, class, now),
        due: 0,
    });
    let mut erasures = Vec::new();
    let mut next = 0;
    loop {
        let page = log.entries_from(next, PAGE).map_err(unreadable)?;
        let Some(last) = page.last() else { break };
        next = last.index + 1;
        for entry in &page {
            let Some(record) = &entry.record else { continue };
            let of_class = |class: &RetentionClass| kind_of(*class) == entry.kind;
            if let Some(at) = RetentionClass::ALL.iter().position(of_class) {
                classes[at].due += u64::from(entry.at < classes[at].due_before);
            }
            erasures.extend(erasure(entry.index, record.as_str()));
        }
    }
    let checkpoint = log.publication().map_err(unreadable)?.map(|published| published.note);
    let progress = Progress::counted("verifying records");
    let verified = verify_stored(log, &trust, |reached| progress.reached(reached.done, reached.total));
    drop(progress);
    let (entries, erased) = match &verified {
        Ok(StoredLogState { entries, erased, .. }) => (*entries, *erased),
        Err(_) => (next, 0),
    };
    Ok(Report {
        at: now,
        origin,
        agreement: agreement.hash().to_owned(),
        checkpoint,
        entries,
        erased,
        verified: verified.is_ok(),
        mistake: verified.err().map(|error| error.to_string()),
        classes: classes.into(),
        erasures,
    })
}

fn erasure(index: u64, record: &str) -> Option<Erasure> {
    // Most records are not parsed.
    if !record.contains(Event::RecordsErased.code()) {
        return None;
    }
    let record: AccessRecord = serde_json::from_str(record).ok()?;
    let range = record.erased.filter(|_| record.event == Event::RecordsErased)?;
    Some(Erasure {
        index,
        at: record.at,
        class: range.class,
        before: range.before,
        first: range.first,
        last: range.last,
        count: record.count.unwrap_or_default(),
        agreement: record.decision.policy,
    })
}

fn readable(report: &Report) -> String {
    let mut text =
        format!("{}: {} entries, {} of them erased\n", report.origin, report.entries, report.erased);
    // Writing to a string cannot fail.
    for class in &report.classes {
        let Keeping { class, term, due_before, due } = class;
        let _ = writeln!(text, "  {class}: kept for {term}; {due} from before {due_before} are due");
    }
    for one in &report.erasures {
        let Erasure { index, at, class, before, first, last, count, .. } = one;
        let _ = writeln!(
            text,
            "  erased at {at}: {count} of class {class} from before {before}, entries {first} to {last} (entry {index})"
        );
    }
    match &report.mistake {
        None => {
            text.push_str("verified: the tree is the one that was signed, and every erasure is explained");
        }
        Some(mistake) => {
            let _ = write!(text, "DOES NOT VERIFY: {mistake}");
        }
    }
    text
}

/// How many entries are read at once.
const PAGE: u32 = 2_000;

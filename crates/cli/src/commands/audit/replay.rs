//! `audit replay`: decides again what was decided, by the agreement of then, and says what comes out otherwise
//! (docs/policy.md).

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use kw_agreement::{Agreement, Decision, DenialReason};
use kw_domain::Instant;
use kw_ledger::{AccessRecord, Event, Verdict};
use serde::Serialize;

use super::records::{Period, Sources, Tally};
use super::{text_of, told};
use crate::commands::agreement;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// The arguments.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The agreement under which it was decided: the file with the hash that the records name.
    #[arg(long, value_name = "FILE")]
    agreement: PathBuf,
    /// One record, as `audit show --json` or a receipt has it; may be repeated.
    #[arg(long = "record", value_name = "FILE", required_unless_present = "databases")]
    records: Vec<PathBuf>,
    /// A service whose database, or a copy of it, is read past the service: its configuration; may be repeated. Nobody
    /// records this reading.
    #[arg(long = "database", value_name = "FILE")]
    databases: Vec<PathBuf>,
}

/// What came of it.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    /// The hash of the agreement.
    agreement: String,
    /// Decisions that were made again.
    replayed: u64,
    /// Of those: under another base policy than this program's.
    under_another_policy: u64,
    /// Decisions under other agreements, which were left alone.
    under_other_agreements: u64,
    /// Records of questions and pulls without what was decided about: it did not come to that, or the service was of an older
    /// version.
    without_input: u64,
    /// What comes out otherwise.
    differences: Vec<Difference>,
    /// What was read of databases.
    read: Tally,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Difference {
    /// The log, or the file.
    place: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
    at: Instant,
    event: Event,
    recorded: String,
    replayed: String,
}

pub(super) async fn run(arguments: Arguments, output: Output) -> Result<Exit, Failure> {
    let agreement = agreement::load(&arguments.agreement)?;
    let mut report = Report { agreement: agreement.hash().to_owned(), ..Report::default() };
    for file in &arguments.records {
        let record: AccessRecord = serde_json::from_str(&text_of(file)?).map_err(|_| {
            let what = format!("{} is no record", file.display());
            Failure::usage(what, "name a file with one record as JSON")
        })?;
        report.add(&agreement, file.display().to_string(), None, &record)?;
    }
    if !arguments.databases.is_empty() {
        let opened = Sources::of_databases(arguments.databases).open(&[], Period::default())?;
        for mut log in opened.logs {
            while let Some(found) = log.next().await? {
                let place = log.identity.origin.clone();
                report.add(&agreement, place, Some(found.index), &found.record)?;
            }
            report.read = report.read.and(log.tally);
        }
    }
    if report.replayed == 0 && report.under_other_agreements > 0 {
        return Err(Failure::usage(
            format!("nothing here was decided under the agreement {}", report.agreement),
            "name the agreement whose hash the records have as `decision.policy`",
        ));
    }
    output.data(&report, || readable(&report));
    Ok(Exit::of(report.differences.is_empty() && report.read.is_sound()))
}

impl Report {
    fn add(
        &mut self,
        agreement: &Agreement,
        place: String,
        index: Option<u64>,
        record: &AccessRecord,
    ) -> Result<(), Failure> {
        if !matches!(record.event, Event::QueryAnswered | Event::PullAnswered) {
            return Ok(());
        }
        if record.decision.policy != agreement.hash() {
            self.under_other_agreements += 1;
            return Ok(());
        }
        let Some(input) = &record.decision.input else {
            self.without_input += 1;
            return Ok(());
        };
        let grants: Vec<_> =
            record.grants.iter().map(|grant| (grant.holder, grant.category.clone())).collect();
        let again = agreement.replay(input, &grants).map_err(|error| {
            Failure::usage(format!("{place}: {error}"), "the record is damaged, or of a later version")
        })?;
        self.replayed += 1;
        self.under_another_policy += u64::from(!again.is_same_policy);
        let recorded = recorded(record);
        let mut replayed = outcome(&again.decision, record);
        if recorded == replayed && !again.grants_fit && record.decision.verdict == Verdict::Allowed {
            replayed.push_str(", without one of the grants");
        }
        if recorded != replayed {
            let (at, event) = (record.at, record.event);
            self.differences.push(Difference { place, index, at, event, recorded, replayed });
        }
        Ok(())
    }
}

/// What the rules said then. A refusal for a reason that they do not know came after they had allowed it.
fn recorded(record: &AccessRecord) -> String {
    let reason = record.decision.reason.as_deref().and_then(DenialReason::parse);
    // The switchboard sees that before it looks for the mandate that the rules would be told of.
    let is_early = |reason: &DenialReason| {
        let input = record.decision.input.as_deref().unwrap_or_default();
        *reason == DenialReason::RepresentationNotAdmitted && !input.contains("\"representation\":")
    };
    let reason = reason.filter(|reason| !is_early(reason));
    match reason.filter(|reason| reason.is_of_rules() && record.decision.verdict == Verdict::Denied) {
        Some(reason) => reason.as_str().to_owned(),
        None => allowed(record.categories.iter().map(ToString::to_string)),
    }
}

/// What they say now, in the same words.
fn outcome(decision: &Decision, record: &AccessRecord) -> String {
    match decision {
        Decision::Denied(reason) => reason.as_str().to_owned(),
        // A refusal's record has the categories that were asked, not those that were allowed.
        Decision::Allowed(_) if record.decision.verdict == Verdict::Denied => {
            allowed(record.categories.iter().map(ToString::to_string))
        }
        Decision::Allowed(answer) => allowed(answer.categories.iter().map(ToString::to_string)),
    }
}

fn allowed(categories: impl Iterator<Item = String>) -> String {
    let mut categories: Vec<String> = categories.collect();
    categories.sort();
    format!("allowed: {}", categories.join(" "))
}

fn readable(report: &Report) -> String {
    let Report { replayed, under_another_policy, under_other_agreements, without_input, .. } = report;
    let differ = report.differences.len();
    let mut text = format!("{replayed} decisions made again, {differ} come out otherwise\n");
    // Writing to a string cannot fail.
    for one in &report.differences {
        let Difference { place, index, at, event, recorded, replayed } = one;
        let index = index.map(|index| format!(" entry {index}")).unwrap_or_default();
        let _ = writeln!(text, "  {place}{index}, {at}, {}: was {recorded}, is {replayed}", event.code());
    }
    for (count, what) in [
        (*under_another_policy, "were decided by the base policy of another version of ketenwijzer"),
        (*under_other_agreements, "were decided under other agreements, and left alone"),
        (*without_input, "did not come to a decision, or do not say what it was about"),
    ] {
        if count > 0 {
            let _ = writeln!(text, "  {count} {what}");
        }
    }
    text.push_str(&told(report.read));
    text
}

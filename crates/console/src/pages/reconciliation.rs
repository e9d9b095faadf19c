//! `/reconciliation`: whether the logs tell the same story, and how long holders take.

use actix_web::web::Data;
use askama::Template;
use futures_util::future::join_all;
use kw_audit::{GRACE, Period, compare};
use kw_domain::Instant;
use kw_ledger::reconcile::{Discrepancy, Severity};
use kw_protocol::problem::ProblemCode;
use kw_web::{Failure, Form, Frame, Outcome, Problems};

use super::view;
use super::{By, Kept, auditor, go_to};
use crate::app::{Console, in_time, name_of, not_read};
use crate::auditor::figures::ResponseTimes;
use crate::auditor::filter::day;
use crate::auditor::kept::Comparison;

#[derive(Template)]
#[template(path = "reconciliation.html")]
struct Page<'a> {
    f: &'a Frame,
    problems: &'a Problems,
    from: &'a str,
    until: &'a str,
    result: Option<Shown>,
}

struct Shown {
    period: String,
    verdict: &'static str,
    questions: u64,
    pulls: u64,
    outside: u64,
    unchecked: u64,
    records: u64,
    unsound: u64,
    silent: Vec<String>,
    rows: Vec<Row>,
    plots: Vec<String>,
}

struct Row {
    kind: &'static str,
    severity: &'static str,
    at: String,
    party: String,
    holder: String,
    story: Option<String>,
    entries: Vec<String>,
    missing: Vec<String>,
}

pub(crate) async fn show(by: By, console: Data<Console>) -> Outcome {
    auditor(&by)?;
    let f = by.frame("console-reconciliation");
    let agreement = console.agreement();
    let result = by.session.data().auditor.compared.as_ref().map(|compared| {
        let verdict = &compared.verdict;
        let word = match (verdict.discrepancies.is_empty(), verdict.has_incidents()) {
            (true, _) => "verdict-same",
            (false, true) => "verdict-incidents",
            (false, false) => "verdict-no-incidents",
        };
        Shown {
            period: period(&f, compared.from, compared.until),
            verdict: word,
            questions: verdict.questions,
            pulls: verdict.pulls,
            outside: verdict.outside,
            unchecked: verdict.unchecked,
            records: compared.tally.records,
            unsound: compared.tally.unsound,
            silent: compared.silent.iter().map(|oin| name_of(&agreement, *oin)).collect(),
            rows: verdict.discrepancies.iter().take(SHOWN).map(|one| row(&f, &agreement, one)).collect(),
            plots: view::response_times(&f, &agreement, &compared.times.by_holder()),
        }
    });
    f.page(&Page { f: &f, problems: &Problems::new(), from: "", until: "", result })
}

/// `POST /reconciliation`: reads every log of the chain, and compares.
pub(crate) async fn run(form: Form<Kept>, console: Data<Console>) -> Outcome {
    let by = &form.by;
    auditor(by)?;
    let mut problems = Problems::new();
    let mut taken = |field: &'static str, later| {
        form.given(field)
            .and_then(|text| problems.take(field, "console-wrong-day", day(text, later).ok_or(())))
    };
    let (from, until) = (taken("from", 0), taken("until", 1));
    // What is under way now is no discrepancy.
    let latest = console.clock.now().minus(GRACE);
    let until = until.unwrap_or(latest).min(latest);
    if from.is_some_and(|from| from >= until) {
        problems.add("until", "console-wrong-order");
    }
    if !problems.is_empty() {
        let f = by.frame("console-reconciliation");
        let (from, until) = (form.get("from"), form.get("until"));
        return f.page(&Page { f: &f, problems: &problems, from, until, result: None });
    }
    let comparison = in_time(read(by, &console, from, until)).await?;
    by.session.data().auditor.compared = Some(comparison);
    Ok(go_to("/reconciliation"))
}

async fn read(
    by: &By,
    console: &Console,
    from: Option<Instant>,
    until: Instant,
) -> Result<Comparison, Failure> {
    let period = Period { from: from.map(|from| from.minus(GRACE)), until: Some(until.plus(GRACE)) };
    let logs = console.shared_logs().into_iter();
    let opened =
        logs.map(|log| console.records(log, &by.user().id, period)).collect::<Result<Vec<_>, _>>()?;
    // Whoever does not answer is told; the others are compared.
    let tried = join_all(opened.into_iter().map(|mut log| async move {
        let first = log.next_at().await.map(drop);
        (log, first)
    }));
    let (mut logs, mut silent) = (Vec::new(), Vec::new());
    for (log, first) in tried.await {
        match first {
            Ok(()) => logs.push(log),
            Err(_) => silent.push(log.identity.oin),
        }
    }
    let mut times = ResponseTimes::default();
    let compared = compare(logs, from, until, |record| times.add(record)).await;
    let compared = compared.map_err(|error| not_read(&error))?;
    let compared = compared.ok_or(Failure::Problem { code: ProblemCode::Unavailable })?;
    let (tally, verdict) = (compared.tally, compared.verdict);
    Ok(Comparison { from, until, silent, tally, verdict, times })
}

fn row(f: &Frame, agreement: &kw_agreement::Agreement, one: &Discrepancy) -> Row {
    let severity = match one.severity {
        Severity::Incident => "severity-incident",
        Severity::Warning => "severity-warning",
        Severity::Note => "severity-note",
    };
    let name = |origin: &str| {
        agreement.log(origin).map_or_else(|| origin.to_owned(), |log| name_of(agreement, log.oin))
    };
    Row {
        kind: one.kind.code(),
        severity,
        at: f.moment(one.at),
        party: name_of(agreement, one.party),
        holder: one.holder.map(|oin| name_of(agreement, oin)).unwrap_or_default(),
        story: one.transaction.map(|id| format!("/stories/{id}")),
        entries: one.entries.iter().map(|entry| format!("{} {}", name(&entry.log), entry.index)).collect(),
        missing: one.missing.iter().map(|origin| name(origin)).collect(),
    }
}

fn period(f: &Frame, from: Option<Instant>, until: Instant) -> String {
    match from {
        Some(from) => f.t2("period-between", "from", f.moment(from), "until", f.moment(until)),
        None => f.t1("period-until", "until", f.moment(until)),
    }
}

/// The gravest first; the command lists them all.
const SHOWN: usize = 100;

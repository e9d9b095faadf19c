//! `/reconciliation`: whether the logs tell the same story, and how long holders take.

use actix_web::web::Data;
use askama::Template;
use futures_util::future::join_all;
use kw_audit::{GRACE, Period, compare};
use kw_domain::Instant;
use kw_ledger::reconcile::Discrepancy;
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
    is_good: bool,
    unreadable: u64,
    /// How many differences there are, of which the gravest are shown.
    total: u64,
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
    entries: Vec<Entry>,
    missing: Vec<String>,
}

struct Entry {
    text: String,
    path: Option<String>,
}

pub(crate) async fn show(by: By, console: Data<Console>) -> Outcome {
    auditor(&by)?;
    let f = by.frame("console-reconciliation");
    let agreement = console.agreement();
    let result = by.session.data().auditor.compared.as_ref().map(|compared| {
        let verdict = &compared.verdict;
        let nothing = verdict.questions + verdict.pulls == 0;
        let is_whole =
            compared.silent.is_empty() && compared.tally.is_sound() && verdict.unchecked == 0 && !nothing;
        let word = match (verdict.has_incidents(), is_whole, verdict.discrepancies.is_empty()) {
            (true, ..) => "verdict-incidents",
            (false, false, _) => "verdict-incomplete",
            (false, true, true) => "verdict-same",
            (false, true, false) => "verdict-no-incidents",
        };
        Shown {
            period: period(&f, compared.from, compared.until),
            verdict: word,
            is_good: matches!(word, "verdict-same" | "verdict-no-incidents"),
            unreadable: compared.tally.unreadable,
            total: verdict.counts.values().sum(),
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
    let entries = one.entries.iter().map(|entry| Entry {
        text: format!("{} {}", view::origins(agreement, [&entry.log]).concat(), entry.index),
        path: view::path_at(agreement, &entry.log, entry.index),
    });
    Row {
        kind: one.kind.code(),
        severity: view::severity(one.severity),
        at: f.moment(one.at),
        party: name_of(agreement, one.party),
        holder: one.holder.map(|oin| name_of(agreement, oin)).unwrap_or_default(),
        story: one.transaction.map(|id| format!("/stories/{id}")),
        entries: entries.collect(),
        missing: view::origins(agreement, &one.missing),
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

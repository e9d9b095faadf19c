//! `/anomalies`: what deserves a second look.

use actix_web::web::Data;
use askama::Template;
use kw_agreement::LogOwner;
use kw_audit::{Month, Tally};
use kw_ledger::report::{Anomalies, Finding, Limits};
use kw_web::{Failure, Form, Frame, Outcome, Problems};

use super::{By, Kept, auditor, go_to, view};
use crate::app::{Console, in_time, name_of, not_read};
use crate::auditor::kept::Noticed;

#[derive(Template)]
#[template(path = "anomalies.html")]
struct Page<'a> {
    f: &'a Frame,
    problems: &'a Problems,
    month: String,
    result: Option<Shown>,
}

struct Shown {
    month: String,
    records: u64,
    unsound: u64,
    uncounted: u64,
    unreadable: u64,
    total: usize,
    rows: Vec<Row>,
}

struct Row {
    kind: &'static str,
    log: String,
    party: String,
    actor: String,
    day: String,
    about: String,
    count: String,
    /// The first of them: number and address.
    entries: Vec<(u64, String)>,
}

pub(crate) async fn show(by: By, console: Data<Console>) -> Outcome {
    auditor(&by)?;
    let f = by.frame("console-anomalies");
    let agreement = console.agreement();
    let result = by.session.data().auditor.anomalies.as_ref().map(|noticed| Shown {
        month: noticed.month.to_string(),
        records: noticed.tally.records,
        unsound: noticed.tally.unsound,
        uncounted: noticed.uncounted,
        unreadable: noticed.tally.unreadable,
        total: noticed.total,
        rows: noticed.findings.iter().map(|one| row(&f, &agreement, one)).collect(),
    });
    let month =
        result.as_ref().map_or_else(|| Month::of(console.clock.now()).to_string(), |r| r.month.clone());
    f.page(&Page { f: &f, problems: &Problems::new(), month, result })
}

/// `POST /anomalies`: reads the logs of the central services for a month.
pub(crate) async fn run(form: Form<Kept>, console: Data<Console>) -> Outcome {
    let by = &form.by;
    auditor(by)?;
    let given = form.get("month");
    let Ok(month) = Month::parse(given) else {
        let mut problems = Problems::new();
        problems.add("month", "console-wrong-month");
        let f = by.frame("console-anomalies");
        return f.page(&Page { f: &f, problems: &problems, month: given.to_owned(), result: None });
    };
    let noticed = in_time(read(by, &console, month)).await?;
    by.session.data().auditor.anomalies = Some(noticed);
    Ok(go_to("/anomalies"))
}

async fn read(by: &By, console: &Console, month: Month) -> Result<Noticed, Failure> {
    let agreement = console.agreement();
    let limits = Limits { office_hours: agreement.office_hours(), ..Limits::default() };
    let mut anomalies = Anomalies::new(limits);
    let mut tally = Tally::default();
    for owner in [LogOwner::Switchboard, LogOwner::Pseudonymiser] {
        let identity = agreement.log_of(owner).ok_or_else(Failure::fault)?;
        let mut log = console.records(identity, &by.user().id, month.period())?;
        while let Some(found) = log.next().await.map_err(|error| not_read(&error))? {
            anomalies.add(log.logged(&found));
        }
        tally = tally.and(log.tally);
    }
    let mut findings = anomalies.findings();
    let total = findings.len();
    findings.truncate(SHOWN);
    Ok(Noticed { month, tally, findings, total, uncounted: anomalies.uncounted() })
}

fn row(f: &Frame, agreement: &kw_agreement::Agreement, finding: &Finding) -> Row {
    let Finding { kind, log, party, actor, day, event, reason, count, of, cases, entries } = finding;
    let entries = entries.iter().filter_map(|index| Some((*index, view::path_at(agreement, log, *index)?)));
    let entries = entries.collect();
    let log = view::origins(agreement, [log]).concat();
    let counted = match (of, cases) {
        (Some(of), _) => f.t2("anomalies-of", "count", *count, "of", *of),
        (None, Some(cases)) => f.t2("anomalies-for-cases", "count", *count, "cases", *cases),
        (None, None) => count.to_string(),
    };
    Row {
        kind: kind.code(),
        log,
        party: name_of(agreement, *party),
        actor: actor.as_ref().map(ToString::to_string).unwrap_or_default(),
        day: day.clone().unwrap_or_default(),
        about: reason
            .as_deref()
            .map_or_else(|| f.t_of("event", event.code()), |reason| view::denial(f, reason)),
        count: counted,
        entries,
    }
}

const SHOWN: usize = 100;

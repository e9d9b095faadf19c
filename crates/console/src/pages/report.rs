//! `/reports/{month}`: how much the chain was used in a month, without persons; made to be printed.

use std::collections::BTreeMap;

use actix_web::web::{Data, Path, Query};
use askama::Template;
use kw_agreement::{Agreement, LogOwner};
use kw_audit::{Month, Tally};
use kw_domain::{Category, Oin, Purpose};
use kw_ledger::report::{Count, Usage, UsageLine, Vocabulary};
use kw_web::plot::{Bar, Plot};
use kw_web::{Failure, Form, Frame, Outcome, Problems};
use serde::Deserialize;

use super::view::{self, title};
use super::{By, Kept, auditor, go_to};
use crate::app::{Console, in_time, name_of, not_read};
use crate::auditor::figures::Figures;
use crate::auditor::kept::Report;

#[derive(Template)]
#[template(path = "reports.html")]
struct Ask<'a> {
    f: &'a Frame,
    problems: &'a Problems,
    month: String,
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    f: &'a Frame,
    month: String,
    made: String,
    tally: Tally,
    /// Whether every number is there: what is left out could be found from a total otherwise.
    is_whole: bool,
    smallest: u64,
    plots: Vec<String>,
    rows: Vec<Row>,
    count: usize,
    /// Which part of the lines this is, unless it is all of them.
    newer: Option<usize>,
    older: Option<usize>,
}

struct Row {
    party: String,
    purpose: String,
    category: String,
    event: String,
    result: String,
    count: String,
}

pub(crate) async fn ask(by: By, console: Data<Console>) -> Outcome {
    auditor(&by)?;
    let f = by.frame("console-reports");
    let month = Month::before(console.clock.now()).to_string();
    f.page(&Ask { f: &f, problems: &Problems::new(), month })
}

/// `POST /reports`: the month that was filled in is the address.
pub(crate) async fn go(form: Form<Kept>) -> Outcome {
    auditor(&form.by)?;
    let given = form.get("month");
    if let Ok(month) = Month::parse(given) {
        return Ok(go_to(&format!("/reports/{month}")));
    }
    let f = form.by.frame("console-reports");
    let mut problems = Problems::new();
    problems.add("month", "console-wrong-month");
    f.page(&Ask { f: &f, problems: &problems, month: given.to_owned() })
}

/// Which part, or all of it for paper.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Part {
    page: Option<usize>,
    #[serde(default)]
    all: bool,
}

pub(crate) async fn show(by: By, console: Data<Console>, month: Path<String>, part: Query<Part>) -> Outcome {
    auditor(&by)?;
    let month = Month::parse(&month).map_err(|_| Failure::not_found())?;
    // Another part of the same report is not read again.
    let is_kept = by.session.data().auditor.report.as_ref().is_some_and(|kept| kept.month == month);
    if !is_kept || (part.page.is_none() && !part.all) {
        let report = in_time(read(&by, &console, month)).await?;
        by.session.data().auditor.report = Some(report);
    }
    let agreement = console.agreement();
    let f = by.frame("console-report");
    let data = by.session.data();
    let report = data.auditor.report.as_ref().ok_or_else(Failure::fault)?;
    let page = part.page.unwrap_or(0);
    let (first, most) = if part.all { (0, usize::MAX) } else { (page.saturating_mul(PER_PAGE), PER_PAGE) };
    let lines = &report.lines;
    f.page(&Page {
        is_whole: lines.iter().all(|line| line.count.is_shown()),
        month: month.to_string(),
        made: f.moment(report.made),
        tally: report.tally,
        smallest: SMALLEST,
        plots: plots(&f, &agreement, report),
        rows: lines.iter().skip(first).take(most).map(|line| row(&f, &agreement, line)).collect(),
        count: lines.len(),
        newer: page.checked_sub(1).filter(|_| !part.all),
        older: (first.saturating_add(most) < lines.len()).then_some(page + 1),
        f: &f,
    })
}

async fn read(by: &By, console: &Console, month: Month) -> Result<Report, Failure> {
    let agreement = console.agreement();
    let vocabulary = Vocabulary {
        purposes: agreement.purposes().map(|(purpose, _)| purpose.clone()).collect(),
        categories: agreement.categories().map(|(category, _)| category.clone()).collect(),
    };
    let (mut usage, mut days) = (Usage::new(vocabulary, SMALLEST), Figures::default());
    let identity = agreement.log_of(LogOwner::Switchboard).ok_or_else(Failure::fault)?;
    let mut log = console.records(identity, &by.user().id, month.period())?;
    while let Some(found) = log.next().await.map_err(|error| not_read(&error))? {
        usage.add(&found.record);
        days.add(&found.record);
    }
    let (lines, tally, made) = (usage.lines().collect(), log.tally, console.clock.now());
    Ok(Report { month, made, lines, days: days.over_time(), tally })
}

/// What is shown exactly; small numbers are in no bar, as they are in no table.
fn plots(f: &Frame, agreement: &Agreement, report: &Report) -> Vec<String> {
    let lines = &report.lines;
    // What the days come to is what was read, which would tell the lines that are not shown.
    let is_whole = lines.iter().all(|line| line.count.is_shown());
    let days = report.days.iter().map(|(span, count)| (*span, if *count < SMALLEST { 0 } else { *count }));
    let over_time = view::over_time(f, days.filter(|_| is_whole));
    let (mut purposes, mut parties) = (BTreeMap::<String, u64>::new(), BTreeMap::<Oin, u64>::new());
    for line in lines {
        let Count::Exactly(count) = line.count else { continue };
        if let Some(purpose) = &line.purpose {
            *purposes.entry(purpose_title(f, agreement, purpose)).or_default() += count;
        }
        *parties.entry(line.party).or_default() += count;
    }
    let unit = f.t("plot-accesses");
    let by_purpose = Plot {
        id: "purpose",
        title: f.t("plot-by-purpose"),
        of: f.t("fact-purpose"),
        unit: unit.clone(),
        bars: view::most(purposes.into_iter().map(|(label, value)| Bar { label, value }).collect(), f),
    };
    let bars = parties.into_iter().map(|(oin, value)| Bar { label: name_of(agreement, oin), value });
    let by_party = Plot {
        id: "party",
        title: f.t("plot-by-party"),
        of: f.t("fact-party"),
        unit,
        bars: view::most(bars.collect(), f),
    };
    let rows = [by_purpose, by_party].into_iter().filter(|plot| !plot.bars.is_empty());
    let columns = (!over_time.bars.is_empty()).then(|| over_time.columns(f));
    columns.into_iter().chain(rows.map(|plot| plot.rows(f))).collect()
}

fn row(f: &Frame, agreement: &Agreement, line: &UsageLine) -> Row {
    let category = line.category.as_deref().map(|word| {
        let rules = Category::parse(word).ok().and_then(|category| agreement.category(&category));
        rules.map_or_else(|| word.to_owned(), |rules| title(f, &rules.title))
    });
    Row {
        party: name_of(agreement, line.party),
        purpose: line.purpose.as_deref().map(|word| purpose_title(f, agreement, word)).unwrap_or_default(),
        category: category.unwrap_or_default(),
        event: f.t_of("event", line.event.code()),
        result: f.t_of("result", line.result.code()),
        count: match line.count {
            Count::Withheld => f.t("report-withheld"),
            Count::Exactly(_) | Count::FewerThan(_) => line.count.to_string(),
        },
    }
}

fn purpose_title(f: &Frame, agreement: &Agreement, word: &str) -> String {
    let rules = Purpose::parse(word).ok().and_then(|purpose| agreement.purpose(&purpose));
    rules.map_or_else(|| word.to_owned(), |rules| title(f, &rules.title))
}

/// Numbers below this are not shown: they could point at a person.
const SMALLEST: u64 = 5;
const PER_PAGE: usize = 100;

//! `/reports/{month}`: how much the chain was used in a month, without persons; made to be printed.

use std::collections::BTreeMap;

use actix_web::web::{Data, Path};
use askama::Template;
use kw_agreement::{Agreement, LogOwner};
use kw_audit::{Month, Tally};
use kw_domain::{Category, Oin, Purpose};
use kw_ledger::report::{Count, Usage, UsageLine, Vocabulary};
use kw_web::plot::{Bar, Plot};
use kw_web::{Failure, Form, Frame, Outcome, Problems};

use super::view::{self, title};
use super::{By, Kept, auditor, go_to};
use crate::app::{Console, in_time, name_of, not_read};

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
    smallest: u64,
    plots: Vec<String>,
    rows: Vec<Row>,
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

pub(crate) async fn show(by: By, console: Data<Console>, month: Path<String>) -> Outcome {
    auditor(&by)?;
    let month = Month::parse(&month).map_err(|_| Failure::not_found())?;
    let (lines, tally) = in_time(read(&by, &console, month)).await?;
    let agreement = console.agreement();
    let f = by.frame("console-report");
    f.page(&Page {
        month: month.to_string(),
        made: f.moment(console.clock.now()),
        tally,
        smallest: SMALLEST,
        plots: plots(&f, &agreement, &lines),
        rows: lines.iter().map(|line| row(&f, &agreement, line)).collect(),
        f: &f,
    })
}

async fn read(by: &By, console: &Console, month: Month) -> Result<(Vec<UsageLine>, Tally), Failure> {
    let agreement = console.agreement();
    let vocabulary = Vocabulary {
        purposes: agreement.purposes().map(|(purpose, _)| purpose.clone()).collect(),
        categories: agreement.categories().map(|(category, _)| category.clone()).collect(),
    };
    let mut usage = Usage::new(vocabulary, SMALLEST);
    let identity = agreement.log_of(LogOwner::Switchboard).ok_or_else(Failure::fault)?;
    let mut log = console.records(identity, &by.user().id, month.period())?;
    while let Some(found) = log.next().await.map_err(|error| not_read(&error))? {
        usage.add(&found.record);
    }
    Ok((usage.lines().collect(), log.tally))
}

/// What is shown exactly; small numbers are in no bar, as they are in no table.
fn plots(f: &Frame, agreement: &Agreement, lines: &[UsageLine]) -> Vec<String> {
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
    let shown = [by_purpose, by_party].into_iter().filter(|plot| !plot.bars.is_empty());
    shown.map(|plot| plot.rows(f)).collect()
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
        count: line.count.to_string(),
    }
}

fn purpose_title(f: &Frame, agreement: &Agreement, word: &str) -> String {
    let rules = Purpose::parse(word).ok().and_then(|purpose| agreement.purpose(&purpose));
    rules.map_or_else(|| word.to_owned(), |rules| title(f, &rules.title))
}

/// Numbers below this are not shown: they could point at a person.
const SMALLEST: u64 = 5;

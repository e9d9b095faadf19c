//! `/log`: searching the access log of one service.

use actix_web::web::{Data, Query};
use askama::Template;
use kw_audit::Walk;
use kw_ledger::AccessRecord;
use kw_protocol::access_log::{AccessLogSearch, LARGEST_PAGE};
use kw_protocol::problem::ProblemCode;
use kw_web::{Failure, Form, Frame, Outcome, Problems};

use serde::Deserialize;

use super::view::{self, Choice};
use super::{By, Kept, auditor, go_to};
use crate::app::{Console, in_time, log_of, name_of, not_asked, slug};
use crate::auditor::figures::Figures;
use crate::auditor::filter::{Asked, Meant};
use crate::auditor::kept::{self, MOST_FOUND, Search};

#[derive(Template)]
#[template(path = "log.html")]
struct Page<'a> {
    f: &'a Frame,
    problems: &'a Problems,
    asked: &'a Asked,
    choices: Choices,
    found: Option<Found>,
}

struct Choices {
    logs: Vec<Choice>,
    parties: Vec<Choice>,
    purposes: Vec<Choice>,
    categories: Vec<Choice>,
    events: Vec<Choice>,
    results: Vec<Choice>,
    bases: Vec<Choice>,
}

struct Found {
    rows: Vec<Row>,
    plots: Vec<String>,
    count: usize,
    looked_at: u64,
    more: bool,
    /// There is more in the log than is kept.
    cut: bool,
    /// Where newer and older ones of what was found are.
    newer: Option<usize>,
    older: Option<usize>,
}

struct Row {
    path: String,
    index: u64,
    at: String,
    event: String,
    party: String,
    actor: String,
    purpose: String,
    case: String,
    result: String,
}

/// Which part of what was found.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Paging {
    #[serde(default)]
    page: usize,
}

pub(crate) async fn show(by: By, console: Data<Console>, paging: Query<Paging>) -> Outcome {
    auditor(&by)?;
    let agreement = console.agreement();
    let f = by.frame("console-log");
    let page = paging.page;
    let (asked, found) = {
        let data = by.session.data();
        let asked = data.auditor.search.as_ref().map(|search| search.asked.clone());
        let found = data.auditor.search.as_ref().map(|search| {
            let entries = &search.found;
            let records = entries.iter().filter_map(|entry| entry.record.as_ref());
            Found {
                plots: view::plots(&f, &agreement, &Figures::of(records)),
                rows: entries
                    .iter()
                    .skip(page.saturating_mul(PER_PAGE))
                    .take(PER_PAGE)
                    .map(|entry| row(&f, &agreement, entry))
                    .collect(),
                count: entries.len(),
                looked_at: search.looked_at,
                more: search.next.is_some() && search.found.len() < MOST_FOUND,
                cut: search.next.is_some() && search.found.len() >= MOST_FOUND,
                newer: page.checked_sub(1),
                older: (page.saturating_add(1).saturating_mul(PER_PAGE) < entries.len()).then_some(page + 1),
            }
        });
        (asked, found)
    };
    let asked = asked.unwrap_or_else(|| Asked { log: "switchboard".to_owned(), ..Asked::default() });
    shown(&f, &console, &Problems::new(), &asked, found)
}

/// `POST /log`: a search from its beginning.
pub(crate) async fn search(form: Form<Kept>, console: Data<Console>) -> Outcome {
    let by = &form.by;
    auditor(by)?;
    let asked = Asked::of(&form);
    let meant = match asked.meant(&console.agreement()) {
        Ok(meant) => meant,
        Err(problems) => return shown(&by.frame("console-log"), &console, &problems, &asked, None),
    };
    let Meant { log, filter, .. } = meant;
    let search = Search {
        asked,
        log: log.owner,
        filter,
        found: Vec::new(),
        next: None,
        walk: Walk::default(),
        looked_at: 0,
    };
    in_time(read(by, &console, search)).await?;
    Ok(go_to("/log"))
}

/// `POST /log/older`: the search goes on.
pub(crate) async fn older(form: Form<Kept>, console: Data<Console>) -> Outcome {
    let by = &form.by;
    auditor(by)?;
    let search = by.session.data().auditor.search.take().ok_or_else(Failure::not_found)?;
    if search.next.is_some() && search.found.len() < MOST_FOUND {
        in_time(read(by, &console, search)).await?;
    } else {
        by.session.data().auditor.search = Some(search);
    }
    Ok(go_to("/log"))
}

/// Reads some more, and keeps what was found. Each page is recorded at the service.
async fn read(by: &By, console: &Console, mut search: Search) -> Result<(), Failure> {
    let agreement = console.agreement();
    let log = log_of(&agreement, &slug(search.log)).ok_or_else(Failure::not_found)?;
    let client = console.service(&log)?.records;
    let mut question = AccessLogSearch {
        auditor: by.user().id.clone(),
        cursor: search.next.take(),
        filter: search.filter.clone(),
        index: None,
        limit: Some(LARGEST_PAGE),
        // Two proven persons agreed on it, and one of them shows it again.
        proof: (!search.asked.resolution.is_empty()).then(|| by.user().token.clone()),
        resolution: search.asked.resolution.parse().ok(),
    };
    let mut entries = Vec::new();
    for _ in 0..PAGES {
        let page = client.search(&question).await.map_err(|error| not_asked(&error))?;
        if page.origin != log.origin || !search.walk.goes_on(&page) {
            return Err(Failure::Problem { code: ProblemCode::Unavailable });
        }
        search.looked_at += page.looked_at;
        search.next.clone_from(&page.next_cursor);
        entries.extend(page.entries.into_iter().map(|entry| kept::Kept::of(log.owner, entry)));
        question.cursor = page.next_cursor;
        if question.cursor.is_none() || entries.len() >= AT_ONCE {
            break;
        }
    }
    entries.truncate(MOST_FOUND.saturating_sub(search.found.len()));
    search.found.extend(entries);
    by.session.data().auditor.search = Some(search);
    Ok(())
}

fn shown(f: &Frame, console: &Console, problems: &Problems, asked: &Asked, found: Option<Found>) -> Outcome {
    let agreement = console.agreement();
    let choices = Choices {
        logs: view::logs(&agreement, &agreement.logs()),
        parties: view::parties(&agreement),
        purposes: view::purposes(f, &agreement),
        categories: view::categories(f, &agreement),
        events: view::events(f),
        results: view::results(f),
        bases: view::bases(f),
    };
    f.page(&Page { f, problems, asked, choices, found })
}

fn row(f: &Frame, agreement: &kw_agreement::Agreement, entry: &kept::Kept) -> Row {
    let text = |say: &dyn Fn(&AccessRecord) -> String| entry.record.as_ref().map(say).unwrap_or_default();
    Row {
        path: view::path(entry.log, entry.index),
        index: entry.index,
        event: view::event(f, entry),
        at: text(&|record| f.moment(record.at)),
        party: text(&|record| name_of(agreement, record.party)),
        actor: text(&|record| record.actor.as_ref().map(|actor| actor.id.to_string()).unwrap_or_default()),
        purpose: text(&|record| view::purpose(f, agreement, record)),
        case: text(&|record| record.case.as_ref().map(ToString::to_string).unwrap_or_default()),
        result: text(&|record| f.t_of("result", record.result.code())),
    }
}

/// So many stand on one page.
const PER_PAGE: usize = 50;
/// So many are read more each time.
const AT_ONCE: usize = 200;
/// A page looks at 20,000 entries.
const PAGES: usize = 20;

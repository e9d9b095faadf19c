//! `/log/{log}/{index}`: one entry of a log, with its proof.

use actix_web::web::{Data, Path};
use askama::Template;
use kw_agreement::LogIdentity;
use kw_ledger::search::AccessFilter;
use kw_protocol::access_log::AccessLogSearch;
use kw_web::{Failure, Frame, Outcome};

use super::view::{self, Alarm, Fact, Failed};
use super::{By, auditor};
use crate::app::{Console, in_time, log_of, name_of, not_asked};
use crate::auditor::kept::Kept;
use crate::auditor::proof::{Check, Soundness, verify};

#[derive(Template)]
#[template(path = "record.html")]
struct Page<'a> {
    f: &'a Frame,
    alarm: Alarm,
    log: String,
    slug: &'a str,
    index: u64,
    facts: Vec<Fact>,
    checks: Vec<Check>,
    story: Option<String>,
    reference: Option<String>,
}

pub(crate) async fn show(by: By, console: Data<Console>, path: Path<(String, String)>) -> Outcome {
    auditor(&by)?;
    let (slug, index) = path.into_inner();
    let index: u64 = index.parse().map_err(|_| Failure::not_found())?;
    let agreement = console.agreement();
    let log = log_of(&agreement, &slug).ok_or_else(Failure::not_found)?;
    // What was found in this session was recorded then; anything else is read now, and that is recorded.
    let found = by.session.data().auditor.entry(log.owner, index).cloned();
    let entry = match found {
        Some(entry) => entry,
        None => in_time(read(&by, &console, &log, index)).await?,
    };
    let verified = in_time(verify(&console, &agreement, &log, std::slice::from_ref(&entry))).await?;
    let checks: Vec<Check> = verified.into_iter().flatten().collect();
    let f = by.frame("console-record");
    let record = entry.record.as_ref();
    let name = name_of(&agreement, log.oin);
    let failed = || {
        let text = f.t2("record-where", "index", index, "log", &name);
        vec![Failed { text, path: view::path(log.owner, index) }]
    };
    let mut alarm = Alarm::default();
    match Soundness::of(&checks) {
        Soundness::Sound => {}
        Soundness::Open => alarm.open = failed(),
        Soundness::Broken => alarm.broken = failed(),
    }
    f.page(&Page {
        alarm,
        log: name,
        slug: &slug,
        index,
        facts: record.map(|record| view::facts(&f, &agreement, record)).unwrap_or_default(),
        checks,
        story: record.and_then(|record| record.transaction).map(|id| format!("/stories/{id}")),
        reference: record.and_then(|record| record.subject).map(|reference| reference.to_string()),
        f: &f,
    })
}

/// One entry by its place, as its service gives it to this person.
async fn read(by: &By, console: &Console, log: &LogIdentity, index: u64) -> Result<Kept, Failure> {
    let question = AccessLogSearch {
        auditor: by.user().id.clone(),
        cursor: None,
        filter: AccessFilter::default(),
        index: Some(index),
        limit: None,
        proof: None,
        resolution: None,
    };
    let page = console.service(log)?.records.search(&question).await.map_err(|error| not_asked(&error))?;
    if page.origin != log.origin {
        return Err(Failure::unavailable());
    }
    let entry = page.entries.into_iter().find(|entry| entry.index == index).ok_or_else(Failure::not_found)?;
    let entry = Kept::of(log.owner, entry);
    by.session.data().auditor.keep([entry.clone()]);
    Ok(entry)
}

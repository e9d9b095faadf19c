//! `/log/{log}/{index}`: one entry of a log, with its proof.

use actix_web::web::{Data, Path};
use askama::Template;
use kw_web::{Failure, Frame, Outcome};

use super::view::{self, Fact};
use super::{By, auditor};
use crate::app::{Console, in_time, log_of, name_of};
use crate::auditor::proof::{Check, verify};

#[derive(Template)]
#[template(path = "record.html")]
struct Page<'a> {
    f: &'a Frame,
    log: String,
    slug: &'a str,
    index: u64,
    facts: Vec<Fact>,
    checks: Vec<Check>,
    story: Option<String>,
    reference: Option<String>,
}

pub(crate) async fn show(by: By, console: Data<Console>, path: Path<(String, u64)>) -> Outcome {
    auditor(&by)?;
    let (slug, index) = path.into_inner();
    let agreement = console.agreement();
    let log = log_of(&agreement, &slug).ok_or_else(Failure::not_found)?;
    // What was found in this session: a record has no other address.
    let entry = by.session.data().auditor.entry(log.owner, index).cloned().ok_or_else(Failure::not_found)?;
    let checks = in_time(verify(&console, &agreement, &log, &entry)).await?;
    let f = by.frame("console-record");
    let record = entry.record.as_ref();
    f.page(&Page {
        log: name_of(&agreement, log.oin),
        slug: &slug,
        index,
        facts: record.map(|record| view::facts(&f, &agreement, record)).unwrap_or_default(),
        checks,
        story: record.and_then(|record| record.transaction).map(|id| format!("/stories/{id}")),
        reference: record.and_then(|record| record.subject).map(|reference| reference.to_string()),
        f: &f,
    })
}

//! What the records say about one subject, and which parties know more.

use std::collections::{BTreeMap, BTreeSet};

use kw_agreement::Agreement;
use kw_domain::{Category, Oin, SubjectId, SubjectReference};
use kw_ledger::{AccessRecord, Event};
use kw_logbook::statement::{self, Teller};
use kw_protocol::access_report::{LogScope, StatementLine, SubjectReportRequest};
use kw_protocol::mandate::Side;
use kw_protocol::problem::ProblemCode;
use kw_runtime::Refusal;
use kw_store::switchboard::{StoredPointer, Switchboard};
use kw_store::{Meant, Service as _};

use crate::app::{App, Keyring, not_read};
use crate::index::open_pointer;

/// What is told here, and what of each party's log belongs to it.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) lines: Vec<StatementLine>,
    pub(super) scopes: BTreeMap<Oin, LogScope>,
}

/// Reads everything that is linked to the subject, page by page. More than fits one report is refused, never cut off.
pub(super) async fn gather(
    app: &App,
    agreement: &Agreement,
    keyring: &Keyring,
    subject: SubjectId,
    request: &SubjectReportRequest,
) -> Result<Gathered, Refusal> {
    let period = LogScope { from: request.from, until: request.until, ..LogScope::default() };
    let pointers = app.store.read(move |index| index.pointers_about(subject)).await.map_err(not_read)?;
    let held = held(&pointers);
    let mut lines = Vec::new();
    let mut after = match request.from {
        Some(from) => app.store.read(move |log| log.index_at(from)).await.map_err(not_read)?.checked_sub(1),
        None => None,
    };
    let mut looked_at = 0;
    loop {
        let page =
            app.store.read(move |log| log.entries_about(subject, after, PAGE)).await.map_err(not_read)?;
        looked_at += page.len();
        after = page.last().map(|entry| entry.index);
        for entry in &page {
            let Some(record) = statement::record_of(entry).map_err(Refusal::fault)? else { continue };
            if period.covers(record.at) {
                let (index, acted) = (entry.index, record.representative);
                let narrowed = of_this_subject(record, &held, agreement);
                let line =
                    narrowed.and_then(|record| statement::line(Teller::Switchboard, &record, agreement));
                let Some(line) = line else { continue };
                lines.push(match acted {
                    Some(reference) if is_meant(app, index, reference, subject).await? => {
                        statement::line_for_representative(line)
                    }
                    _ => line,
                });
            }
        }
        if lines.len() > MOST_LINES || looked_at > MOST_ENTRIES {
            return Err(too_much());
        }
        if page.len() < PAGE as usize {
            break;
        }
        // Others are served between the pages.
        tokio::task::yield_now().await;
    }
    let scopes = scopes(agreement, keyring, &mut lines, &pointers, &period)?;
    Ok(Gathered { lines, scopes })
}

/// Whether a reference in the record at an index means this subject.
async fn is_meant(
    app: &App,
    index: u64,
    reference: SubjectReference,
    subject: SubjectId,
) -> Result<bool, Refusal> {
    let links = app.store.read(move |log| log.links_at(Switchboard::LINKS, index)).await.map_err(not_read)?;
    Ok(links.contains(&(Meant::Subject(subject), reference)))
}

/// What each holder has about the subject now.
fn held(pointers: &[StoredPointer]) -> BTreeMap<Oin, BTreeSet<Category>> {
    let mut held: BTreeMap<Oin, BTreeSet<Category>> = BTreeMap::new();
    for pointer in pointers {
        held.entry(pointer.holder).or_default().insert(pointer.category.clone());
    }
    held
}

/// The record of a batch names the categories of everybody in it; what is left here are those of this subject, as far as the
/// index still knows. When it does not, no category is named, and if one of them is withheld, the record is not told.
fn of_this_subject(
    mut record: AccessRecord,
    held: &BTreeMap<Oin, BTreeSet<Category>>,
    agreement: &Agreement,
) -> Option<AccessRecord> {
    let is_batch = matches!(record.event, Event::PointersRegistered | Event::PointersWithdrawn);
    if !is_batch || record.categories.len() == 1 {
        return Some(record);
    }
    let own = held.get(&record.party).into_iter().flatten();
    let own: Vec<Category> = own
        .filter(|category| record.categories.is_empty() || record.categories.contains(category))
        .cloned()
        .collect();
    if own.is_empty() {
        let registers = agreement.partner(record.party).map(|partner| &partner.registers);
        let may_be_withheld = |category: &Category| !statement::is_told(category, agreement);
        let withheld = if record.categories.is_empty() {
            registers.is_none_or(|registers| registers.iter().any(may_be_withheld))
        } else {
            record.categories.iter().any(may_be_withheld)
        };
        if withheld {
            return None;
        }
    }
    record.categories = own;
    Some(record)
}

/// What of whose log belongs to these lines. Operators and auditors have no log about people.
///
/// Earlier reports lead to nobody: what they asked may be withheld since. They keep only what was asked of parties that are
/// named for another reason.
fn scopes(
    agreement: &Agreement,
    keyring: &Keyring,
    lines: &mut [StatementLine],
    pointers: &[StoredPointer],
    period: &LogScope,
) -> Result<BTreeMap<Oin, LogScope>, Refusal> {
    let mut scopes: BTreeMap<Oin, LogScope> = BTreeMap::new();
    // Of what was done for somebody else, the parties' own logs are for that person to read.
    for line in lines.iter().filter(|line| line.side != Some(Side::Representative)) {
        if matches!(line.event, Event::AccessReportMade | Event::QueryAnswered) {
            scope_of(&mut scopes, line.party.oin, period).asked.extend(line.transaction);
        }
        let is_report = line.event == Event::AccessReportMade;
        for disclosed in line.disclosed.iter().filter(|_| !is_report) {
            scope_of(&mut scopes, disclosed.holder.oin, period).granted.push(disclosed.transaction);
        }
    }
    for pointer in pointers.iter().filter(|pointer| statement::is_told(&pointer.category, agreement)) {
        let Some(sealed) = &pointer.sealed else { continue };
        let (handle, _) = open_pointer(&keyring.keys.row, pointer.id, sealed)
            .ok_or_else(|| Refusal::fault("a sealed column does not open"))?;
        scope_of(&mut scopes, pointer.holder, period).handles.push(handle);
    }
    for line in lines.iter_mut().filter(|line| line.event == Event::AccessReportMade) {
        line.disclosed.retain(|disclosed| scopes.contains_key(&disclosed.holder.oin));
        for disclosed in &line.disclosed {
            scope_of(&mut scopes, disclosed.holder.oin, period).granted.push(disclosed.transaction);
        }
    }
    for scope in scopes.values_mut() {
        for transactions in [&mut scope.asked, &mut scope.granted] {
            transactions.sort_unstable();
            transactions.dedup();
        }
        scope.handles.sort_unstable();
        scope.handles.dedup();
        if scope.len() > MOST_LINES {
            return Err(too_much());
        }
    }
    Ok(scopes)
}

fn scope_of<'a>(scopes: &'a mut BTreeMap<Oin, LogScope>, party: Oin, period: &LogScope) -> &'a mut LogScope {
    scopes.entry(party).or_insert_with(|| period.clone())
}

fn too_much() -> Refusal {
    let detail = format!(
        "There is more about this person than the {MOST_LINES} records of one report. Ask for one period after the other."
    );
    Refusal::new(ProblemCode::TooLarge, detail)
}

const PAGE: u32 = 500;
/// A report of so many lines is a few megabytes.
const MOST_LINES: usize = 20_000;
/// Lines that are withheld, erased or outside the period count here only.
const MOST_ENTRIES: usize = 200_000;

#[cfg(test)]
mod tests;

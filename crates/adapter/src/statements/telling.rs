//! What the log says about the person, line by line.

use std::collections::{BTreeMap, BTreeSet};

use kw_agreement::Agreement;
use kw_domain::{Handle, TransactionId};
use kw_ledger::AccessRecord;
use kw_logbook::statement::{self, Teller};
use kw_protocol::access_report::{LogScope, StatementLine};
use kw_store::StoredEntry;

use super::person::Person;
use super::refusal::StatementRefusal;
use crate::pulls::Pulls;
use crate::pulls::refusal::PullRefusal;

/// Where entries about the person are found.
#[derive(Clone, Copy)]
enum About {
    Asking([u8; 16]),
    Record(Handle),
}

/// The lines, oldest first; each record once, though it may be about several records of the person. What this very
/// exchange left is not among them.
pub(super) async fn lines(
    pulls: &Pulls,
    agreement: &Agreement,
    person: &Person,
    scope: &LogScope,
    exchange: TransactionId,
) -> Result<Vec<StatementLine>, StatementRefusal> {
    let granted: BTreeSet<TransactionId> = scope.granted.iter().copied().collect();
    let mut told: BTreeMap<u64, StatementLine> = BTreeMap::new();
    let mut add = |index: u64, record: &AccessRecord| {
        if scope.covers(record.at) && record.transaction != Some(exchange) {
            told.extend(statement::line(Teller::Party, record, agreement).map(|line| (index, line)));
        }
        if told.len() > MOST_LINES { Err(StatementRefusal::TooMuch) } else { Ok(()) }
    };
    for handle in &person.proven {
        each(pulls, About::Record(*handle), &mut add).await?;
    }
    for handle in &person.unproven {
        each(pulls, About::Record(*handle), |index, record| {
            let is_named = record.transaction.is_some_and(|one| granted.contains(&one));
            if is_named { add(index, record) } else { Ok(()) }
        })
        .await?;
    }
    if let Some(key) = person.asked {
        each(pulls, About::Asking(key), &mut add).await?;
    }
    Ok(told.into_values().collect())
}

/// Every record that is about it and not erased, page by page.
async fn each(
    pulls: &Pulls,
    about: About,
    mut take: impl FnMut(u64, &AccessRecord) -> Result<(), StatementRefusal>,
) -> Result<(), StatementRefusal> {
    let mut after = None;
    let mut looked_at = 0;
    loop {
        let page: Vec<StoredEntry> = pulls
            .store
            .read(move |log| match about {
                About::Asking(key) => log.entries_of_asking(&key, after, PAGE),
                About::Record(handle) => log.entries_of_record(handle, after, PAGE),
            })
            .await
            .map_err(|_| PullRefusal::Unavailable)?;
        looked_at += page.len();
        if looked_at > MOST_ENTRIES {
            return Err(StatementRefusal::TooMuch);
        }
        after = page.last().map(|entry| entry.index);
        for entry in &page {
            if let Some(record) = statement::record_of(entry).map_err(|_| StatementRefusal::Damaged)? {
                take(entry.index, &record)?;
            }
        }
        if page.len() < PAGE as usize {
            return Ok(());
        }
        // Others are served between the pages.
        tokio::task::yield_now().await;
    }
}

const PAGE: u32 = 500;
/// A statement of so many lines is a few megabytes.
const MOST_LINES: usize = 20_000;
/// Entries that are withheld, erased or outside the period count here only.
const MOST_ENTRIES: usize = 200_000;

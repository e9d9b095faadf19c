//! A log that is read past its service: the operator's own, or a copy that an auditor was given.

use std::time::Duration;

use kw_agreement::Agreement;
use kw_audit::{Entry, Opening, Period};
use kw_domain::Instant;
use kw_store::{StoredEntry, StoredLog};

use super::{Log, Pages};
use crate::commands::audit::access::AuditConfig;
use crate::failure::Failure;

#[derive(Debug)]
pub(crate) struct Database {
    log: StoredLog,
    /// The index that the last entry had.
    before: u64,
    from: Option<Instant>,
    is_at_end: bool,
}

impl Database {
    pub(super) fn open(config: &AuditConfig, agreement: &Agreement, period: Period) -> Result<Log, Failure> {
        let mut log = tokio::task::block_in_place(|| StoredLog::open(config.database()?).map_err(unusable))?;
        let before = tokio::task::block_in_place(|| log.size().map_err(unusable))?;
        let identity = agreement.log(log.origin()).ok_or_else(|| {
            Failure::configuration(
                "the database holds a log that the agreement does not know",
                "use the agreement under which the log was made",
            )
        })?;
        let database = Self { log, before, from: period.from, is_at_end: false };
        Ok(Log::new(identity, Pages::Database(Box::new(database)), period))
    }

    /// The next entries, newest first; `missing` counts those that should stand between them.
    pub(super) fn page(&mut self, missing: &mut u64) -> Result<Option<Vec<Entry>>, Failure> {
        if self.is_at_end || self.before == 0 {
            return Ok(None);
        }
        let read = || self.log.entries_before(Some(self.before), PAGE).map_err(unusable);
        let page = tokio::task::block_in_place(read)?;
        for entry in &page {
            *missing += self.before - 1 - entry.index.min(self.before - 1);
            self.before = entry.index;
        }
        match page.last() {
            None => {
                *missing += std::mem::take(&mut self.before);
                return Ok(None);
            }
            Some(oldest) => {
                self.is_at_end = self.from.is_some_and(|from| oldest.at.plus(DISORDER) < from);
            }
        }
        Ok(Some(page.into_iter().map(opened).collect()))
    }
}

fn opened(entry: StoredEntry) -> Entry {
    let is_sound = entry.is_sound();
    let opened = match entry.record {
        _ if !is_sound => Opening::Unsound,
        Some(record) => Opening::Record(record.into_string()),
        None => Opening::Erased,
    };
    Entry { index: entry.index, leaf: entry.leaf, opened }
}

fn unusable(error: impl std::fmt::Display) -> Failure {
    Failure::configuration(
        format!("the database cannot be read: {error}"),
        "name the configuration of the service whose database it is",
    )
}

const PAGE: u32 = 1000;
/// Entries stand in the order of their commits, and an act is a little older than its commit.
const DISORDER: Duration = Duration::from_mins(20);

//! What an auditor found, for the length of the session.

use std::collections::VecDeque;

use kw_agreement::LogOwner;
use kw_audit::{ExportFormat, Month, Opening, Tally, opened_entry};
use kw_domain::{Instant, Oin};
use kw_ledger::AccessRecord;
use kw_ledger::reconcile::Reconciliation;
use kw_ledger::report::Finding;
use kw_ledger::search::AccessFilter;
use kw_protocol::access_log::AccessLogEntry;

use super::figures::ResponseTimes;
use super::filter::Asked;

/// What is kept of an auditor's work. Every part has a bound.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) search: Option<Search>,
    entries: VecDeque<Kept>,
    pub(crate) compared: Option<Comparison>,
    pub(crate) anomalies: Option<Noticed>,
    pub(crate) export: Option<Export>,
}

/// The search of this session.
#[derive(Debug)]
pub(crate) struct Search {
    pub(crate) asked: Asked,
    pub(crate) log: LogOwner,
    pub(crate) filter: AccessFilter,
    /// Indices, newest first.
    pub(crate) found: Vec<u64>,
    pub(crate) next: Option<String>,
    pub(crate) looked_at: u64,
}

/// One entry, as its service gave it.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) log: LogOwner,
    pub(crate) index: u64,
    pub(crate) record: Option<AccessRecord>,
    /// Whether record and salt were erased at the end of their term.
    pub(crate) erased: bool,
    /// Whether the record opens its leaf.
    pub(crate) opens: bool,
    /// The commitment that the service claims.
    pub(crate) leaf: [u8; 32],
}

impl Kept {
    pub(crate) fn of(log: LogOwner, entry: AccessLogEntry) -> Self {
        let leaf = entry.leaf.0;
        let opened = opened_entry(entry);
        let (index, erased) = (opened.index, opened.opened == Opening::Erased);
        let text = match opened.opened {
            Opening::Record(text) => Some(text),
            Opening::Erased | Opening::Unsound => None,
        };
        let record = text.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let opens = text.is_some();
        Self { log, index, record, erased, opens, leaf }
    }
}

/// What came of comparing logs.
#[derive(Debug)]
pub(crate) struct Comparison {
    pub(crate) from: Option<Instant>,
    pub(crate) until: Instant,
    /// Whose log could not be read.
    pub(crate) silent: Vec<Oin>,
    pub(crate) tally: Tally,
    pub(crate) verdict: Reconciliation,
    pub(crate) times: ResponseTimes,
}

/// What deserves a second look.
#[derive(Debug)]
pub(crate) struct Noticed {
    pub(crate) month: Month,
    pub(crate) tally: Tally,
    pub(crate) findings: Vec<Finding>,
    pub(crate) uncounted: u64,
}

/// A file that was made.
#[derive(Debug)]
pub(crate) struct Export {
    pub(crate) log: LogOwner,
    pub(crate) format: ExportFormat,
    pub(crate) made: Instant,
    pub(crate) tally: Tally,
    pub(crate) lines: u64,
    pub(crate) sha256: String,
    /// How many entries of the log verified, or why it did not.
    pub(crate) verified: Result<u64, String>,
    pub(crate) file: Vec<u8>,
}

impl Findings {
    /// Keeps entries; the oldest go when there are too many.
    pub(crate) fn keep(&mut self, entries: impl IntoIterator<Item = Kept>) {
        for entry in entries {
            self.entries.retain(|kept| (kept.log, kept.index) != (entry.log, entry.index));
            self.entries.push_back(entry);
        }
        let over = self.entries.len().saturating_sub(MOST);
        self.entries.drain(..over);
    }

    pub(crate) fn entry(&self, log: LogOwner, index: u64) -> Option<&Kept> {
        self.entries.iter().find(|kept| (kept.log, kept.index) == (log, index))
    }

    /// The entries of the search, newest first.
    pub(crate) fn found(&self) -> Vec<Kept> {
        let Some(search) = &self.search else { return Vec::new() };
        search.found.iter().filter_map(|index| self.entry(search.log, *index)).cloned().collect()
    }
}

/// Entries of one session: a search, and some stories.
const MOST: usize = 1_500;
/// Entries of one search.
pub(crate) const MOST_FOUND: usize = 1_000;

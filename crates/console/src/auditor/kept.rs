//! What an auditor found, for the length of the session.

use std::collections::VecDeque;

use actix_web::web::Bytes;
use kw_agreement::LogOwner;
use kw_audit::{ExportFormat, Month, Opening, Period, Tally, Walk, opened_entry};
use kw_domain::{Instant, Oin};
use kw_ledger::AccessRecord;
use kw_ledger::reconcile::Reconciliation;
use kw_ledger::report::{Finding, UsageLine};
use kw_ledger::search::AccessFilter;
use kw_protocol::access_log::AccessLogEntry;

use super::figures::{ResponseTimes, Span};
use super::filter::Asked;

/// What is kept of an auditor's work. Every part has a bound.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) search: Option<Search>,
    /// Of stories, and of addresses that were opened.
    entries: VecDeque<Kept>,
    pub(crate) compared: Option<Comparison>,
    pub(crate) anomalies: Option<Noticed>,
    pub(crate) report: Option<Report>,
    pub(crate) export: Option<Export>,
}

/// How much the chain was used in a month.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) month: Month,
    pub(crate) made: Instant,
    pub(crate) lines: Vec<UsageLine>,
    pub(crate) days: Vec<(Span, u64)>,
    pub(crate) tally: Tally,
}

/// The search of this session.
#[derive(Debug)]
pub(crate) struct Search {
    pub(crate) asked: Asked,
    pub(crate) log: LogOwner,
    pub(crate) filter: AccessFilter,
    /// Newest first.
    pub(crate) found: Vec<Kept>,
    pub(crate) next: Option<String>,
    /// Whether its pages follow each other.
    pub(crate) walk: Walk,
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
    /// The first of them.
    pub(crate) findings: Vec<Finding>,
    pub(crate) total: usize,
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
    pub(crate) period: Period,
    /// What came of verifying the log and finding each record in it, or why the log did not verify.
    pub(crate) verified: Result<VerifiedExport, String>,
    pub(crate) file: Bytes,
}

/// How the records of a file stand to the log that was verified.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VerifiedExport {
    /// Entries that the keeper signed.
    pub(crate) signed: u64,
    /// Entries that enough witnesses cosigned.
    pub(crate) witnessed: u64,
    /// Records for which the log has another leaf.
    pub(crate) other: u64,
    /// Records that are too new to be signed.
    pub(crate) later: u64,
    /// Records that are too new to be cosigned by enough witnesses.
    pub(crate) unwitnessed: u64,
}

impl Export {
    pub(crate) fn is_sound(&self) -> bool {
        self.verified.as_ref().is_ok_and(|verified| verified.has_all()) && self.tally.is_sound()
    }
}

impl VerifiedExport {
    /// Whether every record is as it was signed and cosigned.
    fn has_all(self) -> bool {
        self.other == 0 && self.later == 0 && self.unwitnessed == 0
    }
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
        let found = self.search.iter().flat_map(|search| &search.found);
        found.chain(&self.entries).find(|kept| (kept.log, kept.index) == (log, index))
    }
}

/// Entries of some stories.
const MOST: usize = 500;
/// Entries of one search.
pub(crate) const MOST_FOUND: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_all_when_no_record_is_otherwise_or_too_new_to_be_signed_or_cosigned() {
        let whole = VerifiedExport { signed: 9, witnessed: 9, other: 0, later: 0, unwitnessed: 0 };
        assert!(whole.has_all());
        for wanting in [
            VerifiedExport { other: 1, ..whole },
            VerifiedExport { later: 1, ..whole },
            VerifiedExport { unwitnessed: 1, ..whole },
        ] {
            assert!(!wanting.has_all(), "{wanting:?}");
        }
    }
}

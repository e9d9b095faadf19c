//! Going through the log backwards, a bounded part at a time.

use kw_domain::SubjectReference;
use kw_ledger::search::AccessFilter;
use kw_ledger::{AccessRecord, Event};
use kw_protocol::Bytes32;
use kw_protocol::access_log::AccessLogEntry;
use kw_store::{LedgerRead, Meant, StoreError, StoredEntry};
use serde::Deserialize;

/// What is looked for, and how far.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    /// Only entries before this index.
    pub(super) before: Option<u64>,
    /// Only entries from this index on.
    pub(super) from: u64,
    /// Which records.
    pub(super) filter: AccessFilter,
    /// At most so many.
    pub(super) limit: usize,
    /// Only about this subject.
    pub(super) about: Option<Meant>,
    /// How many entries or links are read from the database together: [`AT_ONCE`], and at least as many as one batch names
    /// one subject.
    pub(super) at_once: u32,
}

/// What was found.
#[derive(Debug)]
pub(super) struct Walked {
    /// Newest first.
    pub(super) entries: Vec<AccessLogEntry>,
    /// How many entries were looked at.
    pub(super) looked_at: u64,
    /// Where to go on: before this index. Nothing when the walk is over.
    pub(super) next: Option<u64>,
    /// How many entries the log had.
    pub(super) size: u64,
}

/// Walks. Entries keep their place for ever and new ones come above the place where a walk began, so that pages that follow
/// each other's `next` miss nothing and repeat nothing.
pub(super) fn walk<R: LedgerRead + ?Sized>(log: &mut R, walk: &Walk) -> Result<Walked, StoreError> {
    let size = log.ledger_size()?;
    let bottom = match walk.filter.from {
        Some(from) => log.index_at(from)?,
        None => 0,
    };
    let bottom = bottom.max(walk.from);
    let top = match walk.filter.until {
        Some(until) => log.index_after(until)?.min(size),
        None => size,
    };
    let top = walk.before.map_or(top, |before| before.min(top));
    let exchange = walk.filter.transaction.map(|id| id.to_string());
    let mut page = Page { walk, exchange, entries: Vec::new(), bytes: 0, looked_at: 0, next: top };
    match walk.about {
        None => page.fill(log, bottom)?,
        Some(meant) => page.fill_about(log, meant, bottom)?,
    }
    let next = (page.next > bottom).then_some(page.next);
    Ok(Walked { entries: page.entries, looked_at: page.looked_at, next, size })
}

struct Page<'a> {
    walk: &'a Walk,
    /// The exchange that is looked for, as records name it.
    exchange: Option<String>,
    entries: Vec<AccessLogEntry>,
    bytes: usize,
    looked_at: u64,
    next: u64,
}

impl Page<'_> {
    fn fill<R: LedgerRead + ?Sized>(&mut self, log: &mut R, bottom: u64) -> Result<(), StoreError> {
        while self.next > bottom && self.goes_on(MOST_LOOKED_AT) {
            let some = (self.next - bottom).min(u64::from(self.walk.at_once)) as u32;
            let entries = log.ledger_entries_before(Some(self.next), some)?;
            if entries.is_empty() {
                self.next = bottom;
            }
            for entry in entries {
                if !self.goes_on(MOST_LOOKED_AT) {
                    break;
                }
                self.look_at(&entry, Vec::new());
            }
        }
        Ok(())
    }

    /// By the links of one subject. An entry has a link for each time that its batch has the subject.
    fn fill_about<R: LedgerRead + ?Sized>(
        &mut self,
        log: &mut R,
        meant: Meant,
        bottom: u64,
    ) -> Result<(), StoreError> {
        while self.next > bottom && self.goes_on(MOST_LINKED) {
            let links = log.links_before(meant, self.next, self.walk.at_once)?;
            let whole = links.len() < self.walk.at_once as usize;
            let mut mentions: Vec<(u64, Vec<SubjectReference>)> = Vec::new();
            for (index, reference) in links {
                match mentions.last_mut() {
                    Some((last, references)) if *last == index => references.push(reference),
                    _ => mentions.push((index, vec![reference])),
                }
            }
            if !whole && mentions.len() > 1 {
                // The rest of the last entry's links may be in the next part.
                mentions.pop();
            }
            for (index, references) in mentions {
                if index < bottom {
                    self.next = bottom;
                    return Ok(());
                }
                if !self.goes_on(MOST_LINKED) {
                    break;
                }
                match log.ledger_entries(index, 1)?.pop() {
                    Some(entry) if entry.index == index => self.look_at(&entry, references),
                    _ => return Err(StoreError::Damaged("link")),
                }
            }
            if whole && self.goes_on(MOST_LINKED) {
                self.next = bottom;
            }
        }
        Ok(())
    }

    fn goes_on(&self, most: u64) -> bool {
        self.entries.len() < self.walk.limit && self.bytes < MOST_BYTES && self.looked_at < most
    }

    fn look_at(&mut self, entry: &StoredEntry, references: Vec<SubjectReference>) {
        self.next = entry.index;
        self.looked_at += 1;
        if self.is_meant(entry) {
            self.bytes += entry.record.as_ref().map_or(0, |record| record.as_str().len());
            self.entries.push(shown(entry, references));
        }
    }

    fn is_meant(&self, entry: &StoredEntry) -> bool {
        let filter = &self.walk.filter;
        let Some(record) = &entry.record else {
            // All that is left of an erased record is its moment.
            let in_time = filter.from.is_none_or(|from| entry.at >= from)
                && filter.until.is_none_or(|until| entry.at < until);
            return filter.is_period_only() && in_time;
        };
        if record.as_str().starts_with(CLAIMS) {
            return false;
        }
        if self.is_of_something_else(record.as_str()) {
            return false;
        }
        match serde_json::from_str::<AccessRecord>(record.as_str()) {
            Ok(record) => filter.matches(&record),
            // Of another version than this one. An auditor sees it rather than not, unless it is surely of something else.
            Err(_) => true,
        }
    }

    /// Whether a record is surely not meant. Nearly all are, and to read them whole takes most of the time. Of what cannot be read at
    /// all, nothing is sure.
    fn is_of_something_else(&self, record: &str) -> bool {
        let event = self.walk.filter.event;
        let is_of_another_exchange =
            self.exchange.as_ref().is_some_and(|exchange| !record.contains(exchange));
        if !is_of_another_exchange && event.is_none() {
            return false;
        }
        let Ok(Essence { event: recorded }) = serde_json::from_str(record) else { return false };
        is_of_another_exchange || event.is_some_and(|event| event != recorded)
    }
}

/// A record of which not even this can be read could say anything.
#[derive(Deserialize)]
struct Essence {
    event: Event,
}

fn shown(entry: &StoredEntry, references: Vec<SubjectReference>) -> AccessLogEntry {
    AccessLogEntry {
        erased: entry.record.is_none(),
        index: entry.index,
        leaf: Bytes32(entry.leaf),
        record: entry.record.as_ref().map(|record| record.as_str().to_owned()),
        references,
        salt: entry.salt.as_ref().map(|salt| Bytes32(salt.0)),
    }
}

/// How the canonical claims of a grant begin. They have a leaf of their own, but are no record: the query's record names
/// every grant, and the handle in the claims is for its holder only.
const CLAIMS: &str = r#"{"aud":"#;
/// Enough to make few statements, and few enough to keep little in memory.
pub(super) const AT_ONCE: u32 = 500;
/// Most entries that one page looks at.
const MOST_LOOKED_AT: u64 = 20_000;
/// The same when each is looked up by its link.
const MOST_LINKED: u64 = 2_000;
/// A page ends when its records have so many bytes.
const MOST_BYTES: usize = 1024 * 1024;

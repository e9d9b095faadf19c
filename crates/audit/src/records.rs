//! The records of a log, newest first, wherever its pages come from; each is checked against its leaf.

mod remote;

use std::collections::VecDeque;

use kw_agreement::LogIdentity;
use kw_domain::Instant;
use kw_ledger::{AccessRecord, Logged};
use serde::Serialize;

pub use remote::{Patience, RemoteError, RemotePages, Walk, opened_entry};

/// From when until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Period {
    /// From this moment on.
    pub from: Option<Instant>,
    /// Before this moment.
    pub until: Option<Instant>,
}

impl Period {
    fn has(self, at: Instant) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}

/// Where the pages of a log come from.
pub trait Pages: Send {
    /// Why there is no page.
    type Error;

    /// The next entries, newest first; `None` at the end. Entries that should stand between them and do not are counted.
    fn page(
        &mut self,
        missing: &mut u64,
    ) -> impl Future<Output = Result<Option<Vec<Entry>>, Self::Error>> + Send;
}

/// One log, newest records first.
#[derive(Debug)]
pub struct Log<P> {
    /// Whose it is.
    pub identity: LogIdentity,
    /// What was read so far.
    pub tally: Tally,
    pages: P,
    period: Period,
    waiting: VecDeque<Found>,
    is_at_end: bool,
}

/// A record in its place.
#[derive(Debug, Clone)]
pub struct Found {
    /// The number of its entry.
    pub index: u64,
    /// The leaf that it opens. Whether that is the tree's, [`crate::reader::verify_leaves`] says.
    pub leaf: [u8; 32],
    /// The record.
    pub record: AccessRecord,
}

/// An entry as it was read.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its number.
    pub index: u64,
    /// The leaf that whoever gave it says it has.
    pub leaf: [u8; 32],
    /// What record and salt say, if they are there.
    pub opened: Opening,
}

/// What record and salt of an entry say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// They open the leaf.
    Record(String),
    /// Both are gone, as they should at the end of their term.
    Erased,
    /// They do not open the leaf.
    Unsound,
}

/// What was read of a log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// Records.
    pub records: u64,
    /// Entries whose record was erased at the end of its term.
    pub erased: u64,
    /// Entries whose record does not open its leaf.
    pub unsound: u64,
    /// Entries that a database does not have.
    pub missing: u64,
    /// Records that open their leaf and are of another version than this program reads.
    pub unreadable: u64,
}

impl Tally {
    /// Whether nothing is wrong with what was read.
    pub fn is_sound(self) -> bool {
        self.unsound == 0 && self.missing == 0 && self.unreadable == 0
    }

    /// The two together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            records: self.records + other.records,
            erased: self.erased + other.erased,
            unsound: self.unsound + other.unsound,
            missing: self.missing + other.missing,
            unreadable: self.unreadable + other.unreadable,
        }
    }
}

impl<P: Pages> Log<P> {
    /// A log of which nothing was read.
    pub fn new(identity: LogIdentity, pages: P, period: Period) -> Self {
        let (tally, waiting) = (Tally::default(), VecDeque::new());
        Self { identity, tally, pages, period, waiting, is_at_end: false }
    }

    /// The same log with its pages behind something else; nothing of it may have been read.
    #[must_use]
    pub fn map<Q: Pages>(self, pages: impl FnOnce(P) -> Q) -> Log<Q> {
        Log::new(self.identity, pages(self.pages), self.period)
    }

    /// The next record's time, for merging logs.
    pub async fn next_at(&mut self) -> Result<Option<Instant>, P::Error> {
        while self.waiting.is_empty() && !self.is_at_end {
            self.read_page().await?;
        }
        Ok(self.waiting.front().map(|found| found.record.at))
    }

    /// The next record.
    pub async fn next(&mut self) -> Result<Option<Found>, P::Error> {
        self.next_at().await?;
        Ok(self.waiting.pop_front())
    }

    /// A record as the ledger knows it.
    pub fn logged<'a>(&'a self, found: &'a Found) -> Logged<'a> {
        Logged { origin: &self.identity.origin, index: found.index, record: &found.record }
    }

    async fn read_page(&mut self) -> Result<(), P::Error> {
        let Some(page) = self.pages.page(&mut self.tally.missing).await? else {
            self.is_at_end = true;
            return Ok(());
        };
        for Entry { index, leaf, opened } in page {
            match opened {
                Opening::Erased => self.tally.erased += 1,
                Opening::Unsound => self.tally.unsound += 1,
                // The claims of grants have leaves of their own, and are no records.
                Opening::Record(text) if text.starts_with(CLAIMS) => {}
                Opening::Record(text) => match serde_json::from_str::<AccessRecord>(&text) {
                    Ok(record) if self.period.has(record.at) => {
                        self.tally.records += 1;
                        self.waiting.push_back(Found { index, leaf, record });
                    }
                    Ok(_) => {}
                    Err(_) => self.tally.unreadable += 1,
                },
            }
        }
        Ok(())
    }
}

/// How the canonical claims of a grant begin.
const CLAIMS: &str = r#"{"aud":"#;

/// Which log has the newest record that was not taken yet. Merged like this, the records of one exchange come together.
pub async fn merged_newest<P: Pages>(logs: &mut [Log<P>]) -> Result<Option<usize>, P::Error> {
    let mut newest = None;
    for (place, log) in logs.iter_mut().enumerate() {
        let Some(at) = log.next_at().await? else { continue };
        if newest.is_none_or(|(latest, _)| at > latest) {
            newest = Some((at, place));
        }
    }
    Ok(newest.map(|(_, place)| place))
}

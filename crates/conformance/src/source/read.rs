//! One read of a source, kept to be compared with another.

use std::collections::BTreeMap;
use std::time::Duration;

use kw_adapter::{Change, ChangePage, Cursor, LocalId, RefusedRow, Source, SourceError, SourceRecord};
use kw_domain::Category;
use tokio::time::timeout;

/// A record's name.
pub(super) type Key = (Category, LocalId);

/// A read to its end. It holds people, so it has no `Debug`.
#[derive(Default)]
pub(super) struct Reading {
    pub(super) records: BTreeMap<Key, SourceRecord>,
    /// Where each page ended, and how many keys had been seen by then.
    pub(super) cursors: Vec<(Cursor, usize)>,
    /// Keys in the order of the source.
    pub(super) order: Vec<Key>,
    pub(super) gone: Vec<Key>,
    pub(super) refused: Vec<RefusedRow>,
    pub(super) repeats: usize,
    pub(super) is_complete: bool,
    /// What its pages show of themselves.
    pub(super) shown: Vec<String>,
    pub(super) longest_page: Duration,
}

impl Reading {
    pub(super) async fn from_start(source: &dyn Source) -> Result<Self, String> {
        Self::after(source, None).await.map_err(|error| told(&error))
    }

    /// Reads on from a cursor to the end.
    pub(super) async fn after(source: &dyn Source, after: Option<Cursor>) -> Result<Self, ReadError> {
        let mut read = Self { is_complete: true, ..Self::default() };
        let mut cursor = after;
        loop {
            if read.cursors.len() >= MOST_PAGES {
                return Err(ReadError::Endless);
            }
            let began = std::time::Instant::now();
            let page = timeout(PAGE_DEADLINE, source.changes(cursor.as_ref()))
                .await
                .map_err(|_| ReadError::Slow)?
                .map_err(ReadError::Source)?;
            read.longest_page = read.longest_page.max(began.elapsed());
            if page.more && cursor.as_ref() == Some(&page.cursor) {
                return Err(ReadError::Stuck);
            }
            let (more, next) = (page.more, page.cursor.clone());
            read.take(page);
            if !more {
                return Ok(read);
            }
            cursor = Some(next);
        }
    }

    fn take(&mut self, page: ChangePage) {
        if self.shown.len() < SHOWN_PAGES {
            self.shown.push(format!("{page:?}"));
        }
        self.is_complete &= page.complete;
        for change in page.changes {
            match change {
                Change::Gone { category, record } => {
                    let key = (category, record);
                    self.records.remove(&key);
                    self.gone.push(key);
                }
                Change::Present(record) => {
                    let key = (record.category.clone(), record.record.clone());
                    self.order.push(key.clone());
                    if self.records.insert(key, record).is_some() {
                        self.repeats += 1;
                    }
                }
            }
        }
        self.refused.extend(page.refused);
        self.cursors.push((page.cursor, self.order.len()));
    }

    /// The end, to read on from.
    pub(super) fn end(&self) -> Option<Cursor> {
        self.cursors.last().map(|(cursor, _)| cursor.clone())
    }

    /// Records of the other read that are not in this one, or are about somebody else here.
    pub(super) fn lacks(&self, other: &Self) -> usize {
        let differs = |(key, record): &(&Key, &SourceRecord)| {
            self.records.get(*key).is_none_or(|own| own.subject != record.subject)
        };
        other.records.iter().filter(differs).count()
    }
}

/// Why a read did not come to its end.
pub(super) enum ReadError {
    Endless,
    Slow,
    Source(SourceError),
    Stuck,
}

/// In our words: the source's own may be anything.
pub(super) fn told(error: &ReadError) -> String {
    match error {
        ReadError::Endless => format!("there are more than {MOST_PAGES} pages"),
        ReadError::Slow => "a page took longer than two minutes".to_owned(),
        ReadError::Source(error) => kind(error).to_owned(),
        ReadError::Stuck => "a page says that there are more, and its cursor is where it began".to_owned(),
    }
}

pub(super) fn kind(error: &SourceError) -> &'static str {
    match error {
        SourceError::Configuration(_) => "the source says that its configuration is wrong",
        SourceError::Content(_) => "the source says that it holds something unusable",
        SourceError::Unavailable(_) => "the source says that it cannot be read now",
    }
}

const PAGE_DEADLINE: Duration = Duration::from_mins(2);
const MOST_PAGES: usize = 1_000_000;
const SHOWN_PAGES: usize = 100;

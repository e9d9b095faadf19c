//! A log that its service hands out to an auditor, who is recorded for it.

use std::time::Duration;

use kw_agreement::LogIdentity;
use kw_client::{AccessLogClient, ClientError};
use kw_domain::ActorId;
use kw_ledger::search::AccessFilter;
use kw_ledger::{Canonical, Leaf, LeafKind, Salt};
use kw_protocol::access_log::{AccessLogEntry, AccessLogPage, AccessLogSearch, LARGEST_PAGE};

use super::{Entry, Log, Opening, Pages, Period};

/// The pages of a log at its service.
#[derive(Debug)]
pub struct RemotePages {
    client: AccessLogClient,
    origin: String,
    search: AccessLogSearch,
    patience: Patience,
    walk: Walk,
    is_at_end: bool,
}

/// How long a service that cannot be reached is waited for before anything of it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Some seconds: it may have been started anew.
    Long,
    /// Not at all. Somebody waits, who is told and can ask again.
    Short,
}

impl Patience {
    /// Whether the same page is asked again after this. A walk that has begun is worth a wait, and a service that answers says itself
    /// what may help.
    fn asks_again(self, error: &ClientError, has_begun: bool) -> bool {
        let is_away = matches!(error, ClientError::Unreachable | ClientError::TimedOut);
        error.retryable() && (self == Self::Long || has_begun || !is_away)
    }
}

/// Whether pages are one walk through a log, downwards and with an end. A service could otherwise have a reader go on for ever,
/// or count an entry twice.
#[derive(Debug, Default)]
pub struct Walk {
    /// Everything that comes now lies below this.
    below: Option<u64>,
    looked_at: u64,
}

impl Walk {
    fn has_begun(&self) -> bool {
        self.below.is_some()
    }

    /// Whether this page can follow those before it.
    pub fn goes_on(&mut self, page: &AccessLogPage) -> bool {
        let mut below = self.below.unwrap_or(page.size);
        for entry in &page.entries {
            if entry.index >= below {
                return false;
            }
            below = entry.index;
        }
        self.below = Some(below);
        // A page that looks at nothing comes to no end, and there is no more to look at than there is.
        self.looked_at = self.looked_at.saturating_add(page.looked_at);
        let moves = page.next_cursor.is_none() || page.looked_at > 0;
        moves && self.looked_at <= page.size
    }
}

/// Why a service gives no page.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RemoteError {
    /// It did not answer, or refused.
    #[error("{origin}: {source}")]
    Client {
        /// The name of the log.
        origin: String,
        /// What went wrong.
        source: ClientError,
    },
    /// Its pages are not one walk from the newest entry to the oldest.
    #[error("the pages of {0} do not follow each other: the service repeats or turns around entries")]
    Disordered(String),
    /// It has another log than the agreement says.
    #[error("the service hands out another log than {0}")]
    OtherLog(String),
}

impl RemotePages {
    /// A log of the agreement, which this client reads for this person.
    pub fn open(
        client: AccessLogClient,
        identity: LogIdentity,
        auditor: ActorId,
        period: Period,
        patience: Patience,
    ) -> Log<Self> {
        let filter = AccessFilter { from: period.from, until: period.until, ..AccessFilter::default() };
        let search = AccessLogSearch {
            auditor,
            cursor: None,
            filter,
            index: None,
            limit: Some(LARGEST_PAGE),
            proof: None,
            resolution: None,
        };
        let (origin, walk) = (identity.origin.clone(), Walk::default());
        let pages = Self { client, origin, search, patience, walk, is_at_end: false };
        Log::new(identity, pages, period)
    }

    /// Asks again while the service says that it may help: each page is an access of its own, and one more is only one more
    /// record.
    async fn ask(&self) -> Result<AccessLogPage, ClientError> {
        let mut attempt = 1;
        loop {
            match self.client.search(&self.search).await {
                Err(error)
                    if attempt < ATTEMPTS && self.patience.asks_again(&error, self.walk.has_begun()) =>
                {
                    let wait = error.retry_after().unwrap_or(WAIT);
                    tokio::time::sleep(wait.min(LONGEST_WAIT)).await;
                    attempt += 1;
                }
                asked => return asked,
            }
        }
    }
}

impl Pages for RemotePages {
    type Error = RemoteError;

    async fn page(&mut self, _: &mut u64) -> Result<Option<Vec<Entry>>, RemoteError> {
        if self.is_at_end {
            return Ok(None);
        }
        let failed = |source| RemoteError::Client { origin: self.origin.clone(), source };
        let page = self.ask().await.map_err(failed)?;
        if page.origin != self.origin {
            return Err(RemoteError::OtherLog(self.origin.clone()));
        }
        if !self.walk.goes_on(&page) {
            return Err(RemoteError::Disordered(self.origin.clone()));
        }
        self.is_at_end = page.next_cursor.is_none();
        self.search.cursor = page.next_cursor;
        Ok(Some(page.entries.into_iter().map(opened_entry).collect()))
    }
}

/// What an entry says, if record and salt open its leaf.
pub fn opened_entry(entry: AccessLogEntry) -> Entry {
    let (index, claimed) = (entry.index, entry.leaf.0);
    let opened = match (entry.record, entry.salt) {
        (None, None) if entry.erased => Opening::Erased,
        (Some(record), Some(salt)) => {
            let canonical = Canonical::from_stored(record);
            // What a leaf is about stands beside its hash, which does not depend on it.
            let leaf = Leaf::commit(LeafKind::Access, &Salt(salt.0), &canonical);
            if leaf.hash == entry.leaf.0 {
                Opening::Record(canonical.into_string())
            } else {
                Opening::Unsound
            }
        }
        _ => Opening::Unsound,
    };
    Entry { index, leaf: claimed, opened }
}

const ATTEMPTS: u32 = 5;
const WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use kw_protocol::Bytes32;

    use super::*;

    fn page(indices: &[u64], looked_at: u64, more: bool) -> AccessLogPage {
        let entry = |index: &u64| AccessLogEntry {
            erased: true,
            index: *index,
            leaf: Bytes32([0; 32]),
            record: None,
            references: Vec::new(),
            salt: None,
        };
        AccessLogPage {
            entries: indices.iter().map(entry).collect(),
            looked_at,
            next_cursor: more.then(|| "x".to_owned()),
            origin: "log".to_owned(),
            size: 10,
        }
    }

    fn walks(pages: &[AccessLogPage]) -> bool {
        let mut walk = Walk::default();
        pages.iter().all(|page| walk.goes_on(page))
    }

    #[test]
    fn pages_are_one_walk_downwards_with_an_end() {
        assert!(walks(&[page(&[9, 7], 3, true), page(&[], 4, true), page(&[0], 3, false)]));
        assert!(walks(&[page(&[], 0, false)]));
        for wrong in [
            vec![page(&[10], 1, false)],
            vec![page(&[7, 9], 3, false)],
            vec![page(&[9, 9], 2, false)],
            vec![page(&[9, 7], 3, true), page(&[7], 1, false)],
            vec![page(&[9], 1, true), page(&[], 0, true)],
            vec![page(&[9], 6, true), page(&[], 6, true)],
        ] {
            assert!(!walks(&wrong), "{wrong:?}");
        }
    }

    #[test]
    fn who_waits_for_a_page_is_told_at_once_that_a_service_is_away() {
        let (long, short) = (Patience::Long, Patience::Short);
        for away in [ClientError::Unreachable, ClientError::TimedOut] {
            assert!(long.asks_again(&away, false));
            assert!(!short.asks_again(&away, false));
            assert!(short.asks_again(&away, true), "what was read already would be lost");
        }
        assert!(!long.asks_again(&ClientError::Identity, false), "nothing changes");
    }
}

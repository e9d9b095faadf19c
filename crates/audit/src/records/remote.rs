//! A log that its service hands out to an auditor, who is recorded for it.

use std::time::Duration;

use kw_agreement::LogIdentity;
use kw_client::{AccessLogClient, ClientError, Context};
use kw_domain::ActorId;
use kw_ledger::search::AccessFilter;
use kw_ledger::{Canonical, Leaf, LeafKind, Salt};
use kw_protocol::access_log::{AccessLogEntry, AccessLogPage, AccessLogSearch, LARGEST_PAGE};
use kw_transport::Tls;

use super::{Entry, Log, Opening, Pages, Period};

/// The pages of a log at its service.
#[derive(Debug)]
pub struct RemotePages {
    client: AccessLogClient,
    origin: String,
    search: AccessLogSearch,
    is_at_end: bool,
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
    /// It has another log than the agreement says.
    #[error("the service hands out another log than {0}")]
    OtherLog(String),
}

impl RemotePages {
    /// A log of the agreement, read by this person with the certificate of their organisation.
    pub fn open(
        tls: &Tls,
        identity: LogIdentity,
        auditor: ActorId,
        period: Period,
        context: Context,
    ) -> Result<Log<Self>, ClientError> {
        let client = AccessLogClient::new(tls, identity.oin, &identity.endpoint, context)?;
        let filter = AccessFilter { from: period.from, until: period.until, ..AccessFilter::default() };
        let search =
            AccessLogSearch { auditor, cursor: None, filter, limit: Some(LARGEST_PAGE), resolution: None };
        let pages = Self { client, origin: identity.origin.clone(), search, is_at_end: false };
        Ok(Log::new(identity, pages, period))
    }

    /// Asks again while the service says that it may help: each page is an access of its own, and one more is only one more
    /// record.
    async fn ask(&self) -> Result<AccessLogPage, ClientError> {
        let mut attempt = 1;
        loop {
            match self.client.search(&self.search).await {
                Err(error) if error.retryable() && attempt < ATTEMPTS => {
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
        self.is_at_end = page.next_cursor.is_none();
        self.search.cursor = page.next_cursor;
        Ok(Some(page.entries.into_iter().map(opened_entry).collect()))
    }
}

/// What an entry says, if record and salt open its leaf.
pub fn opened_entry(entry: AccessLogEntry) -> Entry {
    let index = entry.index;
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
    Entry { index, opened }
}

const ATTEMPTS: u32 = 5;
const WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_mins(1);

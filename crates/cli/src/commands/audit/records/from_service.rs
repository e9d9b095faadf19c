//! A log that its service hands out to an auditor, who is recorded for it.

use std::time::Duration;

use kw_agreement::LogIdentity;
use kw_client::{AccessLogClient, ClientError};
use kw_domain::ActorId;
use kw_ledger::search::AccessFilter;
use kw_ledger::{Canonical, Leaf, LeafKind, Salt};
use kw_protocol::access_log::{AccessLogEntry, AccessLogPage, AccessLogSearch, LARGEST_PAGE};
use kw_transport::Tls;

use super::{Entry, Log, Opening, Pages, Period};
use crate::commands::audit::context;
use crate::exit::Exit;
use crate::failure::Failure;

#[derive(Debug)]
pub(super) struct RemoteLog {
    client: AccessLogClient,
    origin: String,
    search: AccessLogSearch,
    is_at_end: bool,
}

impl RemoteLog {
    pub(super) fn open(
        tls: &Tls,
        identity: LogIdentity,
        auditor: ActorId,
        period: Period,
    ) -> Result<Log, Failure> {
        let client = AccessLogClient::new(tls, identity.oin, &identity.endpoint, context())?;
        let filter = AccessFilter { from: period.from, until: period.until, ..AccessFilter::default() };
        let search =
            AccessLogSearch { auditor, cursor: None, filter, limit: Some(LARGEST_PAGE), resolution: None };
        let remote = Self { client, origin: identity.origin.clone(), search, is_at_end: false };
        Ok(Log::new(identity, Pages::Remote(Box::new(remote)), period))
    }

    pub(super) async fn page(&mut self) -> Result<Option<Vec<Entry>>, Failure> {
        if self.is_at_end {
            return Ok(None);
        }
        let page = self.ask().await.map_err(|error| self.failed(error))?;
        if page.origin != self.origin {
            return Err(Failure::new(
                Exit::Refused,
                format!("the service hands out another log than {}", self.origin),
                "ask the keeper of the log which agreement it runs under",
            ));
        }
        self.is_at_end = page.next_cursor.is_none();
        self.search.cursor = page.next_cursor;
        Ok(Some(page.entries.into_iter().map(opened).collect()))
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

    fn failed(&self, error: ClientError) -> Failure {
        let failure = Failure::from(error);
        let next = match failure.exit {
            Exit::Unavailable => "try again, or leave this log out: name the others with --log".to_owned(),
            _ => failure.next,
        };
        Failure { what: format!("{}: {}", self.origin, failure.what), next, ..failure }
    }
}

fn opened(entry: AccessLogEntry) -> Entry {
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

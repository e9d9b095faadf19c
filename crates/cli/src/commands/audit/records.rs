//! Where the records come from that are exported, counted and compared: services, asked over mutual TLS, or databases.

mod from_database;
mod from_service;

use std::collections::VecDeque;
use std::path::PathBuf;

use clap::Args;
use kw_agreement::{Agreement, LogIdentity, LogOwner};
use kw_domain::{ActorId, Instant};
use kw_ledger::{AccessRecord, Logged};
use serde::Serialize;

use super::access::{AuditConfig, LogName};
use crate::failure::Failure;
use from_database::Database;
use from_service::RemoteLog;

/// Which logs.
#[derive(Debug, Clone, Args)]
pub(crate) struct Sources {
    /// Whose eyes look at other parties' logs: an auditor's file with `agreement` and `[tls]`.
    #[arg(long, value_name = "FILE", required_unless_present = "databases", requires = "auditor")]
    config: Option<PathBuf>,
    /// Whose log: `switchboard`, `pseudonymiser`, or the OIN of a partner; may be repeated.
    #[arg(long = "log", value_name = "LOG", requires = "config", conflicts_with = "all")]
    logs: Vec<LogName>,
    /// Every log of the agreement.
    #[arg(long, requires = "config")]
    all: bool,
    /// Who you are, as your organisation knows you. Each service records it with what you read.
    #[arg(long, value_name = "ID", value_parser = ActorId::parse)]
    auditor: Option<ActorId>,
    /// A service whose database, or a copy of it, is read past the service: its configuration; may be repeated. Nobody
    /// records this reading.
    #[arg(long = "database", value_name = "FILE")]
    databases: Vec<PathBuf>,
}

/// From when until when.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Period {
    pub(crate) from: Option<Instant>,
    pub(crate) until: Option<Instant>,
}

impl Period {
    fn has(self, at: Instant) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}

/// The logs, opened.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) agreement: Agreement,
    pub(crate) logs: Vec<Log>,
}

impl Sources {
    /// Databases only.
    pub(crate) fn of_databases(databases: Vec<PathBuf>) -> Self {
        Self { config: None, logs: Vec::new(), all: false, auditor: None, databases }
    }

    /// Opens what is named, or the logs of `usual` when it is left to us.
    pub(crate) fn open(&self, usual: &[LogOwner], period: Period) -> Result<Opened, Failure> {
        let mut logs = Vec::new();
        let mut agreement = None;
        for path in &self.databases {
            let config = AuditConfig::load(path)?;
            let own = config.agreement()?;
            logs.push(Database::open(&config, &own, period)?);
            agreement.get_or_insert(own);
        }
        if let (Some(path), Some(auditor)) = (&self.config, &self.auditor) {
            let config = AuditConfig::load(path)?;
            let (chain, tls) = (config.agreement()?, config.tls()?);
            let is_named = self.all || !self.logs.is_empty() || self.databases.is_empty();
            let named = match &self.logs[..] {
                [] if self.all => chain.logs(),
                [] if is_named => usual.iter().filter_map(|owner| chain.log_of(*owner)).collect(),
                names => names.iter().map(|name| name.identity(&chain)).collect::<Result<_, _>>()?,
            };
            for identity in named {
                logs.push(RemoteLog::open(&tls, identity, auditor.clone(), period)?);
            }
            agreement = Some(chain);
        }
        let agreement = agreement.ok_or_else(|| {
            Failure::usage("no log is named", "name --config and --auditor, or --database FILE")
        })?;
        let mut origins: Vec<_> = logs.iter().map(|log| &log.identity.origin).collect();
        origins.sort();
        if origins.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Failure::usage("one log is named twice", "name each log once"));
        }
        Ok(Opened { agreement, logs })
    }
}

/// One log, newest records first.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) identity: LogIdentity,
    pub(crate) tally: Tally,
    pages: Pages,
    period: Period,
    waiting: VecDeque<Found>,
    is_at_end: bool,
}

#[derive(Debug)]
enum Pages {
    Database(Box<Database>),
    Remote(Box<RemoteLog>),
}

/// A record in its place.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) index: u64,
    pub(crate) record: AccessRecord,
}

/// An entry as it was read.
struct Entry {
    index: u64,
    /// What record and salt say, if they are there.
    opened: Opening,
}

enum Opening {
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
pub(crate) struct Tally {
    /// Records.
    pub(crate) records: u64,
    /// Entries whose record was erased at the end of its term.
    pub(crate) erased: u64,
    /// Entries whose record does not open its leaf.
    pub(crate) unsound: u64,
    /// Entries that a database does not have.
    pub(crate) missing: u64,
}

impl Tally {
    pub(crate) fn is_sound(self) -> bool {
        self.unsound == 0 && self.missing == 0
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            records: self.records + other.records,
            erased: self.erased + other.erased,
            unsound: self.unsound + other.unsound,
            missing: self.missing + other.missing,
        }
    }
}

impl Log {
    fn new(identity: LogIdentity, pages: Pages, period: Period) -> Self {
        let (tally, waiting) = (Tally::default(), VecDeque::new());
        Self { identity, tally, pages, period, waiting, is_at_end: false }
    }

    /// The next record's time, for merging logs.
    pub(crate) async fn next_at(&mut self) -> Result<Option<Instant>, Failure> {
        while self.waiting.is_empty() && !self.is_at_end {
            self.read_page().await?;
        }
        Ok(self.waiting.front().map(|found| found.record.at))
    }

    /// The next record.
    pub(crate) async fn next(&mut self) -> Result<Option<Found>, Failure> {
        self.next_at().await?;
        Ok(self.waiting.pop_front())
    }

    /// A record as the ledger knows it.
    pub(crate) fn logged<'a>(&'a self, found: &'a Found) -> Logged<'a> {
        Logged { origin: &self.identity.origin, index: found.index, record: &found.record }
    }

    async fn read_page(&mut self) -> Result<(), Failure> {
        let page = match &mut self.pages {
            Pages::Database(database) => database.page(&mut self.tally.missing)?,
            Pages::Remote(remote) => remote.page().await?,
        };
        let Some(page) = page else {
            self.is_at_end = true;
            return Ok(());
        };
        for Entry { index, opened } in page {
            match opened {
                Opening::Erased => self.tally.erased += 1,
                Opening::Unsound => self.tally.unsound += 1,
                // The claims of grants have leaves of their own, and are no records.
                Opening::Record(text) => {
                    let record = serde_json::from_str::<AccessRecord>(&text).ok();
                    if let Some(record) = record.filter(|record| self.period.has(record.at)) {
                        self.tally.records += 1;
                        self.waiting.push_back(Found { index, record });
                    }
                }
            }
        }
        Ok(())
    }
}

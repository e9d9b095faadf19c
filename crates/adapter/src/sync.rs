//! Keeps the index in line with the sources.
//!
//! Reading and telling are apart, with a durable outbox between them. Reading a page of a source writes records, messages
//! and the place in the source in one transaction; telling takes messages out when the switchboard has acknowledged them.
//! So the work can be cut off anywhere and goes on where it was:
//!
//! - a record that the switchboard may have heard of is never forgotten before it is withdrawn there: the binding of a
//!   record is stored before its first message leaves, and a record without one can be dropped here alone;
//! - a pointer that is there already comes back with its handle, so telling twice is telling once;
//! - of several processes on one database one synchronises, so a message needs no claim that outlives a process that is killed;
//! - what is gone is withdrawn only after a read of everything, and not when suspiciously much is gone at once; a row
//!   that is there and cannot be used is not gone;
//! - what was taken back by hand is not registered again before somebody says so.

mod acts;
pub(crate) mod backoff;
mod by_hand;
mod comparing;
mod departing;
mod index;
mod lease;
mod place;
mod reading;
mod reconciling;
mod records;
mod registering;
mod sending;
#[cfg(test)]
pub(crate) mod stand_ins;
mod status;
mod sweeping;
#[cfg(test)]
mod tests;
mod upkeep;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kw_agreement::Agreement;
use kw_domain::{Clock, Instant, Oin, SourceName};
use kw_protocol::local::SyncReport;
use kw_runtime::SharedAgreement;
use kw_store::partner::Partner;
use kw_store::{Leadership, ReadError, Store, WriteError};
use kw_telemetry::{Configured, Explain, Reason};

use crate::events::{DatabaseNotRead, SourceNotRead};
use crate::pulls::Sources;
use crate::{SourceError, Vault};

pub use by_hand::Release;
pub use comparing::Compared;
pub use index::{Index, Left, Pseudonymiser};
pub use status::{HeldShrink, SourceState, SyncGauges, SyncStatus};

pub(crate) use acts::into_act;
use acts::{act, act_about};
pub(crate) use records::is_past_age_limit;
use status::Board;

/// What a synchroniser works with.
#[derive(Debug, Clone)]
pub struct SyncParts {
    /// The partner.
    pub holder: Oin,
    /// The agreement in force.
    pub agreement: SharedAgreement,
    /// The partner's database.
    pub store: Arc<Store<Partner>>,
    /// What is to be found in the index.
    pub sources: Sources,
    /// What seals columns, and the randomness.
    pub vault: Vault,
    /// The switchboard.
    pub index: Arc<dyn Index>,
    /// The pseudonymiser.
    pub pseudonymiser: Arc<dyn Pseudonymiser>,
    /// Where the time is read.
    pub clock: Arc<dyn Clock>,
    /// How often the background compares with the switchboard, give or take a quarter; never without it.
    pub reconcile_every: Option<Duration>,
}

/// One run of the synchroniser.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SyncOptions {
    /// Only these sources; all when empty.
    pub sources: Vec<SourceName>,
    /// Read the sources from the start instead of from where they were read to.
    pub full: bool,
    /// A person looked at it: much fewer records at a source than before is right, so withdraw what is gone.
    pub confirm_shrink: bool,
    /// Compare with the switchboard and mend what differs, whether it is due or not.
    pub reconcile: bool,
    /// Nobody is to be notified of what this run registers.
    pub administrative: bool,
}

impl SyncOptions {
    fn means(&self, source: &SourceName) -> bool {
        self.sources.is_empty() || self.sources.contains(source)
    }
}

/// How far a run is; for a progress bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncProgress<'a> {
    /// Changes read from this source so far.
    Read(&'a SourceName, u64),
    /// Messages to the switchboard that were settled so far.
    Told(u64),
}

/// Keeps the index in line with the sources. Runs take turns.
#[derive(Debug)]
pub struct Synchroniser {
    parts: SyncParts,
    board: Board,
    leadership: Arc<Mutex<Leadership>>,
    turn: tokio::sync::Mutex<()>,
    /// How long one run reads one source.
    read_at_most: Duration,
}

impl Synchroniser {
    /// A synchroniser that has not run yet.
    pub fn new(parts: SyncParts) -> Self {
        let board = Board::new(parts.sources.keys(), parts.clock.now());
        let leadership = Arc::new(Mutex::new(parts.store.synchronisation_leadership()));
        Self { parts, board, leadership, turn: tokio::sync::Mutex::new(()), read_at_most: READ_AT_MOST }
    }

    /// Reads the sources, tells the switchboard, and keeps up what is there. What fails for one source is in the report
    /// and does not stop the others; an error means that the run is not finished: the partner's own database fails, or another
    /// process synchronises it.
    pub async fn run_once(
        &self,
        options: &SyncOptions,
        progress: &(dyn Fn(SyncProgress<'_>) + Send + Sync),
    ) -> Result<SyncReport, SyncError> {
        self.run(options, Caller::Person, progress).await
    }

    async fn run(
        &self,
        options: &SyncOptions,
        caller: Caller,
        progress: &(dyn Fn(SyncProgress<'_>) + Send + Sync),
    ) -> Result<SyncReport, SyncError> {
        let _turn = self.turn.lock().await;
        if !self.leads().await? {
            // What the other one does shows in the database.
            self.report().await?;
            return Err(SyncError::Elsewhere);
        }
        let agreement = self.parts.agreement.current();
        self.board.begin_run(self.now());
        self.notice_lapse(&agreement).await?;
        let back = self.notice_departure(&agreement, caller).await?;
        let left = self.board.left();
        if left.is_some_and(|left| left.finished) {
            return self.report().await;
        }
        if left.is_none() {
            self.try_refused_again(&agreement, back || caller == Caller::Person).await?;
        }
        // Neither waits for a source that takes long.
        self.keep_lease(&agreement).await?;
        self.tell(&agreement, progress).await?;
        self.read_sources(&agreement, options, progress).await?;
        self.tell(&agreement, progress).await?;
        self.keep_up(&agreement).await?;
        let mut mended = false;
        for name in self.parts.sources.keys().filter(|name| options.means(name) && left.is_none()) {
            let due = caller == Caller::Job && self.is_reconciliation_due(&agreement, name).await?;
            if options.reconcile || due || back {
                mended |= self.reconcile(&agreement, name, options.confirm_shrink).await?;
            }
        }
        if mended {
            // Only the sources can name the subjects of what is registered again.
            let again = SyncOptions { full: false, reconcile: false, ..options.clone() };
            self.read_sources(&agreement, &again, progress).await?;
            self.tell(&agreement, progress).await?;
        }
        self.report().await
    }

    async fn read_sources(
        &self,
        agreement: &Arc<Agreement>,
        options: &SyncOptions,
        progress: &(dyn Fn(SyncProgress<'_>) + Send + Sync),
    ) -> Result<(), SyncError> {
        for (name, source) in &self.parts.sources {
            if !options.means(name) {
                continue;
            }
            match self.read_source(agreement, &**source, options, progress).await {
                Ok(()) => self.board.solved(name),
                Err(error @ (SyncError::Own(_) | SyncError::Elsewhere)) => return Err(error),
                Err(error) => {
                    let (source, reason) = (Configured::source(name), Reason::of(&error));
                    SourceNotRead { source, reason }.log();
                    self.board.problem(name, error.to_string());
                }
            }
        }
        Ok(())
    }

    /// One run for a background job: an error when anything stayed behind, so that it is tried again and seen. Nothing when
    /// another process synchronises.
    pub async fn run_in_background(&self) -> Result<(), SyncError> {
        let report = match self.run(&SyncOptions::default(), Caller::Job, &|_| {}).await {
            Err(SyncError::Elsewhere) => return Ok(()),
            ran => ran?,
        };
        let behind = report.sources.into_iter().find_map(|source| source.problem);
        behind.map_or(Ok(()), |problem| Err(SyncError::Behind(problem)))
    }

    /// Whether this is the process that synchronises. Made sure of before each batch of messages.
    async fn leads(&self) -> Result<bool, SyncError> {
        let leadership = Arc::clone(&self.leadership);
        let asking = tokio::task::spawn_blocking(move || {
            leadership.lock().unwrap_or_else(PoisonError::into_inner).is_leader()
        });
        let asked = asking.await.map_err(|_| SyncError::Own("it cannot say who synchronises"))?;
        Ok(asked.map_err(ReadError::from)?)
    }

    fn now(&self) -> Instant {
        self.parts.clock.now()
    }
}

/// Why a source or the whole run stopped. Never holds a value from a source.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// Something stayed behind; the report and the status say what.
    #[error("{0}")]
    Behind(String),
    /// The partner's own database fails: the operator's to mend.
    #[error("the partner's own database: {0}")]
    Own(&'static str),
    /// A source gives page after page without a row.
    #[error(
        "the source has no end: {EMPTY_PAGES} pages in a row had no row, and it says that there is more; look at its paging"
    )]
    SourceEndless,
    /// The source was not read to its end in one run.
    #[error("it takes long: {read} changes so far; the next run goes on from there")]
    SourceLong {
        /// Changes so far.
        read: u64,
    },
    /// Another process on this database synchronises it.
    #[error("another process on this database synchronises it: ask that one")]
    Elsewhere,
    /// The source failed: its owner's to mend, or to be tried again.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The source took too long for one page.
    #[error("the source took too long for one page: look at it, or make its pages smaller")]
    SourceSlow,
    /// The source says that there is more, again and again from the same place: a fault in its adapter.
    #[error("the source does not get on: it gives the same cursor again and says that there is more")]
    SourceStuck,
}

/// What stays behind and what a source says of itself is in the status, for the partner's own eyes.
impl Explain for SyncError {
    fn explain(&self, reason: &mut Reason) {
        match self {
            Self::Behind(_) => reason.say("something stayed behind: ask the local API for the status"),
            Self::Own(why) => reason.say("the partner's own database").say(why),
            Self::SourceEndless => reason.say("the source gives page after page without a row"),
            Self::SourceLong { .. } => reason.say("the source was not read to its end in one run"),
            Self::Elsewhere => reason.say("another process on this database synchronises it"),
            Self::Source(error) => reason.because(error),
            Self::SourceSlow => reason.say("the source took too long for one page"),
            Self::SourceStuck => {
                reason.say("the source gives the same cursor again and says that there is more")
            }
        };
    }
}

impl From<ReadError> for SyncError {
    fn from(error: ReadError) -> Self {
        DatabaseNotRead { reason: Reason::of(&error) }.log();
        Self::Own("it cannot be read now")
    }
}

impl From<WriteError<Never>> for SyncError {
    fn from(error: WriteError<Never>) -> Self {
        match error {
            WriteError::Busy => Self::Own("its queue is full"),
            WriteError::Refused(never) => match never {},
            WriteError::Unavailable => Self::Own("it did not commit"),
        }
    }
}

/// The writes of a sync never refuse.
#[derive(Debug)]
enum Never {}

/// Who has it run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    /// The clock.
    Job,
    /// Somebody who may have mended something.
    Person,
}

/// So many pages in a row without a row: the source only says that there is more.
const EMPTY_PAGES: u32 = 1_000;
/// A source that never ends must not keep the others of the partner waiting for ever.
const READ_AT_MOST: Duration = Duration::from_mins(5);
/// The most changes in one transaction.
const CHUNK: usize = 500;
/// How long a source may take for one page.
const PAGE_DEADLINE: Duration = Duration::from_mins(2);

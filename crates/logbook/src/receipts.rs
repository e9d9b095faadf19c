//! Receipts that this party was given, looked for in the logs that must bear them out (design §5).
//!
//! A holder keeps the leaf of every grant that it answered, a requester that of every answer that it got. A job looks for
//! them in a checkpoint with the agreement's quorum of cosignatures. A leaf that is another, or that does not turn up
//! although the log has gone on, is a security event, and leaves a record: somebody had an access that the log does not
//! show, or showed others another log.

mod judging;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kw_agreement::{Agreement, LogIdentity};
use kw_client::ClientError;
use kw_domain::{Clock, Oin};
use kw_ledger::checkpoint::SignedCheckpoint;
use kw_ledger::policy::PolicyRefusal;
use kw_ledger::tile::{Resource, Tiles, TilesError, inclusion_tiles};
use kw_ledger::tree::Hash;
use kw_ledger::{AccessRecord, Event, LeafKind, Outcome, canonical};
use kw_runtime::SharedAgreement;
use kw_store::partner::Partner;
use kw_store::{Abort, Act, KeepError, PendingReceipt, ReadError, Store, StoreError, WriteError};
use kw_telemetry::{Explain, Reason};

use crate::events;
use crate::reader::{self, LogSource, Trust, TrustError};
use judging::{Judged, judge};

/// How many receipts one round looks for.
const AT_ONCE: u32 = 1_000;
/// Beyond every index that a database holds.
const ANY: u64 = i64::MAX as u64;
/// A log that has gone on for so long without a leaf will not have it any more.
const PATIENCE: Duration = Duration::from_mins(10);

/// Says where a log is read.
type Opening = dyn Fn(&LogIdentity) -> Result<LogSource, ClientError> + Send + Sync;

/// Looks for the receipts of one partner.
pub struct Receipts {
    party: Oin,
    agreement: SharedAgreement,
    store: Arc<Store<Partner>>,
    clock: Arc<dyn Clock>,
    open: Box<Opening>,
    borne_out: AtomicU64,
    refuted: AtomicU64,
}

impl Receipts {
    /// The receipts in `store`; `open` says where a log is read.
    pub fn new(
        party: Oin,
        agreement: SharedAgreement,
        store: Arc<Store<Partner>>,
        clock: Arc<dyn Clock>,
        open: impl Fn(&LogIdentity) -> Result<LogSource, ClientError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            party,
            agreement,
            store,
            clock,
            open: Box::new(open),
            borne_out: AtomicU64::new(0),
            refuted: AtomicU64::new(0),
        }
    }

    /// How many were borne out since the start.
    pub fn borne_out(&self) -> u64 {
        self.borne_out.load(Ordering::Relaxed)
    }

    /// How many were refuted since the start.
    pub fn refuted(&self) -> u64 {
        self.refuted.load(Ordering::Relaxed)
    }

    /// Looks for everything that waits, in every log of the agreement.
    pub async fn check(&self) -> Result<(), ReceiptsError> {
        let agreement = self.agreement.current();
        for log in agreement.logs() {
            let origin = log.origin.clone();
            let waiting = self.store.read(move |books| books.pending_receipts(&origin, ANY, 1)).await?;
            if !waiting.is_empty() {
                self.check_log(&agreement, &log).await?;
            }
        }
        Ok(())
    }

    async fn check_log(&self, agreement: &Agreement, log: &LogIdentity) -> Result<(), ReceiptsError> {
        let source = (self.open)(log)?;
        let checkpoint = witnessed(agreement, log, &source).await?;
        self.check_memory(log, &checkpoint, &source).await?;
        let size = checkpoint.checkpoint().size;
        loop {
            let origin = log.origin.clone();
            let waiting =
                self.store.read(move |books| books.pending_receipts(&origin, size, AT_ONCE)).await?;
            let last = waiting.len() < AT_ONCE as usize;
            let tiles = fetch(&source, waiting.iter().map(|one| one.index), size).await?;
            tiles.verify(size, &checkpoint.checkpoint().root)?;
            for receipt in waiting {
                match judge(&receipt, &tiles)? {
                    Judged::BorneOut => self.settle(receipt).await?,
                    Judged::Another => self.refute(agreement, log, receipt, "leaf-differs").await?,
                }
            }
            if last {
                break;
            }
        }
        let origin = log.origin.clone();
        let beyond = self.store.read(move |books| books.pending_receipts(&origin, ANY, AT_ONCE)).await?;
        let overdue = self.clock.now().minus(PATIENCE);
        for receipt in beyond.into_iter().filter(|receipt| receipt.at < overdue) {
            self.refute(agreement, log, receipt, "leaf-missing").await?;
        }
        Ok(())
    }

    /// What this party cosigned of the log must be part of what it is shown now.
    async fn check_memory(
        &self,
        log: &LogIdentity,
        checkpoint: &SignedCheckpoint,
        source: &LogSource,
    ) -> Result<(), ReceiptsError> {
        let origin = log.origin.clone();
        let Some(memory) = self.store.read(move |books| books.witness_memory(&origin)).await? else {
            return Ok(());
        };
        let shown = checkpoint.checkpoint();
        // What was cosigned after this checkpoint was checked against it then.
        if memory.size == 0 || memory.size > shown.size {
            return Ok(());
        }
        let tiles = fetch(source, [memory.size - 1], shown.size).await?;
        tiles.verify(shown.size, &shown.root)?;
        if tiles.root(memory.size)? == Hash(memory.root) {
            return Ok(());
        }
        events::LogForked { owner: log.oin, size: memory.size }.log();
        Err(ReceiptsError::Forked)
    }

    async fn settle(&self, receipt: PendingReceipt) -> Result<(), ReceiptsError> {
        self.store.keep("settle_receipt", move |books| books.settle_receipt(&receipt)).await?;
        self.borne_out.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Tells the security officer, and records it for good.
    async fn refute(
        &self,
        agreement: &Agreement,
        log: &LogIdentity,
        receipt: PendingReceipt,
        reason: &'static str,
    ) -> Result<(), ReceiptsError> {
        events::ReceiptRefuted {
            owner: log.oin,
            transaction: receipt.transaction,
            index: receipt.index,
            reason,
        }
        .log();
        let (chain, now) = (agreement.chain().clone(), self.clock.now());
        let mut record =
            AccessRecord::new(Event::ReceiptRefuted, now, chain, self.party, self.party, agreement.hash());
        record.decision.reason = Some(reason.to_owned());
        record.holders = vec![log.oin];
        record.result = Outcome::Error;
        record.transaction = Some(receipt.transaction);
        let written = self
            .store
            .write("refute_receipt", move |tx| {
                tx.write().settle_receipt(&receipt)?;
                let text = canonical(&record).map_err(StoreError::from)?;
                Ok::<_, Abort<()>>(((), Act::new(record.at, LeafKind::Access, text)))
            })
            .await;
        written.map_err(ReceiptsError::NotRecorded)?;
        self.refuted.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

impl fmt::Debug for Receipts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipts").field("party", &self.party).finish_non_exhaustive()
    }
}

/// The newest checkpoint of a log that has the agreement's quorum.
async fn witnessed(
    agreement: &Agreement,
    log: &LogIdentity,
    source: &LogSource,
) -> Result<SignedCheckpoint, ReceiptsError> {
    let trust = Trust::of(agreement, log)?;
    let note = match agreement.quorum_for(log.owner) {
        0 => source.checkpoint().await?,
        _ => source.witnessed_checkpoint().await?.ok_or(ReceiptsError::Unwitnessed)?,
    };
    Ok(trust.read_witnessed(&note)?)
}

/// The tiles that show these leaves in the tree of this size.
async fn fetch(
    source: &LogSource,
    indices: impl IntoIterator<Item = u64>,
    size: u64,
) -> Result<Tiles, ReceiptsError> {
    let mut needed = BTreeMap::new();
    for index in indices {
        needed.extend(inclusion_tiles(index, size).into_iter().map(|tile| ((tile.level, tile.index), tile)));
    }
    let mut tiles = Tiles::new();
    for tile in needed.into_values() {
        tiles.insert(tile, &source.read(Resource::Tile(tile)).await?)?;
    }
    Ok(tiles)
}

/// Why receipts could not be looked for. They wait.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptsError {
    /// There is no client for the log.
    #[error("the log cannot be asked: {0}")]
    Client(#[from] ClientError),
    /// What it serves as a checkpoint is none, or has too few cosignatures.
    #[error("the log's checkpoint is refused: {0}")]
    Checkpoint(#[from] PolicyRefusal),
    /// The log shows another history than the one that this party cosigned.
    #[error("the log shows another history than the one that was cosigned")]
    Forked,
    /// The books cannot be changed now.
    #[error(transparent)]
    Keep(#[from] KeepError),
    /// A refuted receipt could not be recorded.
    #[error("a refuted receipt could not be recorded: {0}")]
    NotRecorded(WriteError<()>),
    /// The database cannot be read now.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The log cannot be read now.
    #[error("the log cannot be read: {0}")]
    Source(#[from] reader::ReadError),
    /// What it serves does not hash up to its checkpoint.
    #[error("the log's tiles do not fit its checkpoint: {0}")]
    Tiles(#[from] TilesError),
    /// The agreement names a key that cannot be used.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// It has no checkpoint with the agreement's quorum yet.
    #[error("the log has no checkpoint with the cosignatures that the agreement demands")]
    Unwitnessed,
}

impl Explain for ReceiptsError {
    fn explain(&self, reason: &mut Reason) {
        match self {
            Self::Client(_) => reason.say("the log cannot be asked"),
            Self::Checkpoint(_) => reason.say("the log's checkpoint is refused"),
            Self::Forked => reason.say("the log shows another history than the one that was cosigned"),
            Self::Keep(_) => reason.say("the database did not commit"),
            Self::NotRecorded(_) => reason.say("a refuted receipt could not be recorded"),
            Self::Read(_) => reason.say("the database cannot be read"),
            Self::Source(_) => reason.say("the log cannot be read"),
            Self::Tiles(_) => reason.say("the log's tiles do not fit its checkpoint"),
            Self::Trust(_) => reason.say("the agreement names a key that cannot be used"),
            Self::Unwitnessed => reason.say("the log has no checkpoint with enough cosignatures"),
        };
    }
}

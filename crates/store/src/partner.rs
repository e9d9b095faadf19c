//! The partner's tables: what it registered, what it still has to tell, grants that were used.

mod authorisations;
mod canaries;
pub(crate) mod feedback;
mod feedback_sent;
mod identity_checks;

use std::fmt;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use kw_domain::{Category, Epoch, GrantId, Handle, Instant, Oin, PointerId, SourceName, SubjectReference};
use kw_protocol::pointer::WithdrawalReason;

use crate::backend::{Connection, Migrations};
use crate::books::{PendingReceipt, ReceiptsWrite};
use crate::error::StoreError;
use crate::ledger::{LedgerRead, Links};
use crate::statements::PersonStatements;
use crate::store::{Service, sealed};

pub use authorisations::{AuthorisationsRead, AuthorisationsWrite, StoredAuthorisation};
pub use canaries::{CanariesRead, CanariesWrite, StoredCanary};
pub use feedback::{
    FeedbackCounts, FeedbackFilter, FeedbackMessage, FeedbackRead, FeedbackStanding, FeedbackWrite,
    StoredAnnotation, StoredAttachment, StoredFeedback,
};
pub use feedback_sent::{FeedbackSentRead, FeedbackSentWrite, SentFeedback, StoredCorrection};
pub use identity_checks::{IdentityCheckState, IdentityChecksRead, IdentityChecksWrite, StoredIdentityCheck};

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/partner/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/partner/postgres");

/// The partner's database.
#[derive(Debug)]
pub struct Partner;

impl sealed::Sealed for Partner {
    fn migrations() -> Migrations {
        Migrations { postgres: POSTGRES, sqlite: SQLITE }
    }
}

impl Service for Partner {
    type Read = dyn PartnerRead;
    type Write = dyn PartnerWrite;
    const NAME: &'static str = "partner";
    const LINKS: Links = Links::RecordsAndAsked;

    fn reading(connection: &mut sealed::Open) -> &mut Self::Read {
        match connection {
            Connection::Postgres(conn) => conn,
            Connection::Sqlite(conn) => conn,
        }
    }

    fn writing(connection: &mut sealed::Open) -> &mut Self::Write {
        match connection {
            Connection::Postgres(conn) => conn,
            Connection::Sqlite(conn) => conn,
        }
    }
}

/// How far a record's registration has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalState {
    /// Its registration waits in the outbox.
    Pending,
    /// The switchboard has it.
    Registered,
    /// Its withdrawal waits in the outbox.
    Leaving,
    /// Somebody took its pointer back by hand. The record stays known as long as the source has it, so that no read
    /// registers it again; a withdrawal waits in the outbox while the switchboard may still have the pointer.
    Suppressed,
}

/// A record at the source and the pointer that stands for it.
#[derive(Clone)]
pub struct LocalRecord {
    /// The pointer's handle: random.
    pub handle: Handle,
    /// The source.
    pub source: SourceName,
    /// The category.
    pub category: Category,
    /// Keyed digest of the source's own key.
    pub record_key: [u8; 16],
    /// The source's own key, sealed.
    pub record_sealed: Vec<u8>,
    /// Keyed digest of the canonical subject, to see that a record went over to another person.
    pub subject_key: [u8; 16],
    /// The binding, sealed; absent until the pseudonymiser evaluated.
    pub binding_sealed: Option<Vec<u8>>,
    /// The binding's epoch.
    pub binding_epoch: Option<Epoch>,
    /// The switchboard's id; absent until acknowledged.
    pub pointer: Option<PointerId>,
    /// How far it has come.
    pub state: LocalState,
    /// Findable until then; absent until acknowledged.
    pub valid_until: Option<Instant>,
    /// The number of the last full read of the source that saw it.
    pub seen_read: u64,
}

impl fmt::Debug for LocalRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Digests and sealed values stand for a person as well as a number does.
        f.debug_struct("LocalRecord")
            .field("source", &self.source)
            .field("category", &self.category)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// What the switchboard has to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutboxTask {
    /// A pointer to be registered.
    Register,
    /// A pointer to be withdrawn.
    Withdraw,
}

/// A message to the switchboard that waits.
#[derive(Clone)]
pub struct OutboxItem {
    /// Its number: the order of acting.
    pub id: i64,
    /// The record it is about.
    pub handle: Handle,
    /// What to tell.
    pub task: OutboxTask,
    /// The canonical subject, sealed; gone once acknowledged.
    pub subject_sealed: Option<Vec<u8>>,
    /// Why it is withdrawn.
    pub reason: Option<WithdrawalReason>,
    /// To be destroyed at the latest then.
    pub destroy_by: Option<Instant>,
    /// When it was queued.
    pub queued_at: Instant,
    /// How often it was tried.
    pub attempts: u32,
    /// Not to be tried before then.
    pub next_at: Instant,
    /// Nobody is to be notified of it.
    pub administrative: bool,
}

impl fmt::Debug for OutboxItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboxItem")
            .field("id", &self.id)
            .field("task", &self.task)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// A message that was refused, and is tried again seldom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedMessage {
    /// The source of its record.
    pub source: SourceName,
    /// The category of its record.
    pub category: Category,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Instant,
    /// When it is tried again.
    pub next_at: Instant,
}

/// Where a source's changes were read to.
#[derive(Clone, PartialEq, Eq)]
pub struct SourceCursor {
    /// The source's own cursor.
    pub cursor: String,
    /// How many full reads were begun.
    pub read_number: u64,
    /// When the last sync ended.
    pub synced_at: Instant,
}

impl fmt::Debug for SourceCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A source's cursor may be the key of its last record.
        f.debug_struct("SourceCursor")
            .field("read_number", &self.read_number)
            .field("synced_at", &self.synced_at)
            .finish_non_exhaustive()
    }
}

/// A registered record as it is compared with the switchboard's.
#[derive(Debug, Clone)]
pub struct RegisteredEntry {
    /// Its handle.
    pub handle: Handle,
    /// Its pointer.
    pub pointer: PointerId,
    /// Its category.
    pub category: Category,
    /// Findable until then, as far as is known here.
    pub valid_until: Instant,
}

/// How the comparison of a source with the switchboard stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReconciliation {
    /// When the next one is due.
    pub due_at: Instant,
    /// How the last one went: opaque to the store.
    pub state: String,
}

/// Figures for the status command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutboxDepth {
    /// How many wait.
    pub waiting: u64,
    /// When the oldest was queued.
    pub oldest: Option<Instant>,
}

/// Reading the partner's tables.
pub trait PartnerRead:
    LedgerRead
    + PersonStatements
    + AuthorisationsRead
    + CanariesRead
    + FeedbackRead
    + FeedbackSentRead
    + IdentityChecksRead
{
    /// The record with this handle.
    fn record_by_handle(&mut self, handle: Handle) -> Result<Option<LocalRecord>, StoreError>;
    /// The record with this key at its source.
    fn record_by_key(
        &mut self,
        source: &SourceName,
        category: &Category,
        key: &[u8; 16],
    ) -> Result<Option<LocalRecord>, StoreError>;
    /// Records of a source that a full read did not see, those on their way out left out.
    fn records_unseen(
        &mut self,
        source: &SourceName,
        read: u64,
        limit: u32,
    ) -> Result<Vec<LocalRecord>, StoreError>;
    /// How many records of a source a full read did not see, those on their way out left out.
    fn count_unseen(&mut self, source: &SourceName, read: u64) -> Result<u64, StoreError>;
    /// The record with this pointer at the switchboard.
    fn record_by_pointer(&mut self, pointer: PointerId) -> Result<Option<LocalRecord>, StoreError>;
    /// Registered records, of one source or category where these are given.
    fn records_registered(
        &mut self,
        source: Option<&SourceName>,
        category: Option<&Category>,
        limit: u32,
    ) -> Result<Vec<LocalRecord>, StoreError>;
    /// Registered records that run out before a moment.
    fn records_expiring(&mut self, before: Instant, limit: u32) -> Result<Vec<LocalRecord>, StoreError>;
    /// Registered records whose binding is older than an epoch, after a handle.
    fn records_with_older_binding(
        &mut self,
        epoch: Epoch,
        after: Option<Handle>,
        limit: u32,
    ) -> Result<Vec<LocalRecord>, StoreError>;
    /// How many records the switchboard has.
    fn count_registered(&mut self) -> Result<u64, StoreError>;
    /// How many records of a source the switchboard has.
    fn count_registered_of(&mut self, source: &SourceName) -> Result<u64, StoreError>;
    /// The records of the log that are about a record: index and reference, oldest first, after an index.
    fn links_of(
        &mut self,
        handle: Handle,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Vec<(u64, SubjectReference)>, StoreError>;
    /// The records of the log about asking others about a subject: index and reference, oldest first, after an index.
    fn asked_links_of(
        &mut self,
        subject_key: &[u8; 16],
        after: Option<u64>,
        limit: u32,
    ) -> Result<Vec<(u64, SubjectReference)>, StoreError>;
    /// Registered records of a source that have a pointer, after a handle, in the order of their handles.
    fn registered_entries(
        &mut self,
        source: &SourceName,
        after: Option<Handle>,
        limit: u32,
    ) -> Result<Vec<RegisteredEntry>, StoreError>;
    /// How the comparison of a source with the switchboard stands.
    fn reconciliation(&mut self, source: &SourceName) -> Result<Option<StoredReconciliation>, StoreError>;
    /// How many messages about records of a source wait, of one kind where it is given, and since when the oldest does.
    fn waiting_of(
        &mut self,
        source: &SourceName,
        task: Option<OutboxTask>,
    ) -> Result<OutboxDepth, StoreError>;
    /// Messages that may be sent now, oldest first.
    fn outbox_due(&mut self, now: Instant, limit: u32) -> Result<Vec<OutboxItem>, StoreError>;
    /// How many messages wait, and since when.
    fn outbox_depth(&mut self) -> Result<OutboxDepth, StoreError>;
    /// Messages that were refused, the first of them.
    fn parked(&mut self, limit: u32) -> Result<Vec<ParkedMessage>, StoreError>;
    /// How many messages were refused, of one source where it is given.
    fn count_parked(&mut self, source: Option<&SourceName>) -> Result<u64, StoreError>;
    /// Where a source was read to.
    fn source_cursor(&mut self, source: &SourceName) -> Result<Option<SourceCursor>, StoreError>;
    /// Until when the switchboard gave this partner its last lease.
    fn stored_lease(&mut self, holder: Oin) -> Result<Option<Instant>, StoreError>;
    /// SHA-256 of the request a grant was used for.
    fn used_grant(&mut self, grant: GrantId) -> Result<Option<[u8; 32]>, StoreError>;
    /// Receipts of a log for indices before `before`, in the order of that log: what a checkpoint of that size must bear out.
    fn pending_receipts(
        &mut self,
        origin: &str,
        before: u64,
        limit: u32,
    ) -> Result<Vec<PendingReceipt>, StoreError>;
    /// How many receipts wait, and since when, whatever the log.
    fn receipts_waiting(&mut self) -> Result<OutboxDepth, StoreError>;
}

/// Changing the partner's tables.
pub trait PartnerWrite:
    PartnerRead
    + ReceiptsWrite
    + AuthorisationsWrite
    + CanariesWrite
    + FeedbackWrite
    + FeedbackSentWrite
    + IdentityChecksWrite
{
    /// Adds or replaces a record, by its handle.
    fn store_record(&mut self, record: &LocalRecord) -> Result<(), StoreError>;
    /// Gives the links of a record, and the feedback reports about it, to the handle that it goes on under.
    fn move_links(&mut self, from: Handle, to: Handle) -> Result<(), StoreError>;
    /// Removes a record.
    fn delete_record(&mut self, handle: Handle) -> Result<(), StoreError>;
    /// Notes that a full read saw these records.
    fn mark_seen(&mut self, handles: &[Handle], read: u64) -> Result<(), StoreError>;
    /// Queues a message; its `id` is given by the database.
    fn queue(&mut self, item: &OutboxItem) -> Result<(), StoreError>;
    /// Puts a message off. It is not a refused one any more.
    fn put_off(&mut self, id: i64, attempts: u32, next_at: Instant) -> Result<(), StoreError>;
    /// Notes on a message that was put off why it was refused and since when.
    fn park(&mut self, id: i64, reason: &str, now: Instant) -> Result<(), StoreError>;
    /// Has every message that was refused tried again now, but for those that wait for another record.
    fn unpark(&mut self) -> Result<(), StoreError>;
    /// Has a message that was put off wait for a record to go.
    fn wait_for(&mut self, id: i64, handle: Handle) -> Result<(), StoreError>;
    /// The record has gone: what waited for that may be sent as when it was queued.
    fn wake(&mut self, handle: Handle) -> Result<(), StoreError>;
    /// Removes a message that was acknowledged or has no meaning any more.
    fn dequeue(&mut self, id: i64) -> Result<(), StoreError>;
    /// Removes every message about a record.
    fn dequeue_all(&mut self, handle: Handle) -> Result<(), StoreError>;
    /// Stores where a source was read to.
    fn store_cursor(&mut self, source: &SourceName, cursor: &SourceCursor) -> Result<(), StoreError>;
    /// Stores how the comparison of a source with the switchboard stands.
    fn store_reconciliation(
        &mut self,
        source: &SourceName,
        reconciliation: &StoredReconciliation,
    ) -> Result<(), StoreError>;
    /// Notes until when the switchboard gave this partner a lease.
    fn store_lease(&mut self, holder: Oin, until: Instant) -> Result<(), StoreError>;
    /// Notes that a grant is used.
    fn use_grant(
        &mut self,
        grant: GrantId,
        request: &[u8; 32],
        expires_at: Instant,
    ) -> Result<(), StoreError>;
    /// Removes grants that are void by now.
    fn forget_grants(&mut self, before: Instant) -> Result<(), StoreError>;
}

pub(crate) fn state_number(state: LocalState) -> i16 {
    match state {
        LocalState::Pending => 0,
        LocalState::Registered => 1,
        LocalState::Leaving => 2,
        LocalState::Suppressed => 3,
    }
}

pub(crate) fn state_from(number: i16) -> Result<LocalState, StoreError> {
    match number {
        0 => Ok(LocalState::Pending),
        1 => Ok(LocalState::Registered),
        2 => Ok(LocalState::Leaving),
        3 => Ok(LocalState::Suppressed),
        _ => Err(StoreError::Damaged("record state")),
    }
}

pub(crate) fn task_number(task: OutboxTask) -> i16 {
    match task {
        OutboxTask::Register => 0,
        OutboxTask::Withdraw => 1,
    }
}

pub(crate) fn task_from(number: i16) -> Result<OutboxTask, StoreError> {
    match number {
        0 => Ok(OutboxTask::Register),
        1 => Ok(OutboxTask::Withdraw),
        _ => Err(StoreError::Damaged("outbox task")),
    }
}

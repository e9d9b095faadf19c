//! The switchboard's tables: subjects, pointers, leases, uploads, generations.

mod alarms;
pub mod consents;
mod departures;
mod feedback;
pub mod mandates;
pub mod matches;
mod reviews;
mod signals;
mod subscriptions;

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use kw_domain::{BatchId, Category, Instant, Oin, PointerId, SubjectId};
use kw_protocol::pointer::{PointerState, WithdrawalReason};

use self::consents::{ConsentsRead, ConsentsWrite};
use self::mandates::{MandatesRead, MandatesWrite};
use self::matches::{MatchesRead, MatchesWrite};
use crate::backend::{Connection, Migrations};
use crate::delegations::{DelegationsRead, DelegationsWrite};
use crate::error::StoreError;
use crate::ledger::{LedgerRead, Links};
use crate::statements::SubjectStatements;
use crate::store::{Service, sealed};

pub use alarms::{AlarmsRead, AlarmsWrite, StoredAlarm};
pub use departures::{DepartureCounts, DeparturesRead, DeparturesWrite, StoredDeparture};
pub(crate) use departures::{kind_from, kind_number};
pub use feedback::{FeedbackRoutesRead, FeedbackRoutesWrite, GivenGrant, StoredCorrection};
pub use reviews::{ReviewDecision, ReviewFilter, ReviewsRead, ReviewsWrite, StoredReview};
pub use signals::{NewSignal, SignalsRead, SignalsWrite, StoredSignal};
pub use subscriptions::{StoredDeadLetter, StoredSubscription, SubscriptionsRead, SubscriptionsWrite};

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/switchboard/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/switchboard/postgres");

/// The switchboard's database.
#[derive(Debug)]
pub struct Switchboard;

impl sealed::Sealed for Switchboard {
    fn migrations() -> Migrations {
        Migrations { postgres: POSTGRES, sqlite: SQLITE }
    }
}

impl Service for Switchboard {
    type Read = dyn SwitchboardRead;
    type Write = dyn SwitchboardWrite;
    const NAME: &'static str = "switchboard";
    const LINKS: Links = Links::Subjects;

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

/// A subject's tags under the live generations of the index keys: one by its parity, or both while a rotation runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LiveTags {
    /// Under the live generation with an even number.
    pub even: Option<[u8; 32]>,
    /// Under the live generation with an odd number.
    pub odd: Option<[u8; 32]>,
}

impl std::fmt::Debug for LiveTags {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LiveTags(…)")
    }
}

/// A pointer that may be disclosed.
#[derive(Debug, Clone)]
pub struct FindablePointer {
    /// Its id.
    pub id: PointerId,
    /// Its holder.
    pub holder: Oin,
    /// Its category.
    pub category: Category,
    /// Handle and source, sealed.
    pub sealed: Vec<u8>,
    /// The purposes it is restricted to, separated by spaces.
    pub purposes: Option<String>,
}

/// A subject that is in the index, and what may be disclosed about it.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its id.
    pub subject: SubjectId,
    /// Its pointers.
    pub pointers: Vec<FindablePointer>,
}

/// A pointer as it is stored.
#[derive(Debug, Clone)]
pub struct StoredPointer {
    /// Its id.
    pub id: PointerId,
    /// Whom it is about; absent from a tombstone.
    pub subject: Option<SubjectId>,
    /// Its holder.
    pub holder: Oin,
    /// Its category.
    pub category: Category,
    /// Keyed digest of the source, for the uniqueness of the sealed column; absent from a tombstone.
    pub source_key: Option<[u8; 16]>,
    /// Handle and source, sealed; absent from a tombstone.
    pub sealed: Option<Vec<u8>>,
    /// The purposes it is restricted to, separated by spaces.
    pub purposes: Option<String>,
    /// Where it is in its life.
    pub state: PointerState,
    /// Why it was withdrawn.
    pub withdrawal: Option<WithdrawalReason>,
    /// When it was registered.
    pub registered_at: Instant,
    /// Findable until then.
    pub valid_until: Instant,
    /// When the lifecycle job has to look at it.
    pub due_at: Instant,
    /// To be destroyed at the latest then.
    pub destroy_by: Option<Instant>,
    /// What replaced it.
    pub superseded_by: Option<PointerId>,
}

/// A subject that was not in the index.
#[derive(Debug, Clone)]
pub struct NewSubject {
    /// Its id.
    pub id: SubjectId,
    /// Its tags.
    pub tags: LiveTags,
    /// The generation of the sealed element: the newest live one.
    pub generation: u32,
    /// T, sealed.
    pub element: Vec<u8>,
}

/// What makes a live pointer the same pointer.
#[derive(Debug, Clone)]
pub struct PointerIdentity {
    /// Whom it is about.
    pub subject: SubjectId,
    /// Its holder.
    pub holder: Oin,
    /// Keyed digest of the source.
    pub source_key: [u8; 16],
    /// Its category.
    pub category: Category,
}

/// Which of a holder's active pointers are meant.
#[derive(Debug, Clone, Default)]
pub struct ActiveSelector {
    /// Of this category only.
    pub category: Option<Category>,
    /// Of this source only.
    pub source_key: Option<[u8; 16]>,
}

/// What is compared of an active pointer.
#[derive(Debug, Clone)]
pub struct ActiveEntry {
    /// Its id.
    pub id: PointerId,
    /// Its category.
    pub category: Category,
    /// Findable until then.
    pub valid_until: Instant,
}

/// What a retried request is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// SHA-256 of the request.
    pub request: [u8; 32],
    /// The HTTP status that was answered.
    pub status: u16,
    /// The body that was answered, sealed.
    pub response: Vec<u8>,
}

/// Where a generation of the index keys is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GenerationPhase {
    /// It finds everything there is.
    Live,
    /// Rows are being converted to it; look-ups try the one before as well.
    Filling,
    /// Every row has its tag; old tags are being wiped.
    Closing,
    /// Its tags and elements are gone.
    Retired,
}

/// One generation of the index keys.
#[derive(Debug, Clone)]
pub struct Generation {
    /// Counted from 1.
    pub generation: u32,
    /// Which k_s it uses.
    pub index_epoch: u32,
    /// Which k_p(index) its elements come from.
    pub pseudonymiser_epoch: u32,
    /// Where it is.
    pub phase: GenerationPhase,
    /// The job's place: the id of the last subject that was done, 16 bytes, or empty.
    pub cursor: Vec<u8>,
    /// How many subjects were done.
    pub converted: u64,
    /// When it began.
    pub began_at: Instant,
}

/// A subject as the rotation job sees it.
#[derive(Debug, Clone)]
pub struct StoredSubject {
    /// Its id.
    pub id: SubjectId,
    /// The generation of its sealed element.
    pub generation: u32,
    /// T, sealed.
    pub element: Vec<u8>,
}

/// What the rotation job writes for one subject.
#[derive(Debug, Clone)]
pub struct RekeyedSubject {
    /// Its id.
    pub id: SubjectId,
    /// The generation it now has.
    pub generation: u32,
    /// Its tag in that generation.
    pub tag: [u8; 32],
    /// T', sealed.
    pub element: Vec<u8>,
}

/// Reading the index.
pub trait SwitchboardRead:
    AlarmsRead
    + ConsentsRead
    + DelegationsRead
    + FeedbackRoutesRead
    + DeparturesRead
    + LedgerRead
    + MandatesRead
    + MatchesRead
    + ReviewsRead
    + SignalsRead
    + SubjectStatements
    + SubscriptionsRead
{
    /// The subject with any of these tags.
    fn find_subject(&mut self, tags: &LiveTags) -> Result<Option<SubjectId>, StoreError>;
    /// The subject with any of these tags, and its active and valid pointers of holders whose lease stands.
    fn find(&mut self, tags: &LiveTags, now: Instant) -> Result<Option<Found>, StoreError>;
    /// One of the holder's own pointers.
    fn pointer(&mut self, holder: Oin, id: PointerId) -> Result<Option<StoredPointer>, StoreError>;
    /// The holder's own pointers after a given one, in the order of their ids.
    fn pointers_of(
        &mut self,
        holder: Oin,
        after: Option<PointerId>,
        limit: u32,
    ) -> Result<Vec<StoredPointer>, StoreError>;
    /// What is compared of the holder's own active pointers, of one source where it is given, after a given one.
    fn active_entries(
        &mut self,
        holder: Oin,
        source_key: Option<[u8; 16]>,
        after: Option<PointerId>,
        limit: u32,
    ) -> Result<Vec<ActiveEntry>, StoreError>;
    /// How many active pointers a selector means.
    fn count_active(&mut self, holder: Oin, selector: &ActiveSelector) -> Result<u64, StoreError>;
    /// How many lines of an upload are committed.
    fn upload_lines(&mut self, holder: Oin, upload: BatchId) -> Result<u64, StoreError>;
    /// What an idempotency key was answered with, if it still counts.
    fn remembered(&mut self, holder: Oin, key: &str, now: Instant) -> Result<Option<Remembered>, StoreError>;
    /// Pointers that the lifecycle job has to look at.
    fn due_pointers(&mut self, now: Instant, limit: u32) -> Result<Vec<StoredPointer>, StoreError>;
    /// Until when a holder's lease stands.
    fn lease(&mut self, holder: Oin) -> Result<Option<Instant>, StoreError>;
    /// Holders whose lease has run out.
    fn lapsed_leases(&mut self, now: Instant) -> Result<Vec<Oin>, StoreError>;
    /// All generations, oldest first.
    fn generations(&mut self) -> Result<Vec<Generation>, StoreError>;
    /// Subjects after a cursor, in the order of their ids.
    fn subjects_after(&mut self, cursor: &[u8], limit: u32) -> Result<Vec<StoredSubject>, StoreError>;
    /// How many subjects there are.
    fn count_subjects(&mut self) -> Result<u64, StoreError>;
    /// How many subjects are not converted to `generation`: their element is of an earlier one, or they have no tag of it.
    fn count_unconverted(&mut self, generation: u32) -> Result<u64, StoreError>;
    /// How many active pointers a holder has about one subject in one category.
    fn count_active_about(
        &mut self,
        subject: SubjectId,
        holder: Oin,
        category: &Category,
    ) -> Result<u64, StoreError>;
    /// How many active pointers there are, of all holders.
    fn count_all_active(&mut self) -> Result<u64, StoreError>;
}

/// Changing the index.
pub trait SwitchboardWrite:
    AlarmsWrite
    + ConsentsWrite
    + DelegationsWrite
    + FeedbackRoutesWrite
    + DeparturesWrite
    + MandatesWrite
    + MatchesWrite
    + ReviewsWrite
    + SignalsWrite
    + SubscriptionsWrite
    + SwitchboardRead
{
    /// [`SwitchboardRead::find_subject`] for many.
    fn find_subjects(&mut self, tags: &[LiveTags]) -> Result<Vec<Option<SubjectId>>, StoreError>;
    /// Writes a subject's row anew, under another nonce, if its element is of this generation: as much work as adding it, and
    /// nothing changes.
    fn rewrite_subject(&mut self, id: SubjectId, generation: u32, element: &[u8]) -> Result<(), StoreError>;
    /// Adds subjects.
    fn insert_subjects(&mut self, subjects: &[NewSubject]) -> Result<(), StoreError>;
    /// The active pointers with these identities.
    fn find_active(
        &mut self,
        identities: &[PointerIdentity],
    ) -> Result<Vec<Option<StoredPointer>>, StoreError>;
    /// Adds pointers.
    fn insert_pointers(&mut self, pointers: &[StoredPointer]) -> Result<(), StoreError>;
    /// Stores what changed about a pointer: subject, sealed columns, state, dates, successor.
    fn update_pointer(&mut self, pointer: &StoredPointer) -> Result<(), StoreError>;
    /// Removes a pointer for good.
    fn delete_pointer(&mut self, id: PointerId) -> Result<(), StoreError>;
    /// At most `limit` of the active pointers a selector means, in the order of their ids.
    fn select_active(
        &mut self,
        holder: Oin,
        selector: &ActiveSelector,
        limit: u32,
    ) -> Result<Vec<StoredPointer>, StoreError>;
    /// Extends a lease, never shortens it.
    fn renew_lease(&mut self, holder: Oin, valid_until: Instant) -> Result<(), StoreError>;
    /// Removes a lease that has lapsed.
    fn delete_lease(&mut self, holder: Oin) -> Result<(), StoreError>;
    /// Stores how far an upload has come.
    fn store_upload(
        &mut self,
        holder: Oin,
        upload: BatchId,
        lines: u64,
        now: Instant,
    ) -> Result<(), StoreError>;
    /// Remembers an answer.
    fn remember(
        &mut self,
        holder: Oin,
        key: &str,
        answer: &Remembered,
        expires_at: Instant,
    ) -> Result<(), StoreError>;
    /// Removes answers and uploads that nobody may repeat any more.
    fn forget_old(&mut self, now: Instant, uploads_before: Instant) -> Result<(), StoreError>;
    /// Adds or replaces a generation.
    fn store_generation(&mut self, generation: &Generation) -> Result<(), StoreError>;
    /// Writes re-keyed subjects, unless they have that generation already.
    fn rekey_subjects(&mut self, subjects: &[RekeyedSubject]) -> Result<u64, StoreError>;
    /// Wipes the tags of a retired generation after a cursor; gives the new cursor, or nothing when done.
    fn wipe_tags(
        &mut self,
        generation: u32,
        cursor: &[u8],
        limit: u32,
    ) -> Result<Option<Vec<u8>>, StoreError>;
    /// Removes subjects that no pointer, no mandate, no relation and no link refers to, at most `limit`.
    fn delete_orphans(&mut self, candidates: &[SubjectId]) -> Result<u64, StoreError>;
}

pub(crate) fn state_number(state: PointerState) -> i16 {
    match state {
        PointerState::Active => 0,
        PointerState::Inactive => 1,
        PointerState::Lapsed => 2,
        PointerState::Objected => 3,
        PointerState::Superseded => 4,
        PointerState::Withdrawn => 5,
    }
}

pub(crate) fn state_from(number: i16) -> Result<PointerState, StoreError> {
    [
        PointerState::Active,
        PointerState::Inactive,
        PointerState::Lapsed,
        PointerState::Objected,
        PointerState::Superseded,
        PointerState::Withdrawn,
    ]
    .into_iter()
    .find(|state| state_number(*state) == number)
    .ok_or(StoreError::Damaged("pointer state"))
}

pub(crate) fn withdrawal_number(reason: WithdrawalReason) -> i16 {
    WithdrawalReason::ALL.iter().position(|one| *one == reason).unwrap_or_default() as i16
}

pub(crate) fn withdrawal_from(number: i16) -> Result<WithdrawalReason, StoreError> {
    usize::try_from(number)
        .ok()
        .and_then(|index| WithdrawalReason::ALL.get(index).copied())
        .ok_or(StoreError::Damaged("withdrawal reason"))
}

pub(crate) fn phase_number(phase: GenerationPhase) -> i16 {
    match phase {
        GenerationPhase::Live => 0,
        GenerationPhase::Filling => 1,
        GenerationPhase::Closing => 2,
        GenerationPhase::Retired => 3,
    }
}

pub(crate) fn phase_from(number: i16) -> Result<GenerationPhase, StoreError> {
    match number {
        0 => Ok(GenerationPhase::Live),
        1 => Ok(GenerationPhase::Filling),
        2 => Ok(GenerationPhase::Closing),
        3 => Ok(GenerationPhase::Retired),
        _ => Err(StoreError::Damaged("generation phase")),
    }
}

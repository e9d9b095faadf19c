//! What persons chose about disclosure, and their objections to statutory registrations.

use kw_domain::{Category, ConsentId, Instant, MandateId, ObjectionId, Oin, SubjectId};
use kw_protocol::consent::GivenBy;
use kw_protocol::objection::{ObjectionReason, ObjectionState};

use crate::error::StoreError;

/// Choices that count of one person: whoever has more has to take some back.
pub const MOST_CHOICES: usize = 200;

/// One choice of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredConsent {
    /// Its id.
    pub id: ConsentId,
    /// Whose choice it is.
    pub subject: SubjectId,
    /// Whether the person objects.
    pub refused: bool,
    /// About this holder.
    pub holder: Option<Oin>,
    /// About holders of this kind.
    pub holder_kind: Option<String>,
    /// About this kind of data.
    pub category: Option<Category>,
    /// To this requester.
    pub requester: Option<Oin>,
    /// To requesters of this kind.
    pub requester_kind: Option<String>,
    /// Who made it known.
    pub given_by: GivenBy,
    /// Under which mandate.
    pub mandate: Option<MandateId>,
    /// Where it is laid down.
    pub evidence: String,
    /// The organisation that recorded it.
    pub recorded_by: Oin,
    /// When.
    pub recorded_at: Instant,
    /// It counts until then.
    pub valid_until: Option<Instant>,
    /// It was taken back then.
    pub withdrawn_at: Option<Instant>,
}

/// How far the watch over an objection's term has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Warned {
    /// Nobody was told.
    Nobody,
    /// The holder was told that the term ends.
    Holder,
    /// It was told that the term ended: for its data protection officer.
    Officer,
}

/// One objection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredObjection {
    /// Its id.
    pub id: ObjectionId,
    /// Who objects.
    pub subject: SubjectId,
    /// To being found at this holder.
    pub holder: Oin,
    /// In this kind of data.
    pub category: Category,
    /// Who made it known.
    pub given_by: GivenBy,
    /// Under which mandate.
    pub mandate: Option<MandateId>,
    /// Why.
    pub reason: ObjectionReason,
    /// Where it is.
    pub state: ObjectionState,
    /// The organisation that sent it.
    pub received_by: Oin,
    /// When it came in.
    pub received_at: Instant,
    /// To be decided by then.
    pub due_at: Instant,
    /// How far the watch over that term has come.
    pub warned: Warned,
    /// When it was decided.
    pub decided_at: Option<Instant>,
    /// Why it was decided so.
    pub reasons: Option<String>,
}

/// Reading choices and objections.
pub trait ConsentsRead {
    /// The choices of a person that count at a moment.
    fn choices_of(&mut self, subject: SubjectId, now: Instant) -> Result<Vec<StoredConsent>, StoreError>;
    /// All choices of a person that are kept, oldest first.
    fn consents_of(&mut self, subject: SubjectId) -> Result<Vec<StoredConsent>, StoreError>;
    /// One choice.
    fn consent(&mut self, id: ConsentId) -> Result<Option<StoredConsent>, StoreError>;
    /// One objection.
    fn objection(&mut self, id: ObjectionId) -> Result<Option<StoredObjection>, StoreError>;
    /// A person's objections, oldest first.
    fn objections_of(&mut self, subject: SubjectId) -> Result<Vec<StoredObjection>, StoreError>;
    /// Objections to a holder's registrations after a given one, oldest first; those that wait for a decision, or all.
    fn objections_at(
        &mut self,
        holder: Oin,
        decided: bool,
        after: Option<ObjectionId>,
        limit: u32,
    ) -> Result<Vec<StoredObjection>, StoreError>;
    /// Objections that wait for a decision, are due before a moment and were warned of less than this.
    fn objections_due(
        &mut self,
        before: Instant,
        warned: Warned,
        limit: u32,
    ) -> Result<Vec<StoredObjection>, StoreError>;
    /// Whether an objection of this person against this registration was upheld.
    fn is_objected(
        &mut self,
        subject: SubjectId,
        holder: Oin,
        category: &Category,
    ) -> Result<bool, StoreError>;
}

/// Changing choices and objections.
pub trait ConsentsWrite {
    /// Adds a choice.
    fn insert_consent(&mut self, consent: &StoredConsent) -> Result<(), StoreError>;
    /// Takes a choice back.
    fn withdraw_consent(&mut self, id: ConsentId, at: Instant) -> Result<(), StoreError>;
    /// Removes choices that ended before a moment and objections that were rejected before it, at most `limit` of each;
    /// gives whose they were.
    fn forget_consents(&mut self, before: Instant, limit: u32) -> Result<Vec<SubjectId>, StoreError>;
    /// Adds an objection.
    fn insert_objection(&mut self, objection: &StoredObjection) -> Result<(), StoreError>;
    /// Stores what changed about an objection: state, decision, warning.
    fn update_objection(&mut self, objection: &StoredObjection) -> Result<(), StoreError>;
}

pub(crate) fn given_by_number(given_by: GivenBy) -> i16 {
    place(&GivenBy::ALL, given_by)
}

pub(crate) fn given_by_from(number: i16) -> Result<GivenBy, StoreError> {
    at(&GivenBy::ALL, number, "who made it known")
}

pub(crate) fn reason_number(reason: ObjectionReason) -> i16 {
    place(&ObjectionReason::ALL, reason)
}

pub(crate) fn reason_from(number: i16) -> Result<ObjectionReason, StoreError> {
    at(&ObjectionReason::ALL, number, "objection reason")
}

pub(crate) fn objection_state_number(state: ObjectionState) -> i16 {
    place(&ObjectionState::ALL, state)
}

pub(crate) fn objection_state_from(number: i16) -> Result<ObjectionState, StoreError> {
    at(&ObjectionState::ALL, number, "objection state")
}

pub(crate) fn warned_number(warned: Warned) -> i16 {
    place(&WARNED, warned)
}

pub(crate) fn warned_from(number: i16) -> Result<Warned, StoreError> {
    at(&WARNED, number, "warning")
}

/// The place in a list that never changes its order is what the database holds.
fn place<T: PartialEq + Copy>(all: &[T], one: T) -> i16 {
    all.iter().position(|other| *other == one).unwrap_or_default() as i16
}

fn at<T: Copy>(all: &[T], number: i16, what: &'static str) -> Result<T, StoreError> {
    usize::try_from(number).ok().and_then(|place| all.get(place).copied()).ok_or(StoreError::Damaged(what))
}

const WARNED: [Warned; 3] = [Warned::Nobody, Warned::Holder, Warned::Officer];

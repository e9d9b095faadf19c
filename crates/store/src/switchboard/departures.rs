//! Partners that leave, hand their work over or vanished.

use std::fmt;

use kw_domain::{ActorId, Category, DepartureId, Instant, Oin};
use kw_protocol::departure::{DepartureKind, DepartureStatus};

use crate::error::StoreError;
use crate::switchboard::StoredPointer;

/// A departure as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredDeparture {
    /// Its id.
    pub id: DepartureId,
    /// Who leaves.
    pub party: Oin,
    /// Who takes the work over.
    pub successor: Option<Oin>,
    /// What kind it is.
    pub kind: DepartureKind,
    /// When it was asked for, or noticed.
    pub requested_at: Instant,
    /// Who asked.
    pub requested_by: Option<ActorId>,
    /// The first person of the party who approved, and when.
    pub first: Option<(ActorId, Instant)>,
    /// The second, who is another.
    pub second: Option<(ActorId, Instant)>,
    /// Who consented for the successor, and when.
    pub consent: Option<(ActorId, Instant)>,
    /// Since when it counts.
    pub effective_at: Option<Instant>,
    /// From then on what nobody took over is withdrawn.
    pub closing_at: Option<Instant>,
    /// When the last pointer was gone.
    pub finished_at: Option<Instant>,
    /// When it was called off, or the partner came back.
    pub ended_at: Option<Instant>,
}

impl StoredDeparture {
    /// How far it has come.
    pub fn status(&self) -> DepartureStatus {
        if self.ended_at.is_some() {
            DepartureStatus::Ended
        } else if self.finished_at.is_some() {
            DepartureStatus::Finished
        } else if self.effective_at.is_some() {
            DepartureStatus::Running
        } else {
            DepartureStatus::Requested
        }
    }

    /// Whether the party has decided to leave, so that it registers nothing more.
    pub fn has_left(&self) -> bool {
        self.kind != DepartureKind::Vanished
            && matches!(self.status(), DepartureStatus::Running | DepartureStatus::Finished)
    }
}

impl fmt::Debug for StoredDeparture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Persons do not stand in logs.
        f.debug_struct("StoredDeparture")
            .field("id", &self.id)
            .field("party", &self.party)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// What became of the pointers of one category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepartureCounts {
    /// Which category.
    pub category: Category,
    /// Active when the departure took effect, where that was counted.
    pub held: Option<u64>,
    /// Ended because the successor has one.
    pub transferred: u64,
    /// Withdrawn or lapsed.
    pub withdrawn: u64,
}

/// Reading departures.
pub trait DeparturesRead {
    /// One departure.
    fn departure(&mut self, id: DepartureId) -> Result<Option<StoredDeparture>, StoreError>;
    /// Departures, newest first, at most `limit`.
    fn departures(&mut self, limit: u32) -> Result<Vec<StoredDeparture>, StoreError>;
    /// The departure of a party that was not ended; there is at most one.
    fn open_departure(&mut self, party: Oin) -> Result<Option<StoredDeparture>, StoreError>;
    /// Departures of partners that vanished and are not back.
    fn vanished_departures(&mut self) -> Result<Vec<StoredDeparture>, StoreError>;
    /// Departures that count and are not finished, oldest first.
    fn running_departures(&mut self) -> Result<Vec<StoredDeparture>, StoreError>;
    /// What became of the pointers so far, by category.
    fn departure_counts(&mut self, id: DepartureId) -> Result<Vec<DepartureCounts>, StoreError>;
    /// How many active pointers a holder has, by category.
    fn active_by_category(&mut self, holder: Oin) -> Result<Vec<(Category, u64)>, StoreError>;
    /// Active pointers of a holder in a category about whom the successor has one in the same category.
    fn taken_over(
        &mut self,
        holder: Oin,
        successor: Oin,
        category: &Category,
        limit: u32,
    ) -> Result<Vec<StoredPointer>, StoreError>;
}

/// Changing departures.
pub trait DeparturesWrite: DeparturesRead {
    /// Adds a departure.
    fn insert_departure(&mut self, departure: &StoredDeparture) -> Result<(), StoreError>;
    /// Stores its approvals and how far it has come.
    fn update_departure(&mut self, departure: &StoredDeparture) -> Result<(), StoreError>;
    /// Notes how many active pointers there are by category, before any of them goes.
    fn note_held(&mut self, id: DepartureId, held: &[(Category, u64)]) -> Result<(), StoreError>;
    /// Counts what became of pointers of one category.
    fn count_departed(
        &mut self,
        id: DepartureId,
        category: &Category,
        transferred: u64,
        withdrawn: u64,
    ) -> Result<(), StoreError>;
}

pub(crate) fn kind_number(kind: DepartureKind) -> i16 {
    match kind {
        DepartureKind::Withdrawal => 0,
        DepartureKind::Transfer => 1,
        DepartureKind::Vanished => 2,
    }
}

pub(crate) fn kind_from(number: i16) -> Result<DepartureKind, StoreError> {
    match number {
        0 => Ok(DepartureKind::Withdrawal),
        1 => Ok(DepartureKind::Transfer),
        2 => Ok(DepartureKind::Vanished),
        _ => Err(StoreError::Damaged("departure kind")),
    }
}

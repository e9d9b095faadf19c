//! The register of mandates: who may act for whom, over subjects of the index.

use std::collections::BTreeSet;

use kw_domain::{Category, Instant, MandateId, Oin, SubjectId};
use kw_protocol::mandate::{MandateAct, MandateKind, MandateStatus, Side};

use crate::error::StoreError;

/// A mandate as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredMandate {
    /// Its id.
    pub id: MandateId,
    /// Who acts.
    pub representative: SubjectId,
    /// For whom.
    pub represented: SubjectId,
    /// Why.
    pub kind: MandateKind,
    /// The represented person's age band, by its name in the agreement.
    pub age_band: String,
    /// For which kinds of data.
    pub categories: BTreeSet<Category>,
    /// For which acts.
    pub acts: BTreeSet<MandateAct>,
    /// Who registered it.
    pub registrar: Oin,
    /// Where it is.
    pub status: MandateStatus,
    /// Which sides agreed.
    pub confirmed: BTreeSet<Side>,
    /// When it was registered.
    pub registered_at: Instant,
    /// It ends then.
    pub valid_until: Instant,
    /// When its status last changed.
    pub changed_at: Instant,
    /// When the job has to look at it: its end, then the end of what is kept of it.
    pub due_at: Instant,
}

impl std::fmt::Debug for StoredMandate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredMandate")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl StoredMandate {
    /// Who stands on this side.
    pub fn subject(&self, side: Side) -> SubjectId {
        match side {
            Side::Representative => self.representative,
            Side::Represented => self.represented,
        }
    }
}

/// Reading the register of mandates.
pub trait MandatesRead {
    /// One mandate, in any state.
    fn mandate(&mut self, id: MandateId) -> Result<Option<StoredMandate>, StoreError>;
    /// The mandate of this kind between two people that has not ended.
    fn live_mandate(
        &mut self,
        representative: SubjectId,
        represented: SubjectId,
        kind: MandateKind,
    ) -> Result<Option<StoredMandate>, StoreError>;
    /// The mandates between two people that have not ended, oldest first.
    fn live_mandates(
        &mut self,
        representative: SubjectId,
        represented: SubjectId,
    ) -> Result<Vec<StoredMandate>, StoreError>;
    /// The mandates of one person, oldest first.
    fn mandates_of(
        &mut self,
        subject: SubjectId,
        side: Side,
        limit: u32,
    ) -> Result<Vec<StoredMandate>, StoreError>;
    /// Mandates that the job has to look at.
    fn due_mandates(&mut self, now: Instant, limit: u32) -> Result<Vec<StoredMandate>, StoreError>;
    /// Who asked since then whether a mandate counts.
    fn mandate_askers(&mut self, id: MandateId, since: Instant) -> Result<Vec<Oin>, StoreError>;
}

/// Changing the register of mandates.
pub trait MandatesWrite {
    /// Adds a mandate. [`StoreError::Duplicate`] when there is one of that kind between those people that has not ended.
    fn insert_mandate(&mut self, mandate: &StoredMandate) -> Result<(), StoreError>;
    /// Stores what changed about a mandate: status, confirmations, dates.
    fn update_mandate(&mut self, mandate: &StoredMandate) -> Result<(), StoreError>;
    /// Removes a mandate for good, with who asked about it.
    fn delete_mandate(&mut self, id: MandateId) -> Result<(), StoreError>;
    /// Remembers that a party asked whether a mandate counts.
    fn note_mandate_asker(&mut self, id: MandateId, party: Oin, at: Instant) -> Result<(), StoreError>;
}

pub(crate) fn status_number(status: MandateStatus) -> i16 {
    match status {
        MandateStatus::Requested => 0,
        MandateStatus::Active => 1,
        MandateStatus::Withdrawn => 2,
        MandateStatus::Expired => 3,
        MandateStatus::Refused => 4,
    }
}

pub(crate) fn status_from(number: i16) -> Result<MandateStatus, StoreError> {
    MandateStatus::ALL
        .into_iter()
        .find(|status| status_number(*status) == number)
        .ok_or(StoreError::Damaged("mandate state"))
}

pub(crate) fn sides_number(sides: &BTreeSet<Side>) -> i16 {
    sides.iter().map(|side| side_bit(*side)).sum()
}

pub(crate) fn sides_from(number: i16) -> BTreeSet<Side> {
    Side::ALL.into_iter().filter(|side| number & side_bit(*side) != 0).collect()
}

fn side_bit(side: Side) -> i16 {
    match side {
        Side::Representative => 1,
        Side::Represented => 2,
    }
}

//! Which supplier may act for which partner.

use std::collections::BTreeSet;
use std::fmt;

use kw_domain::{ActorId, DelegationId, Instant, Oin};
use kw_protocol::delegation::{DelegationScope, DelegationStatus};

use crate::error::StoreError;

/// A supplier's mandate as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredDelegation {
    /// Its id.
    pub id: DelegationId,
    /// For whom.
    pub principal: Oin,
    /// Who.
    pub supplier: Oin,
    /// What.
    pub scopes: BTreeSet<DelegationScope>,
    /// When it was asked for.
    pub requested_at: Instant,
    /// Until then.
    pub valid_until: Instant,
    /// The first person who approved.
    pub first_approver: Option<ActorId>,
    /// The second, who is another.
    pub second_approver: Option<ActorId>,
    /// When it was ended.
    pub ended_at: Option<Instant>,
}

impl StoredDelegation {
    /// Whether it counts at a moment.
    pub fn status(&self, now: Instant) -> DelegationStatus {
        if self.ended_at.is_some() {
            DelegationStatus::Ended
        } else if self.valid_until <= now {
            DelegationStatus::Expired
        } else if self.second_approver.is_some() {
            DelegationStatus::Active
        } else {
            DelegationStatus::Requested
        }
    }

    /// Whether it lets the supplier do this at a moment.
    pub fn admits(&self, scope: DelegationScope, now: Instant) -> bool {
        self.status(now) == DelegationStatus::Active && self.scopes.contains(&scope)
    }
}

impl fmt::Debug for StoredDelegation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Persons do not stand in logs.
        f.debug_struct("StoredDelegation")
            .field("id", &self.id)
            .field("principal", &self.principal)
            .field("supplier", &self.supplier)
            .finish_non_exhaustive()
    }
}

/// Reading the register of delegations.
pub trait DelegationsRead {
    /// One mandate.
    fn delegation(&mut self, id: DelegationId) -> Result<Option<StoredDelegation>, StoreError>;
    /// The mandates that this party gave or was given, newest first, at most `limit`.
    fn delegations_of(&mut self, party: Oin, limit: u32) -> Result<Vec<StoredDelegation>, StoreError>;
    /// The mandates of a supplier to act for a partner that were not ended.
    fn delegations_between(
        &mut self,
        principal: Oin,
        supplier: Oin,
    ) -> Result<Vec<StoredDelegation>, StoreError>;
}

/// Changing the register of delegations.
pub trait DelegationsWrite: DelegationsRead {
    /// Adds a mandate.
    fn insert_delegation(&mut self, delegation: &StoredDelegation) -> Result<(), StoreError>;
    /// Stores its approvals and its end.
    fn update_delegation(&mut self, delegation: &StoredDelegation) -> Result<(), StoreError>;
}

//! Is it the same person, where birth dates cannot tell? Two people of the holder say.

use kw_domain::{ActorId, Category, Handle, IdentityCheckId, Instant, Oin, Purpose};

use crate::error::StoreError;

/// One check, from the refused pull until it expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredIdentityCheck {
    /// Its name.
    pub id: IdentityCheckId,
    /// The pointer's handle: whom it is about.
    pub handle: Handle,
    /// Who pulled.
    pub requester: Oin,
    /// For what.
    pub purpose: Purpose,
    /// What.
    pub category: Category,
    /// How far it has come.
    pub state: IdentityCheckState,
    /// Who confirmed first; nobody yet, or it is denied.
    pub first: Option<ActorId>,
    /// When the pull was refused.
    pub asked_at: Instant,
    /// When it is forgotten; until then it counts.
    pub expires_at: Instant,
}

/// How far a check has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityCheckState {
    /// Two confirmations are missing, or one.
    Open,
    /// Two people confirmed.
    Confirmed,
    /// Somebody denied it.
    Denied,
}

/// Reading checks.
pub trait IdentityChecksRead {
    /// The check with this name.
    fn identity_check(&mut self, id: IdentityCheckId) -> Result<Option<StoredIdentityCheck>, StoreError>;
    /// The check of this requester about this handle.
    fn identity_check_of(
        &mut self,
        handle: Handle,
        requester: Oin,
    ) -> Result<Option<StoredIdentityCheck>, StoreError>;
    /// At most `limit` checks, those that were asked first first.
    fn identity_checks(&mut self, limit: u32) -> Result<Vec<StoredIdentityCheck>, StoreError>;
}

/// Changing checks.
pub trait IdentityChecksWrite: IdentityChecksRead {
    /// Adds one.
    fn open_identity_check(&mut self, check: &StoredIdentityCheck) -> Result<(), StoreError>;
    /// Stores state, first confirmation and expiry.
    fn change_identity_check(&mut self, check: &StoredIdentityCheck) -> Result<(), StoreError>;
    /// Deletes those that have expired.
    fn forget_identity_checks(&mut self, before: Instant) -> Result<(), StoreError>;
}

//! Dual control: whom a record is about is told to auditors only, and only when two of them agree.

use std::fmt;

use kw_domain::{ActorId, Instant, Oin};

use crate::error::StoreError;
use crate::ledger::Meant;

/// A request to be told which records are about the same one.
#[derive(Clone, PartialEq, Eq)]
pub struct Resolution {
    /// Random.
    pub id: [u8; 16],
    /// Whom it is about.
    pub whom: Meant,
    /// Why, in the requester's words.
    pub reason: String,
    /// Who asked.
    pub request: Consent,
    /// Who agreed; without that nothing is told.
    pub approval: Option<Consent>,
    /// Void from then on.
    pub expires_at: Instant,
}

/// One of the two people it takes.
#[derive(Clone, PartialEq, Eq)]
pub struct Consent {
    /// When.
    pub at: Instant,
    /// The auditor's organisation.
    pub party: Oin,
    /// The person.
    pub person: ActorId,
    /// SHA-256 of the certificate that was shown.
    pub certificate: [u8; 32],
    /// Whether a provider's statement showed that it is this person.
    pub proven: bool,
}

impl fmt::Debug for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolution")
            .field("request", &self.request)
            .field("approval", &self.approval)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Consent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Persons do not stand in logs.
        f.debug_struct("Consent").field("at", &self.at).field("party", &self.party).finish_non_exhaustive()
    }
}

/// Reading resolutions.
pub trait ResolutionsRead {
    /// The resolution with this id, approved or not, void or not.
    fn resolution(&mut self, id: &[u8; 16]) -> Result<Option<Resolution>, StoreError>;
    /// At most `limit` resolutions that are not void at a moment, approved or not; oldest first.
    fn open_resolutions(&mut self, now: Instant, limit: u32) -> Result<Vec<Resolution>, StoreError>;
}

/// Changing resolutions: together with the record of it, through [`Tx`](crate::Tx).
pub(crate) trait ResolutionsWrite {
    fn request(&mut self, resolution: &Resolution) -> Result<(), StoreError>;
    fn approve(&mut self, id: &[u8; 16], approval: &Consent, expires_at: Instant)
    -> Result<bool, StoreError>;
    fn forget_resolutions(&mut self, before: Instant) -> Result<(), StoreError>;
}

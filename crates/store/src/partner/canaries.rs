//! Canaries: subjects that nobody is, by which a partner sees whether the index leaves somebody out.

use std::fmt;

use kw_domain::{CanaryId, Category, Instant, Oin, SourceName};

use crate::error::StoreError;
use crate::partner::LocalRecord;

/// One canary: a subject, and the pointer that the index should have of it.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredCanary {
    /// Its name.
    pub id: CanaryId,
    /// Who registered the pointer.
    pub holder: Oin,
    /// The own source that it is registered under; none when the pointer is another partner's.
    pub source: Option<SourceName>,
    /// In which category.
    pub category: Category,
    /// Keyed digest of the subject.
    pub subject_key: [u8; 16],
    /// The subject, sealed: whoever knows it can leave it in and others out.
    pub sealed: Vec<u8>,
    /// When it was made, or taken over.
    pub made_at: Instant,
    /// When it ends.
    pub ends_at: Instant,
    /// Whether it is on its way out.
    pub is_retired: bool,
    /// Whether other partners were told of it: they expect it until it ends.
    pub is_exported: bool,
    /// When it is asked for next.
    pub next_at: Instant,
    /// When it was last asked for.
    pub asked_at: Option<Instant>,
    /// How often in a row the index answered and did not give it.
    pub misses: u32,
    /// How often in a row there was no answer.
    pub silences: u32,
    /// Since when it is said to be missing.
    pub missed_at: Option<Instant>,
}

impl fmt::Debug for StoredCanary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Digest and sealed subject tell which subject is a canary.
        f.debug_struct("StoredCanary")
            .field("id", &self.id)
            .field("holder", &self.holder)
            .field("category", &self.category)
            .finish_non_exhaustive()
    }
}

/// Reading canaries.
pub trait CanariesRead {
    /// The canary with this name.
    fn canary(&mut self, id: CanaryId) -> Result<Option<StoredCanary>, StoreError>;
    /// The canary about this subject, in this category at this holder.
    fn canary_about(
        &mut self,
        holder: Oin,
        category: &Category,
        subject_key: &[u8; 16],
    ) -> Result<Option<StoredCanary>, StoreError>;
    /// At most `limit` canaries, oldest first.
    fn canaries(&mut self, limit: u32) -> Result<Vec<StoredCanary>, StoreError>;
    /// How often the switchboard was asked about canaries since then.
    fn canary_asks_since(&mut self, since: Instant) -> Result<u64, StoreError>;
    /// The own record about this subject in this category, whatever its state.
    fn record_about(
        &mut self,
        category: &Category,
        subject_key: &[u8; 16],
    ) -> Result<Option<LocalRecord>, StoreError>;
}

/// Changing canaries.
pub trait CanariesWrite: CanariesRead {
    /// Adds or replaces one, by its name.
    fn store_canary(&mut self, canary: &StoredCanary) -> Result<(), StoreError>;
    /// Removes one.
    fn delete_canary(&mut self, id: CanaryId) -> Result<(), StoreError>;
    /// Counts a question to the switchboard, and forgets those before `before`.
    fn count_canary_ask(&mut self, name: &[u8; 16], at: Instant, before: Instant) -> Result<(), StoreError>;
}

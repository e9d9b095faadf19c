//! What a log says about one person: entries by whom they are about, and by the exchange that they belong to.

use kw_domain::{Handle, SubjectId, TransactionId};

use crate::error::StoreError;
use crate::ledger::StoredEntry;
use crate::switchboard::StoredPointer;

/// Reading what the switchboard's log says about one subject.
pub trait SubjectStatements {
    /// The entries that are about a subject, oldest first, after an index; each once, erased ones included.
    fn entries_about(
        &mut self,
        subject: SubjectId,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, StoreError>;
    /// The pointers about a subject, in any state but those of which only a tombstone is left.
    fn pointers_about(&mut self, subject: SubjectId) -> Result<Vec<StoredPointer>, StoreError>;
}

/// Reading what a partner's log says about one person.
pub trait PersonStatements {
    /// The entries that are about one of the partner's own records, oldest first, after an index; each once, erased ones
    /// included.
    fn entries_of_record(
        &mut self,
        handle: Handle,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, StoreError>;
    /// The entries about asking others about a subject, oldest first, after an index; each once, erased ones included.
    fn entries_of_asking(
        &mut self,
        subject_key: &[u8; 16],
        after: Option<u64>,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, StoreError>;
    /// About whom the partner asked in these exchanges; those that it does not know are left out.
    fn asked_in(
        &mut self,
        transactions: &[TransactionId],
    ) -> Result<Vec<(TransactionId, [u8; 16])>, StoreError>;
    /// Which of the partner's own records others pulled in these exchanges; those that it does not know are left out.
    fn pulled_in(
        &mut self,
        transactions: &[TransactionId],
    ) -> Result<Vec<(TransactionId, Handle)>, StoreError>;
}

//! What a log says about one person: entries by whom they are about, and by the exchange that they belong to.

use kw_domain::{ActorId, Handle, Oin, SubjectId, TransactionId};

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
    /// The entries whose record says that this person of this party acted, newest first, before an index.
    fn entries_by(
        &mut self,
        party: Oin,
        actor: &ActorId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, StoreError>;
    /// The entries about asking others in these exchanges, oldest first.
    fn entries_asked_in(&mut self, transactions: &[TransactionId]) -> Result<Vec<StoredEntry>, StoreError>;
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

#[cfg(test)]
mod tests {
    use crate::backend::{postgres, sqlite};

    #[test]
    fn who_acted_is_asked_in_the_words_of_the_index() {
        for (migration, words) in [
            (
                include_str!("../../../migrations/partner/postgres/00000000000328_entries_by_actor/up.sql"),
                [postgres::dialect::RECORD_PARTY, postgres::dialect::RECORD_ACTOR],
            ),
            (
                include_str!("../../../migrations/partner/sqlite/00000000000328_entries_by_actor/up.sql"),
                [sqlite::dialect::RECORD_PARTY, sqlite::dialect::RECORD_ACTOR],
            ),
        ] {
            assert!(migration.contains(&format!("({}, {}, idx)", words[0], words[1])));
        }
    }
}

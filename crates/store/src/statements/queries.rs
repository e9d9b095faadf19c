//! Its statements. Compiled once for each backend; `super` says which.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use kw_domain::{ActorId, Handle, Oin, SubjectId, TransactionId};

use super::ledger_queries::entries_at;
use super::switchboard_reading::{PointerRow, stored_pointer};
use super::{Conn, dialect};
use crate::error::StoreError;
use crate::ledger::StoredEntry;
use crate::schema::{asked_links, ledger_entries, pointers, record_links, subject_links};
use crate::statements::{PersonStatements, SubjectStatements};
use crate::switchboard::StoredPointer;

// PostgreSQL takes at most 65,535 parameters in one statement.
const AT_ONCE: usize = 1_000;
/// More about one subject is no answer any more: it is refused, never cut off.
const MOST_POINTERS: i64 = 10_000;

impl SubjectStatements for Conn {
    fn entries_about(
        &mut self,
        subject: SubjectId,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        let places: Vec<i64> = subject_links::table
            .filter(subject_links::subject.eq(subject.as_bytes().as_slice()))
            .filter(subject_links::idx.gt(first(after)))
            .select(subject_links::idx)
            .distinct()
            .order(subject_links::idx)
            .limit(i64::from(limit))
            .load(self)?;
        entries_at(self, &places)
    }

    fn pointers_about(&mut self, subject: SubjectId) -> Result<Vec<StoredPointer>, StoreError> {
        let rows = pointers::table
            .filter(pointers::subject.eq(subject.as_bytes().as_slice()))
            .limit(MOST_POINTERS + 1)
            .select(PointerRow::as_select())
            .load(self)?;
        if rows.len() as i64 > MOST_POINTERS {
            return Err(StoreError::Damaged("number of pointers"));
        }
        rows.into_iter().map(stored_pointer).collect()
    }
}

impl PersonStatements for Conn {
    fn entries_of_record(
        &mut self,
        handle: Handle,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        let places: Vec<i64> = record_links::table
            .filter(record_links::handle.eq(handle.as_bytes().as_slice()))
            .filter(record_links::idx.gt(first(after)))
            .select(record_links::idx)
            .distinct()
            .order(record_links::idx)
            .limit(i64::from(limit))
            .load(self)?;
        entries_at(self, &places)
    }

    fn entries_of_asking(
        &mut self,
        subject_key: &[u8; 16],
        after: Option<u64>,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        let places: Vec<i64> = asked_links::table
            .filter(asked_links::subject_key.eq(subject_key.as_slice()))
            .filter(asked_links::idx.gt(first(after)))
            .select(asked_links::idx)
            .distinct()
            .order(asked_links::idx)
            .limit(i64::from(limit))
            .load(self)?;
        entries_at(self, &places)
    }

    fn entries_by(
        &mut self,
        party: Oin,
        actor: &ActorId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        let before = before.and_then(|index| i64::try_from(index).ok()).unwrap_or(i64::MAX);
        let by = sql::<Bool>(dialect::RECORD_PARTY)
            .sql(" = ")
            .bind::<Text, _>(party.as_str())
            .sql(" AND ")
            .sql(dialect::RECORD_ACTOR)
            .sql(" = ")
            .bind::<Text, _>(actor.as_str());
        let places: Vec<i64> = ledger_entries::table
            .filter(by)
            .filter(ledger_entries::idx.lt(before))
            .select(ledger_entries::idx)
            .order(ledger_entries::idx.desc())
            .limit(i64::from(limit))
            .load(self)?;
        let mut entries = entries_at(self, &places)?;
        entries.reverse();
        Ok(entries)
    }

    fn entries_asked_in(&mut self, transactions: &[TransactionId]) -> Result<Vec<StoredEntry>, StoreError> {
        let mut found = Vec::new();
        for part in transactions.chunks(AT_ONCE) {
            let wanted: Vec<&[u8]> = part.iter().map(|one| one.as_bytes().as_slice()).collect();
            let places: Vec<i64> = asked_links::table
                .filter(asked_links::transaction_id.eq_any(wanted))
                .select(asked_links::idx)
                .distinct()
                .order(asked_links::idx)
                .load(self)?;
            for places in places.chunks(AT_ONCE) {
                found.extend(entries_at(self, places)?);
            }
        }
        Ok(found)
    }

    fn asked_in(
        &mut self,
        transactions: &[TransactionId],
    ) -> Result<Vec<(TransactionId, [u8; 16])>, StoreError> {
        let mut found = Vec::new();
        for part in transactions.chunks(AT_ONCE) {
            let wanted: Vec<&[u8]> = part.iter().map(|one| one.as_bytes().as_slice()).collect();
            let rows: Vec<(Option<Vec<u8>>, Vec<u8>)> = asked_links::table
                .filter(asked_links::transaction_id.eq_any(wanted))
                .select((asked_links::transaction_id, asked_links::subject_key))
                .distinct()
                .load(self)?;
            for (id, key) in rows {
                found.push((transaction(id)?, sixteen(key, "subject key")?));
            }
        }
        Ok(found)
    }

    fn pulled_in(
        &mut self,
        transactions: &[TransactionId],
    ) -> Result<Vec<(TransactionId, Handle)>, StoreError> {
        let mut found = Vec::new();
        for part in transactions.chunks(AT_ONCE) {
            let wanted: Vec<&[u8]> = part.iter().map(|one| one.as_bytes().as_slice()).collect();
            let rows: Vec<(Option<Vec<u8>>, Vec<u8>)> = record_links::table
                .filter(record_links::transaction_id.eq_any(wanted))
                .select((record_links::transaction_id, record_links::handle))
                .distinct()
                .load(self)?;
            for (id, handle) in rows {
                found.push((transaction(id)?, Handle::from_bytes(sixteen(handle, "handle")?)));
            }
        }
        Ok(found)
    }
}

/// What an index must be greater than.
fn first(after: Option<u64>) -> i64 {
    after.map_or(-1, |index| index as i64)
}

fn transaction(id: Option<Vec<u8>>) -> Result<TransactionId, StoreError> {
    let what = "transaction id";
    Ok(TransactionId::from_bytes(sixteen(id.ok_or(StoreError::Damaged(what))?, what)?))
}

fn sixteen(bytes: Vec<u8>, what: &'static str) -> Result<[u8; 16], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Damaged(what))
}

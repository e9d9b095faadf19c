//! The ledger's statements. Compiled once for each backend; `super` says which.

use diesel::prelude::*;
use kw_ledger::{Canonical, LeafKind, Salt};

use super::{Conn, dialect};
use crate::error::StoreError;
use crate::ledger::{LedgerRead, LedgerWrite, Meant, NewEntry, NewLink, StoredEntry};
use crate::schema::{asked_links, ledger_entries, ledger_head, record_links, subject_links};

// PostgreSQL takes at most 65,535 parameters in one statement.
const ROWS_AT_ONCE: usize = 1_000;

type EntryRow = (i64, i16, Vec<u8>, Option<Vec<u8>>, Option<String>);

impl LedgerRead for Conn {
    fn ledger_size(&mut self) -> Result<u64, StoreError> {
        let size: Option<i64> = ledger_head::table.select(ledger_head::size).first(self).optional()?;
        Ok(size.unwrap_or(0) as u64)
    }

    fn ledger_entries(&mut self, from: u64, limit: u32) -> Result<Vec<StoredEntry>, StoreError> {
        let rows: Vec<EntryRow> = ledger_entries::table
            .filter(ledger_entries::idx.ge(from as i64))
            .order(ledger_entries::idx)
            .limit(i64::from(limit))
            .select((
                ledger_entries::idx,
                ledger_entries::kind,
                ledger_entries::leaf,
                ledger_entries::salt,
                ledger_entries::record,
            ))
            .load(self)?;
        rows.into_iter().map(stored_entry).collect()
    }
}

impl LedgerWrite for Conn {
    fn lock_head(&mut self) -> Result<Option<(String, u64)>, StoreError> {
        Ok(dialect::lock_head(self)?.map(|(origin, size)| (origin, size as u64)))
    }

    fn create_head(&mut self, origin: &str) -> Result<(), StoreError> {
        diesel::insert_into(ledger_head::table)
            .values((ledger_head::id.eq(1), ledger_head::origin.eq(origin), ledger_head::size.eq(0)))
            .on_conflict_do_nothing()
            .execute(self)?;
        Ok(())
    }

    fn append(&mut self, size: u64, entries: &[NewEntry], links: &[NewLink]) -> Result<(), StoreError> {
        for part in entries.chunks(ROWS_AT_ONCE) {
            let rows: Vec<_> = part
                .iter()
                .map(|entry| {
                    (
                        ledger_entries::idx.eq(entry.index as i64),
                        ledger_entries::kind.eq(entry.leaf.kind as i16),
                        ledger_entries::at.eq(entry.at.as_millis()),
                        ledger_entries::leaf.eq(entry.leaf.hash.as_slice()),
                        ledger_entries::salt.eq(Some(entry.salt.0.as_slice())),
                        ledger_entries::record.eq(Some(entry.record.as_str())),
                    )
                })
                .collect();
            diesel::insert_into(ledger_entries::table).values(&rows).execute(self)?;
        }
        for part in links.chunks(ROWS_AT_ONCE) {
            let (mut of_asked, mut of_records, mut of_subjects) = (Vec::new(), Vec::new(), Vec::new());
            for NewLink { meant, index, position, reference } in part {
                let (index, position) = (*index as i64, *position as i32);
                let reference = reference.as_bytes().as_slice();
                match meant {
                    Meant::Asked(subject_key) => of_asked.push((
                        asked_links::subject_key.eq(subject_key.as_slice()),
                        asked_links::idx.eq(index),
                        asked_links::position.eq(position),
                        asked_links::reference.eq(reference),
                    )),
                    Meant::Record(handle) => of_records.push((
                        record_links::handle.eq(handle.as_bytes().as_slice()),
                        record_links::idx.eq(index),
                        record_links::position.eq(position),
                        record_links::reference.eq(reference),
                    )),
                    Meant::Subject(subject) => of_subjects.push((
                        subject_links::subject.eq(subject.as_bytes().as_slice()),
                        subject_links::idx.eq(index),
                        subject_links::position.eq(position),
                        subject_links::reference.eq(reference),
                    )),
                }
            }
            // A service has the tables of its own acts only.
            if !of_asked.is_empty() {
                diesel::insert_into(asked_links::table).values(&of_asked).execute(self)?;
            }
            if !of_records.is_empty() {
                diesel::insert_into(record_links::table).values(&of_records).execute(self)?;
            }
            if !of_subjects.is_empty() {
                diesel::insert_into(subject_links::table).values(&of_subjects).execute(self)?;
            }
        }
        diesel::update(ledger_head::table).set(ledger_head::size.eq(size as i64)).execute(self)?;
        Ok(())
    }
}

fn stored_entry((index, kind, leaf, salt, record): EntryRow) -> Result<StoredEntry, StoreError> {
    Ok(StoredEntry {
        index: index as u64,
        kind: LeafKind::from_number(kind).ok_or(StoreError::Damaged("leaf kind"))?,
        leaf: leaf.try_into().map_err(|_| StoreError::Damaged("leaf"))?,
        salt: salt
            .map(|salt| salt.try_into().map(Salt))
            .transpose()
            .map_err(|_| StoreError::Damaged("salt"))?,
        record: record.map(Canonical::from_stored),
    })
}

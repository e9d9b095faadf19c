//! The ledger's statements. Compiled once for each backend; `super` says which.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use kw_domain::{Handle, Instant, SubjectId, SubjectReference};
use kw_ledger::{Canonical, Leaf, LeafKind, Salt};

use super::{Conn, dialect};
use crate::error::StoreError;
use crate::ledger::{Erased, LedgerRead, LedgerWrite, Links, Meant, NewEntry, NewLink, StoredEntry};
use crate::schema::{
    asked_links, ledger_entries, ledger_head, ledger_predecessors, ledger_publication, ledger_subtrees,
    local_records, record_links, subject_links,
};
use crate::succession::Succession;

// PostgreSQL takes at most 65,535 parameters in one statement.
const ROWS_AT_ONCE: usize = 1_000;

type EntryRow = (i64, i64, i16, Vec<u8>, Option<Vec<u8>>, Option<String>);
type LinkRow = (Vec<u8>, Vec<u8>);

impl LedgerRead for Conn {
    fn ledger_origin(&mut self) -> Result<Option<String>, StoreError> {
        Ok(ledger_head::table.select(ledger_head::origin).first(self).optional()?)
    }

    fn ledger_size(&mut self) -> Result<u64, StoreError> {
        let size: Option<i64> = ledger_head::table.select(ledger_head::size).first(self).optional()?;
        Ok(size.unwrap_or(0) as u64)
    }

    fn ledger_entries(&mut self, from: u64, limit: u32) -> Result<Vec<StoredEntry>, StoreError> {
        let rows: Vec<EntryRow> = ledger_entries::table
            .filter(ledger_entries::idx.ge(from as i64))
            .order(ledger_entries::idx)
            .limit(i64::from(limit))
            .select(ENTRY)
            .load(self)?;
        rows.into_iter().map(stored_entry).collect()
    }

    fn ledger_entries_before(
        &mut self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        let before = before.and_then(|index| i64::try_from(index).ok()).unwrap_or(i64::MAX);
        let rows: Vec<EntryRow> = ledger_entries::table
            .filter(ledger_entries::idx.lt(before))
            .order(ledger_entries::idx.desc())
            .limit(i64::from(limit))
            .select(ENTRY)
            .load(self)?;
        rows.into_iter().map(stored_entry).collect()
    }

    fn ledger_entries_of(
        &mut self,
        kind: LeafKind,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<StoredEntry>, StoreError> {
        let before = before.and_then(|index| i64::try_from(index).ok()).unwrap_or(i64::MAX);
        let mut entries = ledger_entries::table
            .filter(ledger_entries::kind.eq(kind as i16))
            .filter(ledger_entries::idx.lt(before))
            .order(ledger_entries::idx.desc())
            .limit(i64::from(limit))
            .select(ENTRY)
            .into_boxed();
        if kind != LeafKind::Access {
            // The index of the rare kinds has this condition.
            entries = entries.filter(sql::<Bool>("kind <> 1"));
        }
        let rows: Vec<EntryRow> = entries.load(self)?;
        rows.into_iter().map(stored_entry).collect()
    }

    fn ledger_leaves(&mut self, from: u64, limit: u32) -> Result<Vec<(u64, Leaf)>, StoreError> {
        let rows: Vec<(i64, i16, Vec<u8>)> = ledger_entries::table
            .filter(ledger_entries::idx.ge(from as i64))
            .order(ledger_entries::idx)
            .limit(i64::from(limit))
            .select((ledger_entries::idx, ledger_entries::kind, ledger_entries::leaf))
            .load(self)?;
        let leaf = |(index, kind, hash)| Ok((index as u64, stored_leaf(kind, hash)?));
        rows.into_iter().map(leaf).collect()
    }

    fn ledger_time(&mut self, index: u64) -> Result<Option<Instant>, StoreError> {
        let at: Option<i64> =
            ledger_entries::table.find(index as i64).select(ledger_entries::at).first(self).optional()?;
        Ok(at.map(Instant::from_millis))
    }

    fn links_at(&mut self, links: Links, index: u64) -> Result<Vec<(Meant, SubjectReference)>, StoreError> {
        let index = index as i64;
        let subject = |key: [u8; 16]| Meant::Subject(SubjectId::from_bytes(key));
        let record = |key: [u8; 16]| Meant::Record(Handle::from_bytes(key));
        match links {
            Links::None => Ok(Vec::new()),
            Links::Subjects => subject_links::table
                .filter(subject_links::idx.eq(index))
                .order(subject_links::position)
                .select((subject_links::subject, subject_links::reference))
                .load(self)?
                .into_iter()
                .map(|row| stored_link(row, subject))
                .collect(),
            Links::RecordsAndAsked => {
                let of_records: Vec<LinkRow> = record_links::table
                    .filter(record_links::idx.eq(index))
                    .order(record_links::position)
                    .select((record_links::handle, record_links::reference))
                    .load(self)?;
                let of_asked: Vec<LinkRow> = asked_links::table
                    .filter(asked_links::idx.eq(index))
                    .order(asked_links::position)
                    .select((asked_links::subject_key, asked_links::reference))
                    .load(self)?;
                let of_records = of_records.into_iter().map(|row| stored_link(row, record));
                of_records.chain(of_asked.into_iter().map(|row| stored_link(row, Meant::Asked))).collect()
            }
        }
    }

    fn links_to(
        &mut self,
        meant: Meant,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Vec<(u64, SubjectReference)>, StoreError> {
        let (after, limit) = (after.map_or(-1, |index| index as i64), i64::from(limit));
        let rows: Vec<(i64, Vec<u8>)> = match meant {
            Meant::Asked(subject_key) => asked_links::table
                .filter(asked_links::subject_key.eq(subject_key.as_slice()))
                .filter(asked_links::idx.gt(after))
                .order((asked_links::idx, asked_links::position))
                .limit(limit)
                .select((asked_links::idx, asked_links::reference))
                .load(self)?,
            Meant::Record(handle) => record_links::table
                .filter(record_links::handle.eq(handle.as_bytes().as_slice()))
                .filter(record_links::idx.gt(after))
                .order((record_links::idx, record_links::position))
                .limit(limit)
                .select((record_links::idx, record_links::reference))
                .load(self)?,
            Meant::Subject(subject) => subject_links::table
                .filter(subject_links::subject.eq(subject.as_bytes().as_slice()))
                .filter(subject_links::idx.gt(after))
                .order((subject_links::idx, subject_links::position))
                .limit(limit)
                .select((subject_links::idx, subject_links::reference))
                .load(self)?,
        };
        rows.into_iter().map(|(index, bytes)| Ok((index as u64, reference(bytes)?))).collect()
    }

    fn links_before(
        &mut self,
        meant: Meant,
        before: u64,
        limit: u32,
    ) -> Result<Vec<(u64, SubjectReference)>, StoreError> {
        let (before, limit) = (i64::try_from(before).unwrap_or(i64::MAX), i64::from(limit));
        let rows: Vec<(i64, Vec<u8>)> = match meant {
            Meant::Asked(subject_key) => asked_links::table
                .filter(asked_links::subject_key.eq(subject_key.as_slice()))
                .filter(asked_links::idx.lt(before))
                .order((asked_links::idx.desc(), asked_links::position))
                .limit(limit)
                .select((asked_links::idx, asked_links::reference))
                .load(self)?,
            Meant::Record(handle) => {
                let handles = handles_of_same_subject(self, handle)?;
                record_links::table
                    .filter(record_links::handle.eq_any(handles))
                    .filter(record_links::idx.lt(before))
                    .order((record_links::idx.desc(), record_links::position))
                    .limit(limit)
                    .select((record_links::idx, record_links::reference))
                    .load(self)?
            }
            Meant::Subject(subject) => subject_links::table
                .filter(subject_links::subject.eq(subject.as_bytes().as_slice()))
                .filter(subject_links::idx.lt(before))
                .order((subject_links::idx.desc(), subject_links::position))
                .limit(limit)
                .select((subject_links::idx, subject_links::reference))
                .load(self)?,
        };
        rows.into_iter().map(|(index, bytes)| Ok((index as u64, reference(bytes)?))).collect()
    }
}

/// A partner's handles of the person that one handle stands for, itself included.
fn handles_of_same_subject(conn: &mut Conn, handle: Handle) -> Result<Vec<Vec<u8>>, StoreError> {
    let own = handle.as_bytes().to_vec();
    let subject_key: Option<Vec<u8>> = local_records::table
        .find(own.as_slice())
        .select(local_records::subject_key)
        .first(conn)
        .optional()?;
    let Some(subject_key) = subject_key else { return Ok(vec![own]) };
    Ok(local_records::table
        .filter(local_records::subject_key.eq(subject_key))
        .select(local_records::handle)
        .load(conn)?)
}

const ENTRY: (
    ledger_entries::idx,
    ledger_entries::at,
    ledger_entries::kind,
    ledger_entries::leaf,
    ledger_entries::salt,
    ledger_entries::record,
) = (
    ledger_entries::idx,
    ledger_entries::at,
    ledger_entries::kind,
    ledger_entries::leaf,
    ledger_entries::salt,
    ledger_entries::record,
);

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

    fn succeed(&mut self, succession: &Succession, at: Instant) -> Result<(), StoreError> {
        let Succession { from, carried, predecessor, to } = succession;
        let used: i64 = ledger_predecessors::table
            .filter(ledger_predecessors::origin.eq(to.as_str()))
            .count()
            .get_result(self)?;
        if used > 0 || from == to {
            return Err(StoreError::Contradiction("name of the log"));
        }
        let values = (
            ledger_predecessors::size.eq(predecessor.size as i64),
            ledger_predecessors::root.eq(predecessor.root.as_slice()),
            ledger_predecessors::note.eq(predecessor.note.as_str()),
            ledger_predecessors::carried.eq(*carried as i64),
            ledger_predecessors::at.eq(at.as_millis()),
        );
        diesel::insert_into(ledger_predecessors::table)
            .values((ledger_predecessors::origin.eq(from.as_str()), values))
            .execute(self)?;
        diesel::delete(ledger_publication::table).execute(self)?;
        diesel::delete(ledger_subtrees::table).execute(self)?;
        diesel::update(ledger_head::table).set(ledger_head::origin.eq(to.as_str())).execute(self)?;
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
            for NewLink { meant, index, position, reference, transaction } in part {
                let (index, position) = (*index as i64, *position as i32);
                let reference = reference.as_bytes().as_slice();
                let transaction = transaction.as_ref().map(|id| id.as_bytes().as_slice());
                match meant {
                    Meant::Asked(subject_key) => of_asked.push((
                        asked_links::subject_key.eq(subject_key.as_slice()),
                        asked_links::idx.eq(index),
                        asked_links::position.eq(position),
                        asked_links::reference.eq(reference),
                        asked_links::transaction_id.eq(transaction),
                    )),
                    Meant::Record(handle) => of_records.push((
                        record_links::handle.eq(handle.as_bytes().as_slice()),
                        record_links::idx.eq(index),
                        record_links::position.eq(position),
                        record_links::reference.eq(reference),
                        record_links::transaction_id.eq(transaction),
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

    fn erase(
        &mut self,
        class: LeafKind,
        before: Instant,
        limit: u32,
        links: Links,
    ) -> Result<Option<Erased>, StoreError> {
        super::ledger_erasing::erase(self, class, before, limit, links)
    }
}

/// The entries with these indices, in order; at most as many as one statement takes parameters.
pub(super) fn entries_at(conn: &mut Conn, indices: &[i64]) -> Result<Vec<StoredEntry>, StoreError> {
    let rows: Vec<EntryRow> = ledger_entries::table
        .filter(ledger_entries::idx.eq_any(indices))
        .order(ledger_entries::idx)
        .select(ENTRY)
        .load(conn)?;
    rows.into_iter().map(stored_entry).collect()
}

fn stored_entry((index, at, kind, leaf, salt, record): EntryRow) -> Result<StoredEntry, StoreError> {
    let leaf = stored_leaf(kind, leaf)?;
    Ok(StoredEntry {
        index: index as u64,
        at: Instant::from_millis(at),
        kind: leaf.kind,
        leaf: leaf.hash,
        salt: salt
            .map(|salt| salt.try_into().map(Salt))
            .transpose()
            .map_err(|_| StoreError::Damaged("salt"))?,
        record: record.map(Canonical::from_stored),
    })
}

fn stored_leaf(kind: i16, hash: Vec<u8>) -> Result<Leaf, StoreError> {
    Ok(Leaf {
        kind: LeafKind::from_number(kind).ok_or(StoreError::Damaged("leaf kind"))?,
        hash: hash.try_into().map_err(|_| StoreError::Damaged("leaf"))?,
    })
}

fn stored_link(
    (key, bytes): LinkRow,
    meant: impl Fn([u8; 16]) -> Meant,
) -> Result<(Meant, SubjectReference), StoreError> {
    let key = key.try_into().map_err(|_| StoreError::Damaged("link"))?;
    Ok((meant(key), reference(bytes)?))
}

fn reference(bytes: Vec<u8>) -> Result<SubjectReference, StoreError> {
    bytes.try_into().map(SubjectReference::from_bytes).map_err(|_| StoreError::Damaged("subject reference"))
}

//! The statements of the books. Compiled once for each backend; `super` says which.

use diesel::prelude::*;
use kw_domain::Instant;

use super::Conn;
use crate::books::{Bookkeeping, BooksRead, PendingReceipt, Publication, ReceiptsWrite, WitnessMemory};
use crate::error::StoreError;
use crate::ledger::LedgerRead as _;
use crate::schema::{ledger_publication, ledger_subtrees, ledger_witnessed, pending_receipts};

const NEWEST: i16 = 1;
const WITNESSED: i16 = 2;
// PostgreSQL takes at most 65,535 parameters in one statement.
const ROWS_AT_ONCE: usize = 1_000;

type PublicationRow = (i64, Vec<u8>, String, i64);

impl BooksRead for Conn {
    fn publication(&mut self) -> Result<Option<Publication>, StoreError> {
        stored_publication(self, NEWEST)
    }

    fn witnessed_publication(&mut self) -> Result<Option<Publication>, StoreError> {
        stored_publication(self, WITNESSED)
    }

    fn subtree_roots(&mut self, level: u8, from: u64, limit: u32) -> Result<Vec<[u8; 32]>, StoreError> {
        let rows: Vec<(i64, Vec<u8>)> = ledger_subtrees::table
            .filter(ledger_subtrees::level.eq(i16::from(level)))
            .filter(ledger_subtrees::idx.ge(from as i64))
            .order(ledger_subtrees::idx)
            .limit(i64::from(limit))
            .select((ledger_subtrees::idx, ledger_subtrees::root))
            .load(self)?;
        let consecutive = |(row, place): ((i64, Vec<u8>), u64)| {
            if row.0 as u64 == place { hash(row.1) } else { Err(StoreError::Damaged("subtree root")) }
        };
        rows.into_iter().zip(from..).map(consecutive).collect()
    }

    fn witness_memory(&mut self, origin: &str) -> Result<Option<WitnessMemory>, StoreError> {
        let row: Option<PublicationRow> = ledger_witnessed::table
            .find(origin)
            .select((
                ledger_witnessed::size,
                ledger_witnessed::root,
                ledger_witnessed::note,
                ledger_witnessed::at,
            ))
            .first(self)
            .optional()?;
        row.map(|(size, root, note, at)| {
            Ok(WitnessMemory {
                origin: origin.to_owned(),
                size: size as u64,
                root: hash(root)?,
                note,
                at: Instant::from_millis(at),
            })
        })
        .transpose()
    }

    fn witnessed_origins(&mut self) -> Result<Vec<String>, StoreError> {
        Ok(ledger_witnessed::table
            .order(ledger_witnessed::origin)
            .select(ledger_witnessed::origin)
            .load(self)?)
    }
}

impl Bookkeeping for Conn {
    fn publish(
        &mut self,
        previous: Option<&Publication>,
        next: &Publication,
        roots: &[(u8, u64, [u8; 32])],
    ) -> Result<bool, StoreError> {
        let stored = self.publication()?;
        let tree = |publication: &Publication| (publication.size, publication.root);
        if stored.as_ref().map(tree) != previous.map(tree) {
            return Ok(false);
        }
        if let Some(stored) = &stored {
            must_follow((stored.size, &stored.root), (next.size, &next.root))?;
        }
        if next.size > self.ledger_size()? {
            return Err(StoreError::Contradiction("size of the log"));
        }
        store_subtrees(self, roots)?;
        store_publication(self, NEWEST, next)?;
        Ok(true)
    }

    fn store_cosigned(&mut self, cosigned: &Publication, quorum_met: bool) -> Result<(), StoreError> {
        let newest = self.publication()?.ok_or(StoreError::Contradiction("checkpoint"))?;
        // The cosigned one was published before, so what is stored must follow from it.
        must_follow((cosigned.size, &cosigned.root), (newest.size, &newest.root))?;
        if newest.size == cosigned.size {
            store_publication(self, NEWEST, cosigned)?;
        }
        let witnessed = self.witnessed_publication()?;
        if let Some(witnessed) = &witnessed
            && witnessed.size == cosigned.size
        {
            must_follow((witnessed.size, &witnessed.root), (cosigned.size, &cosigned.root))?;
        }
        if quorum_met && witnessed.is_none_or(|witnessed| witnessed.size <= cosigned.size) {
            store_publication(self, WITNESSED, cosigned)?;
        }
        Ok(())
    }

    fn remember_checkpoint(
        &mut self,
        previous_size: Option<u64>,
        memory: &WitnessMemory,
    ) -> Result<bool, StoreError> {
        let stored = self.witness_memory(&memory.origin)?;
        if stored.as_ref().map(|stored| stored.size) != previous_size {
            return Ok(false);
        }
        if let Some(stored) = &stored {
            must_follow((stored.size, &stored.root), (memory.size, &memory.root))?;
        }
        let values = (
            ledger_witnessed::size.eq(memory.size as i64),
            ledger_witnessed::root.eq(memory.root.as_slice()),
            ledger_witnessed::note.eq(memory.note.as_str()),
            ledger_witnessed::at.eq(memory.at.as_millis()),
        );
        diesel::insert_into(ledger_witnessed::table)
            .values((ledger_witnessed::origin.eq(memory.origin.as_str()), values))
            .on_conflict(ledger_witnessed::origin)
            .do_update()
            .set(values)
            .execute(self)?;
        Ok(true)
    }
}

impl ReceiptsWrite for Conn {
    fn await_receipt(&mut self, receipt: &PendingReceipt) -> Result<(), StoreError> {
        diesel::insert_into(pending_receipts::table)
            .values((
                pending_receipts::origin.eq(receipt.origin.as_str()),
                pending_receipts::idx.eq(receipt.index as i64),
                pending_receipts::leaf.eq(receipt.leaf.as_slice()),
                pending_receipts::transaction_id.eq(receipt.transaction.as_bytes().as_slice()),
                pending_receipts::at.eq(receipt.at.as_millis()),
            ))
            .on_conflict_do_nothing()
            .execute(self)?;
        Ok(())
    }

    fn settle_receipt(&mut self, receipt: &PendingReceipt) -> Result<(), StoreError> {
        let row = pending_receipts::table.find((
            receipt.origin.as_str(),
            receipt.index as i64,
            receipt.leaf.as_slice(),
        ));
        diesel::delete(row).execute(self)?;
        Ok(())
    }
}

/// A tree may grow and may stay as it is; anything else is a second history.
fn must_follow(before: (u64, &[u8; 32]), after: (u64, &[u8; 32])) -> Result<(), StoreError> {
    if after.0 > before.0 || after == before { Ok(()) } else { Err(StoreError::Contradiction("checkpoint")) }
}

fn stored_publication(conn: &mut Conn, which: i16) -> Result<Option<Publication>, StoreError> {
    let row: Option<PublicationRow> = ledger_publication::table
        .find(which)
        .select((
            ledger_publication::size,
            ledger_publication::root,
            ledger_publication::note,
            ledger_publication::published_at,
        ))
        .first(conn)
        .optional()?;
    row.map(|(size, root, note, at)| {
        Ok(Publication { size: size as u64, root: hash(root)?, note, published_at: Instant::from_millis(at) })
    })
    .transpose()
}

fn store_publication(conn: &mut Conn, which: i16, publication: &Publication) -> Result<(), StoreError> {
    let values = (
        ledger_publication::size.eq(publication.size as i64),
        ledger_publication::root.eq(publication.root.as_slice()),
        ledger_publication::note.eq(publication.note.as_str()),
        ledger_publication::published_at.eq(publication.published_at.as_millis()),
    );
    diesel::insert_into(ledger_publication::table)
        .values((ledger_publication::which.eq(which), values))
        .on_conflict(ledger_publication::which)
        .do_update()
        .set(values)
        .execute(conn)?;
    Ok(())
}

/// Adds the roots that are not there yet. One that is there and differs means that entries were changed.
fn store_subtrees(conn: &mut Conn, roots: &[(u8, u64, [u8; 32])]) -> Result<(), StoreError> {
    for part in roots.chunks(ROWS_AT_ONCE) {
        let mut new = Vec::new();
        for (level, index, root) in part {
            let (level, index) = (i16::from(*level), *index as i64);
            let stored: Option<Vec<u8>> = ledger_subtrees::table
                .find((level, index))
                .select(ledger_subtrees::root)
                .first(conn)
                .optional()?;
            match stored {
                Some(stored) if stored == root => {}
                Some(_) => return Err(StoreError::Damaged("subtree root")),
                None => new.push((
                    ledger_subtrees::level.eq(level),
                    ledger_subtrees::idx.eq(index),
                    ledger_subtrees::root.eq(root.as_slice()),
                )),
            }
        }
        diesel::insert_into(ledger_subtrees::table).values(&new).execute(conn)?;
    }
    Ok(())
}

fn hash(bytes: Vec<u8>) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Damaged("root"))
}

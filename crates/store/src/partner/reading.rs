//! What is asked of the partner's tables: its statements, in the order of [`PartnerRead`]. Compiled once for each backend;
//! `super` says which.

use diesel::dsl::{count_star, min};
use diesel::prelude::*;
use kw_domain::{
    Category, Epoch, GrantId, Handle, Instant, Oin, PointerId, SourceName, SubjectReference, TransactionId,
};

use super::Conn;
use crate::books::PendingReceipt;
use crate::error::StoreError;
use crate::partner::{
    LocalRecord, LocalState, OutboxDepth, OutboxItem, OutboxTask, ParkedMessage, PartnerRead,
    RegisteredEntry, SourceCursor, StoredReconciliation, state_from, state_number, task_from, task_number,
};
use crate::schema::{
    asked_links, held_leases, local_records, outbox, pending_receipts, reconciliations, record_links,
    source_cursors, used_grants,
};
use crate::switchboard::withdrawal_from;

#[derive(Queryable, Selectable)]
#[diesel(table_name = local_records)]
pub(super) struct RecordRow {
    handle: Vec<u8>,
    source: String,
    category: String,
    record_key: Vec<u8>,
    record_sealed: Vec<u8>,
    subject_key: Vec<u8>,
    binding_sealed: Option<Vec<u8>>,
    binding_epoch: Option<i32>,
    pointer: Option<Vec<u8>>,
    state: i16,
    valid_until: Option<i64>,
    seen_read: i64,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = outbox)]
struct OutboxRow {
    id: i64,
    handle: Vec<u8>,
    task: i16,
    subject_sealed: Option<Vec<u8>>,
    reason: Option<i16>,
    destroy_by: Option<i64>,
    queued_at: i64,
    attempts: i32,
    next_at: i64,
    administrative: i16,
}

impl PartnerRead for Conn {
    fn record_by_handle(&mut self, handle: Handle) -> Result<Option<LocalRecord>, StoreError> {
        local_records::table
            .find(handle.as_bytes().as_slice())
            .select(RecordRow::as_select())
            .first(self)
            .optional()?
            .map(local_record)
            .transpose()
    }

    fn record_by_key(
        &mut self,
        source: &SourceName,
        category: &Category,
        key: &[u8; 16],
    ) -> Result<Option<LocalRecord>, StoreError> {
        local_records::table
            .filter(local_records::source.eq(source.as_str()))
            .filter(local_records::category.eq(category.as_str()))
            .filter(local_records::record_key.eq(key.as_slice()))
            .select(RecordRow::as_select())
            .first(self)
            .optional()?
            .map(local_record)
            .transpose()
    }

    fn records_unseen(
        &mut self,
        source: &SourceName,
        read: u64,
        limit: u32,
    ) -> Result<Vec<LocalRecord>, StoreError> {
        local_records::table
            .filter(local_records::source.eq(source.as_str()))
            .filter(local_records::seen_read.lt(read as i64))
            .filter(local_records::state.ne(state_number(LocalState::Leaving)))
            .limit(i64::from(limit))
            .select(RecordRow::as_select())
            .load(self)?
            .into_iter()
            .map(local_record)
            .collect()
    }

    fn count_unseen(&mut self, source: &SourceName, read: u64) -> Result<u64, StoreError> {
        let unseen: i64 = local_records::table
            .filter(local_records::source.eq(source.as_str()))
            .filter(local_records::seen_read.lt(read as i64))
            .filter(local_records::state.ne(state_number(LocalState::Leaving)))
            .select(count_star())
            .first(self)?;
        Ok(unseen as u64)
    }

    fn record_by_pointer(&mut self, pointer: PointerId) -> Result<Option<LocalRecord>, StoreError> {
        local_records::table
            .filter(local_records::pointer.eq(pointer.as_bytes().as_slice()))
            .select(RecordRow::as_select())
            .first(self)
            .optional()?
            .map(local_record)
            .transpose()
    }

    fn records_registered(
        &mut self,
        source: Option<&SourceName>,
        category: Option<&Category>,
        limit: u32,
    ) -> Result<Vec<LocalRecord>, StoreError> {
        let mut records = local_records::table
            .filter(local_records::state.eq(state_number(LocalState::Registered)))
            .limit(i64::from(limit))
            .select(RecordRow::as_select())
            .into_boxed();
        if let Some(source) = source {
            records = records.filter(local_records::source.eq(source.as_str()));
        }
        if let Some(category) = category {
            records = records.filter(local_records::category.eq(category.as_str()));
        }
        records.load(self)?.into_iter().map(local_record).collect()
    }

    fn records_expiring(&mut self, before: Instant, limit: u32) -> Result<Vec<LocalRecord>, StoreError> {
        local_records::table
            .filter(local_records::valid_until.lt(before.as_millis()))
            .filter(local_records::state.eq(state_number(LocalState::Registered)))
            .order(local_records::valid_until)
            .limit(i64::from(limit))
            .select(RecordRow::as_select())
            .load(self)?
            .into_iter()
            .map(local_record)
            .collect()
    }

    fn records_with_older_binding(
        &mut self,
        epoch: Epoch,
        after: Option<Handle>,
        limit: u32,
    ) -> Result<Vec<LocalRecord>, StoreError> {
        let after = after.map_or_else(Vec::new, |handle| handle.as_bytes().to_vec());
        local_records::table
            .filter(local_records::handle.gt(after))
            .filter(local_records::binding_epoch.lt(epoch.0 as i32))
            .filter(local_records::state.eq(state_number(LocalState::Registered)))
            .order(local_records::handle)
            .limit(i64::from(limit))
            .select(RecordRow::as_select())
            .load(self)?
            .into_iter()
            .map(local_record)
            .collect()
    }

    fn count_registered(&mut self) -> Result<u64, StoreError> {
        let registered =
            local_records::table.filter(local_records::state.eq(state_number(LocalState::Registered)));
        Ok(registered.select(count_star()).first::<i64>(self)? as u64)
    }

    fn count_registered_of(&mut self, source: &SourceName) -> Result<u64, StoreError> {
        let registered: i64 = local_records::table
            .filter(local_records::source.eq(source.as_str()))
            .filter(local_records::state.eq(state_number(LocalState::Registered)))
            .select(count_star())
            .first(self)?;
        Ok(registered as u64)
    }

    fn links_of(
        &mut self,
        handle: Handle,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Vec<(u64, SubjectReference)>, StoreError> {
        let after = after.map_or(-1, |index| index as i64);
        let rows: Vec<(i64, Vec<u8>)> = record_links::table
            .filter(record_links::handle.eq(handle.as_bytes().as_slice()))
            .filter(record_links::idx.gt(after))
            .order((record_links::idx, record_links::position))
            .limit(i64::from(limit))
            .select((record_links::idx, record_links::reference))
            .load(self)?;
        rows.into_iter().map(link).collect()
    }

    fn asked_links_of(
        &mut self,
        subject_key: &[u8; 16],
        after: Option<u64>,
        limit: u32,
    ) -> Result<Vec<(u64, SubjectReference)>, StoreError> {
        let after = after.map_or(-1, |index| index as i64);
        let rows: Vec<(i64, Vec<u8>)> = asked_links::table
            .filter(asked_links::subject_key.eq(subject_key.as_slice()))
            .filter(asked_links::idx.gt(after))
            .order((asked_links::idx, asked_links::position))
            .limit(i64::from(limit))
            .select((asked_links::idx, asked_links::reference))
            .load(self)?;
        rows.into_iter().map(link).collect()
    }

    fn registered_entries(
        &mut self,
        source: &SourceName,
        after: Option<Handle>,
        limit: u32,
    ) -> Result<Vec<RegisteredEntry>, StoreError> {
        let after = after.map_or_else(Vec::new, |handle| handle.as_bytes().to_vec());
        type Row = (Vec<u8>, Option<Vec<u8>>, String, Option<i64>);
        let rows: Vec<Row> = local_records::table
            .filter(local_records::handle.gt(after))
            .filter(local_records::source.eq(source.as_str()))
            .filter(local_records::state.eq(state_number(LocalState::Registered)))
            .filter(local_records::pointer.is_not_null())
            .order(local_records::handle)
            .limit(i64::from(limit))
            .select((
                local_records::handle,
                local_records::pointer,
                local_records::category,
                local_records::valid_until,
            ))
            .load(self)?;
        rows.into_iter()
            .map(|(own, pointer, category, valid_until)| {
                let pointer = pointer.unwrap_or_default().try_into();
                Ok(RegisteredEntry {
                    handle: handle(own)?,
                    pointer: pointer
                        .map(PointerId::from_bytes)
                        .map_err(|_| StoreError::Damaged("pointer id"))?,
                    category: Category::parse(&category).map_err(|_| StoreError::Damaged("category"))?,
                    valid_until: Instant::from_millis(valid_until.unwrap_or_default()),
                })
            })
            .collect()
    }

    fn reconciliation(&mut self, source: &SourceName) -> Result<Option<StoredReconciliation>, StoreError> {
        let row: Option<(i64, String)> = reconciliations::table
            .find(source.as_str())
            .select((reconciliations::due_at, reconciliations::state))
            .first(self)
            .optional()?;
        Ok(row.map(|(due_at, state)| StoredReconciliation { due_at: Instant::from_millis(due_at), state }))
    }

    fn waiting_of(
        &mut self,
        source: &SourceName,
        task: Option<OutboxTask>,
    ) -> Result<OutboxDepth, StoreError> {
        let mut waiting = outbox::table
            .inner_join(local_records::table.on(local_records::handle.eq(outbox::handle)))
            .filter(local_records::source.eq(source.as_str()))
            .select((count_star(), min(outbox::queued_at)))
            .into_boxed();
        if let Some(task) = task {
            waiting = waiting.filter(outbox::task.eq(task_number(task)));
        }
        let (waiting, oldest): (i64, Option<i64>) = waiting.first(self)?;
        Ok(OutboxDepth { waiting: waiting as u64, oldest: oldest.map(Instant::from_millis) })
    }

    fn outbox_due(&mut self, now: Instant, limit: u32) -> Result<Vec<OutboxItem>, StoreError> {
        outbox::table
            .filter(outbox::next_at.le(now.as_millis()))
            .order((outbox::next_at, outbox::id))
            .limit(i64::from(limit))
            .select(OutboxRow::as_select())
            .load(self)?
            .into_iter()
            .map(outbox_item)
            .collect()
    }

    fn outbox_depth(&mut self) -> Result<OutboxDepth, StoreError> {
        let waiting: i64 = outbox::table.select(count_star()).first(self)?;
        let oldest: Option<i64> = outbox::table.select(min(outbox::queued_at)).first(self)?;
        Ok(OutboxDepth { waiting: waiting as u64, oldest: oldest.map(Instant::from_millis) })
    }

    fn parked(&mut self, limit: u32) -> Result<Vec<ParkedMessage>, StoreError> {
        type Row = (String, String, Option<String>, Option<i64>, i64);
        let rows: Vec<Row> = outbox::table
            .inner_join(local_records::table.on(local_records::handle.eq(outbox::handle)))
            .filter(outbox::parked_at.is_not_null())
            .order((outbox::parked_at, outbox::id))
            .limit(i64::from(limit))
            .select((
                local_records::source,
                local_records::category,
                outbox::parked,
                outbox::parked_at,
                outbox::next_at,
            ))
            .load(self)?;
        rows.into_iter()
            .map(|(source, category, reason, since, next_at)| {
                Ok(ParkedMessage {
                    source: SourceName::parse(&source).map_err(|_| StoreError::Damaged("source name"))?,
                    category: Category::parse(&category).map_err(|_| StoreError::Damaged("category"))?,
                    reason: reason.unwrap_or_default(),
                    since: Instant::from_millis(since.unwrap_or_default()),
                    next_at: Instant::from_millis(next_at),
                })
            })
            .collect()
    }

    fn count_parked(&mut self, source: Option<&SourceName>) -> Result<u64, StoreError> {
        let mut parked = outbox::table
            .inner_join(local_records::table.on(local_records::handle.eq(outbox::handle)))
            .filter(outbox::parked_at.is_not_null())
            .select(count_star())
            .into_boxed();
        if let Some(source) = source {
            parked = parked.filter(local_records::source.eq(source.as_str()));
        }
        Ok(parked.first::<i64>(self)? as u64)
    }

    fn source_cursor(&mut self, source: &SourceName) -> Result<Option<SourceCursor>, StoreError> {
        let row: Option<(String, i64, i64)> = source_cursors::table
            .find(source.as_str())
            .select((source_cursors::cursor, source_cursors::read_number, source_cursors::synced_at))
            .first(self)
            .optional()?;
        Ok(row.map(|(cursor, read_number, synced_at)| SourceCursor {
            cursor,
            read_number: read_number as u64,
            synced_at: Instant::from_millis(synced_at),
        }))
    }

    fn stored_lease(&mut self, holder: Oin) -> Result<Option<Instant>, StoreError> {
        let until: Option<i64> = held_leases::table
            .find(holder.as_str())
            .select(held_leases::valid_until)
            .first(self)
            .optional()?;
        Ok(until.map(Instant::from_millis))
    }

    fn used_grant(&mut self, grant: GrantId) -> Result<Option<[u8; 32]>, StoreError> {
        let request: Option<Vec<u8>> = used_grants::table
            .find(grant.as_bytes().as_slice())
            .select(used_grants::request)
            .first(self)
            .optional()?;
        request.map(|digest| digest.try_into().map_err(|_| StoreError::Damaged("request digest"))).transpose()
    }

    fn pending_receipts(
        &mut self,
        origin: &str,
        before: u64,
        limit: u32,
    ) -> Result<Vec<PendingReceipt>, StoreError> {
        let rows: Vec<(i64, Vec<u8>, Vec<u8>, i64)> = pending_receipts::table
            .filter(pending_receipts::origin.eq(origin))
            .filter(pending_receipts::idx.lt(before as i64))
            .order((pending_receipts::idx, pending_receipts::leaf))
            .limit(i64::from(limit))
            .select((
                pending_receipts::idx,
                pending_receipts::leaf,
                pending_receipts::transaction_id,
                pending_receipts::at,
            ))
            .load(self)?;
        rows.into_iter()
            .map(|(index, leaf, transaction, at)| {
                let transaction =
                    transaction.try_into().map_err(|_| StoreError::Damaged("transaction id"))?;
                Ok(PendingReceipt {
                    origin: origin.to_owned(),
                    index: index as u64,
                    leaf: leaf.try_into().map_err(|_| StoreError::Damaged("leaf"))?,
                    transaction: TransactionId::from_bytes(transaction),
                    at: Instant::from_millis(at),
                })
            })
            .collect()
    }

    fn receipts_waiting(&mut self) -> Result<OutboxDepth, StoreError> {
        let (waiting, oldest): (i64, Option<i64>) =
            pending_receipts::table.select((count_star(), min(pending_receipts::at))).first(self)?;
        Ok(OutboxDepth { waiting: waiting as u64, oldest: oldest.map(Instant::from_millis) })
    }
}

fn link((index, reference): (i64, Vec<u8>)) -> Result<(u64, SubjectReference), StoreError> {
    let reference = reference.try_into().map_err(|_| StoreError::Damaged("subject reference"))?;
    Ok((index as u64, SubjectReference::from_bytes(reference)))
}

pub(super) fn local_record(row: RecordRow) -> Result<LocalRecord, StoreError> {
    Ok(LocalRecord {
        handle: handle(row.handle)?,
        source: SourceName::parse(&row.source).map_err(|_| StoreError::Damaged("source name"))?,
        category: Category::parse(&row.category).map_err(|_| StoreError::Damaged("category"))?,
        record_key: row.record_key.try_into().map_err(|_| StoreError::Damaged("record key"))?,
        record_sealed: row.record_sealed,
        subject_key: row.subject_key.try_into().map_err(|_| StoreError::Damaged("subject key"))?,
        binding_sealed: row.binding_sealed,
        binding_epoch: row.binding_epoch.map(|epoch| Epoch(epoch as u32)),
        pointer: row
            .pointer
            .map(|id| id.try_into().map(PointerId::from_bytes))
            .transpose()
            .map_err(|_| StoreError::Damaged("pointer id"))?,
        state: state_from(row.state)?,
        valid_until: row.valid_until.map(Instant::from_millis),
        seen_read: row.seen_read as u64,
    })
}

fn outbox_item(row: OutboxRow) -> Result<OutboxItem, StoreError> {
    Ok(OutboxItem {
        id: row.id,
        handle: handle(row.handle)?,
        task: task_from(row.task)?,
        subject_sealed: row.subject_sealed,
        reason: row.reason.map(withdrawal_from).transpose()?,
        destroy_by: row.destroy_by.map(Instant::from_millis),
        queued_at: Instant::from_millis(row.queued_at),
        attempts: row.attempts as u32,
        next_at: Instant::from_millis(row.next_at),
        administrative: row.administrative != 0,
    })
}

fn handle(bytes: Vec<u8>) -> Result<Handle, StoreError> {
    bytes.try_into().map(Handle::from_bytes).map_err(|_| StoreError::Damaged("handle"))
}

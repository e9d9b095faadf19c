//! What changes the partner's tables: its statements, in the order of [`PartnerWrite`]. Compiled once for each backend;
//! `super` says which.

use diesel::prelude::*;
use kw_domain::{GrantId, Handle, Instant, Oin, SourceName};

use super::Conn;
use crate::error::StoreError;
use crate::partner::{
    LocalRecord, OutboxItem, PartnerWrite, SourceCursor, StoredReconciliation, state_number, task_number,
};
use crate::schema::{
    feedback_reports, held_leases, local_records, outbox, reconciliations, record_links, source_cursors,
    used_grants,
};
use crate::switchboard::withdrawal_number;

impl PartnerWrite for Conn {
    fn store_record(&mut self, record: &LocalRecord) -> Result<(), StoreError> {
        let values = (
            (
                local_records::source.eq(record.source.as_str()),
                local_records::category.eq(record.category.as_str()),
                local_records::record_key.eq(record.record_key.as_slice()),
                local_records::record_sealed.eq(record.record_sealed.as_slice()),
                local_records::subject_key.eq(record.subject_key.as_slice()),
            ),
            (
                local_records::binding_sealed.eq(record.binding_sealed.as_deref()),
                local_records::binding_epoch.eq(record.binding_epoch.map(|epoch| epoch.0 as i32)),
                local_records::pointer.eq(record.pointer.as_ref().map(|id| id.as_bytes().as_slice())),
                local_records::state.eq(state_number(record.state)),
                local_records::valid_until.eq(record.valid_until.map(Instant::as_millis)),
                local_records::seen_read.eq(record.seen_read as i64),
            ),
        );
        diesel::insert_into(local_records::table)
            .values((local_records::handle.eq(record.handle.as_bytes().as_slice()), values))
            .on_conflict(local_records::handle)
            .do_update()
            .set(values)
            .execute(self)?;
        Ok(())
    }

    fn move_links(&mut self, from: Handle, to: Handle) -> Result<(), StoreError> {
        diesel::update(record_links::table.filter(record_links::handle.eq(from.as_bytes().as_slice())))
            .set(record_links::handle.eq(to.as_bytes().as_slice()))
            .execute(self)?;
        diesel::update(
            feedback_reports::table.filter(feedback_reports::handle.eq(from.as_bytes().as_slice())),
        )
        .set(feedback_reports::handle.eq(to.as_bytes().as_slice()))
        .execute(self)?;
        Ok(())
    }

    fn delete_record(&mut self, handle: Handle) -> Result<(), StoreError> {
        diesel::delete(local_records::table.find(handle.as_bytes().as_slice())).execute(self)?;
        Ok(())
    }

    fn mark_seen(&mut self, handles: &[Handle], read: u64) -> Result<(), StoreError> {
        for handle in handles {
            diesel::update(local_records::table.find(handle.as_bytes().as_slice()))
                .set(local_records::seen_read.eq(read as i64))
                .execute(self)?;
        }
        Ok(())
    }

    fn queue(&mut self, item: &OutboxItem) -> Result<(), StoreError> {
        diesel::insert_into(outbox::table)
            .values((
                outbox::handle.eq(item.handle.as_bytes().as_slice()),
                outbox::task.eq(task_number(item.task)),
                outbox::subject_sealed.eq(item.subject_sealed.as_deref()),
                outbox::reason.eq(item.reason.map(withdrawal_number)),
                outbox::destroy_by.eq(item.destroy_by.map(Instant::as_millis)),
                outbox::queued_at.eq(item.queued_at.as_millis()),
                outbox::attempts.eq(item.attempts as i32),
                outbox::next_at.eq(item.next_at.as_millis()),
                outbox::administrative.eq(i16::from(item.administrative)),
            ))
            .execute(self)?;
        Ok(())
    }

    fn put_off(&mut self, id: i64, attempts: u32, next_at: Instant) -> Result<(), StoreError> {
        diesel::update(outbox::table.find(id))
            .set((
                outbox::attempts.eq(attempts as i32),
                outbox::next_at.eq(next_at.as_millis()),
                outbox::parked.eq(None::<String>),
                outbox::parked_at.eq(None::<i64>),
                outbox::waits_for.eq(None::<Vec<u8>>),
            ))
            .execute(self)?;
        Ok(())
    }

    fn park(&mut self, id: i64, reason: &str, now: Instant) -> Result<(), StoreError> {
        diesel::update(outbox::table.find(id))
            .set((outbox::parked.eq(reason), outbox::parked_at.eq(now.as_millis())))
            .execute(self)?;
        Ok(())
    }

    fn unpark(&mut self) -> Result<(), StoreError> {
        let refused = outbox::table.filter(outbox::parked_at.is_not_null());
        diesel::update(refused.filter(outbox::waits_for.is_null()))
            .set((
                outbox::attempts.eq(0),
                outbox::next_at.eq(outbox::queued_at),
                outbox::parked.eq(None::<String>),
                outbox::parked_at.eq(None::<i64>),
            ))
            .execute(self)?;
        Ok(())
    }

    fn wait_for(&mut self, id: i64, handle: Handle) -> Result<(), StoreError> {
        diesel::update(outbox::table.find(id))
            .set(outbox::waits_for.eq(handle.as_bytes().as_slice()))
            .execute(self)?;
        Ok(())
    }

    fn wake(&mut self, handle: Handle) -> Result<(), StoreError> {
        diesel::update(outbox::table.filter(outbox::waits_for.eq(handle.as_bytes().as_slice())))
            .set((
                outbox::attempts.eq(0),
                outbox::next_at.eq(outbox::queued_at),
                outbox::parked.eq(None::<String>),
                outbox::parked_at.eq(None::<i64>),
                outbox::waits_for.eq(None::<Vec<u8>>),
            ))
            .execute(self)?;
        Ok(())
    }

    fn dequeue(&mut self, id: i64) -> Result<(), StoreError> {
        diesel::delete(outbox::table.find(id)).execute(self)?;
        Ok(())
    }

    fn dequeue_all(&mut self, handle: Handle) -> Result<(), StoreError> {
        diesel::delete(outbox::table.filter(outbox::handle.eq(handle.as_bytes().as_slice())))
            .execute(self)?;
        Ok(())
    }

    fn store_cursor(&mut self, source: &SourceName, cursor: &SourceCursor) -> Result<(), StoreError> {
        let values = (
            source_cursors::cursor.eq(cursor.cursor.as_str()),
            source_cursors::read_number.eq(cursor.read_number as i64),
            source_cursors::synced_at.eq(cursor.synced_at.as_millis()),
        );
        diesel::insert_into(source_cursors::table)
            .values((source_cursors::source.eq(source.as_str()), values))
            .on_conflict(source_cursors::source)
            .do_update()
            .set(values)
            .execute(self)?;
        Ok(())
    }

    fn store_reconciliation(
        &mut self,
        source: &SourceName,
        reconciliation: &StoredReconciliation,
    ) -> Result<(), StoreError> {
        let values = (
            reconciliations::due_at.eq(reconciliation.due_at.as_millis()),
            reconciliations::state.eq(reconciliation.state.as_str()),
        );
        diesel::insert_into(reconciliations::table)
            .values((reconciliations::source.eq(source.as_str()), values))
            .on_conflict(reconciliations::source)
            .do_update()
            .set(values)
            .execute(self)?;
        Ok(())
    }

    fn store_lease(&mut self, holder: Oin, until: Instant) -> Result<(), StoreError> {
        let until = held_leases::valid_until.eq(until.as_millis());
        diesel::insert_into(held_leases::table)
            .values((held_leases::holder.eq(holder.as_str()), until))
            .on_conflict(held_leases::holder)
            .do_update()
            .set(until)
            .execute(self)?;
        Ok(())
    }

    fn use_grant(
        &mut self,
        grant: GrantId,
        request: &[u8; 32],
        expires_at: Instant,
    ) -> Result<(), StoreError> {
        diesel::insert_into(used_grants::table)
            .values((
                used_grants::grant_id.eq(grant.as_bytes().as_slice()),
                used_grants::request.eq(request.as_slice()),
                used_grants::expires_at.eq(expires_at.as_millis()),
            ))
            .execute(self)?;
        Ok(())
    }

    fn forget_grants(&mut self, before: Instant) -> Result<(), StoreError> {
        diesel::delete(used_grants::table.filter(used_grants::expires_at.lt(before.as_millis())))
            .execute(self)?;
        Ok(())
    }
}

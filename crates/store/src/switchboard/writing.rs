//! What changes the index: its statements, in the order of [`SwitchboardWrite`]. Compiled once for each backend; `super` says
//! which.
#![expect(clippy::ref_option_ref, reason = "the code that AsChangeset derives")]

use diesel::dsl::exists;
use diesel::prelude::*;
use kw_domain::{BatchId, Instant, Oin, PointerId, SubjectId};

use super::switchboard_consents::is_kept;
use super::switchboard_mandates::is_in_a_mandate;
use super::switchboard_reading::{PointerRow, stored_pointer};
use super::switchboard_relations::is_in_a_relation;
use super::{Conn, dialect};
use crate::error::StoreError;
use crate::literal::Active;
use crate::schema::{generations, idempotency_keys, leases, pointers, subject_links, subjects, uploads};
use crate::switchboard::{
    ActiveSelector, Generation, LiveTags, NewSubject, PointerIdentity, RekeyedSubject, Remembered,
    StoredPointer, SwitchboardWrite, phase_number, state_number, withdrawal_number,
};

// PostgreSQL takes at most 65,535 parameters in one statement.
const ROWS_AT_ONCE: usize = 1_000;

#[derive(Insertable, AsChangeset)]
// None is NULL, not "the default": with defaults Diesel gives SQLite each row in a transaction of its own, inside ours.
#[diesel(table_name = pointers, treat_none_as_null = true, treat_none_as_default_value = false)]
struct PointerValues<'a> {
    id: &'a [u8],
    subject: Option<&'a [u8]>,
    holder: &'a str,
    category: &'a str,
    source_key: Option<&'a [u8]>,
    sealed: Option<&'a [u8]>,
    purposes: Option<&'a str>,
    state: i16,
    withdrawal: Option<i16>,
    registered_at: i64,
    valid_until: i64,
    due_at: i64,
    destroy_by: Option<i64>,
    superseded_by: Option<&'a [u8]>,
}

impl SwitchboardWrite for Conn {
    fn find_subjects(&mut self, tags: &[LiveTags]) -> Result<Vec<Option<SubjectId>>, StoreError> {
        dialect::find_subjects(self, tags)
    }

    fn rewrite_subject(&mut self, id: SubjectId, generation: u32, element: &[u8]) -> Result<(), StoreError> {
        let row =
            subjects::table.find(id.as_bytes().as_slice()).filter(subjects::generation.eq(generation as i32));
        diesel::update(row)
            .set((
                // The entries of both unique indices are written again, as they are for a row that is new.
                subjects::tag_even.eq(subjects::tag_even),
                subjects::tag_odd.eq(subjects::tag_odd),
                subjects::element.eq(element),
            ))
            .execute(self)?;
        Ok(())
    }

    fn insert_subjects(&mut self, new: &[NewSubject]) -> Result<(), StoreError> {
        for part in new.chunks(ROWS_AT_ONCE) {
            let rows: Vec<_> = part
                .iter()
                .map(|subject| {
                    (
                        subjects::id.eq(subject.id.as_bytes().as_slice()),
                        subjects::tag_even.eq(subject.tags.even.as_ref().map(<[u8; 32]>::as_slice)),
                        subjects::tag_odd.eq(subject.tags.odd.as_ref().map(<[u8; 32]>::as_slice)),
                        subjects::generation.eq(subject.generation as i32),
                        subjects::element.eq(subject.element.as_slice()),
                    )
                })
                .collect();
            diesel::insert_into(subjects::table).values(&rows).execute(self)?;
        }
        Ok(())
    }

    fn find_active(
        &mut self,
        identities: &[PointerIdentity],
    ) -> Result<Vec<Option<StoredPointer>>, StoreError> {
        dialect::find_active(self, identities)
    }

    fn insert_pointers(&mut self, new: &[StoredPointer]) -> Result<(), StoreError> {
        for part in new.chunks(ROWS_AT_ONCE) {
            let rows: Vec<_> = part.iter().map(pointer_values).collect();
            diesel::insert_into(pointers::table).values(&rows).execute(self)?;
        }
        Ok(())
    }

    fn update_pointer(&mut self, pointer: &StoredPointer) -> Result<(), StoreError> {
        diesel::update(pointers::table.find(pointer.id.as_bytes().as_slice()))
            .set(pointer_values(pointer))
            .execute(self)?;
        Ok(())
    }

    fn delete_pointer(&mut self, id: PointerId) -> Result<(), StoreError> {
        diesel::delete(pointers::table.find(id.as_bytes().as_slice())).execute(self)?;
        Ok(())
    }

    fn select_active(
        &mut self,
        holder: Oin,
        selector: &ActiveSelector,
        limit: u32,
    ) -> Result<Vec<StoredPointer>, StoreError> {
        let mut query = pointers::table
            .filter(pointers::holder.eq(holder.as_str()))
            .filter(pointers::state.eq(Active))
            .order(pointers::id)
            .limit(i64::from(limit))
            .select(PointerRow::as_select())
            .into_boxed();
        if let Some(category) = &selector.category {
            query = query.filter(pointers::category.eq(category.as_str()));
        }
        if let Some(source_key) = &selector.source_key {
            query = query.filter(pointers::source_key.eq(source_key.as_slice()));
        }
        query.load(self)?.into_iter().map(stored_pointer).collect()
    }

    fn renew_lease(&mut self, holder: Oin, valid_until: Instant) -> Result<(), StoreError> {
        let until = valid_until.as_millis();
        let extended =
            diesel::update(leases::table.find(holder.as_str()).filter(leases::valid_until.lt(until)))
                .set(leases::valid_until.eq(until))
                .execute(self)?;
        if extended == 0 {
            diesel::insert_into(leases::table)
                .values((leases::holder.eq(holder.as_str()), leases::valid_until.eq(until)))
                .on_conflict_do_nothing()
                .execute(self)?;
        }
        Ok(())
    }

    fn delete_lease(&mut self, holder: Oin) -> Result<(), StoreError> {
        diesel::delete(leases::table.find(holder.as_str())).execute(self)?;
        Ok(())
    }

    fn store_upload(
        &mut self,
        holder: Oin,
        upload: BatchId,
        lines: u64,
        now: Instant,
    ) -> Result<(), StoreError> {
        let progress = (uploads::lines.eq(lines as i64), uploads::touched_at.eq(now.as_millis()));
        diesel::insert_into(uploads::table)
            .values((
                uploads::holder.eq(holder.as_str()),
                uploads::upload.eq(upload.as_bytes().as_slice()),
                progress,
            ))
            .on_conflict((uploads::holder, uploads::upload))
            .do_update()
            .set(progress)
            .execute(self)?;
        Ok(())
    }

    fn remember(
        &mut self,
        holder: Oin,
        key: &str,
        answer: &Remembered,
        expires_at: Instant,
    ) -> Result<(), StoreError> {
        let values = (
            idempotency_keys::request.eq(answer.request.as_slice()),
            idempotency_keys::status.eq(answer.status as i16),
            idempotency_keys::response.eq(answer.response.as_slice()),
            idempotency_keys::expires_at.eq(expires_at.as_millis()),
        );
        diesel::insert_into(idempotency_keys::table)
            .values((idempotency_keys::holder.eq(holder.as_str()), idempotency_keys::key.eq(key), values))
            .on_conflict((idempotency_keys::holder, idempotency_keys::key))
            .do_update()
            .set(values)
            .execute(self)?;
        Ok(())
    }

    fn forget_old(&mut self, now: Instant, uploads_before: Instant) -> Result<(), StoreError> {
        diesel::delete(idempotency_keys::table.filter(idempotency_keys::expires_at.le(now.as_millis())))
            .execute(self)?;
        diesel::delete(uploads::table.filter(uploads::touched_at.le(uploads_before.as_millis())))
            .execute(self)?;
        Ok(())
    }

    fn store_generation(&mut self, generation: &Generation) -> Result<(), StoreError> {
        let values = (
            generations::index_epoch.eq(generation.index_epoch as i32),
            generations::pseudonymiser_epoch.eq(generation.pseudonymiser_epoch as i32),
            generations::phase.eq(phase_number(generation.phase)),
            generations::cursor.eq(generation.cursor.as_slice()),
            generations::converted.eq(generation.converted as i64),
            generations::began_at.eq(generation.began_at.as_millis()),
        );
        diesel::insert_into(generations::table)
            .values((generations::generation.eq(generation.generation as i32), values))
            .on_conflict(generations::generation)
            .do_update()
            .set(values)
            .execute(self)?;
        Ok(())
    }

    fn rekey_subjects(&mut self, rekeyed: &[RekeyedSubject]) -> Result<u64, StoreError> {
        let mut changed = 0;
        for subject in rekeyed {
            let row = subjects::table
                .find(subject.id.as_bytes().as_slice())
                .filter(subjects::generation.lt(subject.generation as i32));
            let common = (
                subjects::generation.eq(subject.generation as i32),
                subjects::element.eq(subject.element.as_slice()),
            );
            changed += if subject.generation.is_multiple_of(2) {
                diesel::update(row)
                    .set((common, subjects::tag_even.eq(Some(subject.tag.as_slice()))))
                    .execute(self)?
            } else {
                diesel::update(row)
                    .set((common, subjects::tag_odd.eq(Some(subject.tag.as_slice()))))
                    .execute(self)?
            };
        }
        Ok(changed as u64)
    }

    fn wipe_tags(
        &mut self,
        generation: u32,
        cursor: &[u8],
        limit: u32,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let ids: Vec<Vec<u8>> = subjects::table
            .filter(subjects::id.gt(cursor))
            .order(subjects::id)
            .limit(i64::from(limit))
            .select(subjects::id)
            .load(self)?;
        let Some(last) = ids.last().cloned() else { return Ok(None) };
        let rows = subjects::table.filter(subjects::id.gt(cursor)).filter(subjects::id.le(&last));
        let none: Option<&[u8]> = None;
        if generation.is_multiple_of(2) {
            diesel::update(rows).set(subjects::tag_even.eq(none)).execute(self)?;
        } else {
            diesel::update(rows).set(subjects::tag_odd.eq(none)).execute(self)?;
        }
        Ok(Some(last))
    }

    fn delete_orphans(&mut self, candidates: &[SubjectId]) -> Result<u64, StoreError> {
        let mut deleted = 0;
        for subject in candidates {
            let id = subject.as_bytes().as_slice();
            let used = diesel::select(exists(subject_links::table.filter(subject_links::subject.eq(id))))
                .get_result::<bool>(self)?
                || diesel::select(exists(pointers::table.filter(pointers::subject.eq(id))))
                    .get_result::<bool>(self)?
                || is_kept(self, id)?
                || is_in_a_mandate(self, id)?
                || is_in_a_relation(self, id)?;
            if !used {
                deleted += diesel::delete(subjects::table.find(id)).execute(self)?;
            }
        }
        Ok(deleted as u64)
    }
}

fn pointer_values(pointer: &StoredPointer) -> PointerValues<'_> {
    PointerValues {
        id: pointer.id.as_bytes(),
        subject: pointer.subject.as_ref().map(|id| id.as_bytes().as_slice()),
        holder: pointer.holder.as_str(),
        category: pointer.category.as_str(),
        source_key: pointer.source_key.as_ref().map(<[u8; 16]>::as_slice),
        sealed: pointer.sealed.as_deref(),
        purposes: pointer.purposes.as_deref(),
        state: state_number(pointer.state),
        withdrawal: pointer.withdrawal.map(withdrawal_number),
        registered_at: pointer.registered_at.as_millis(),
        valid_until: pointer.valid_until.as_millis(),
        due_at: pointer.due_at.as_millis(),
        destroy_by: pointer.destroy_by.map(Instant::as_millis),
        superseded_by: pointer.superseded_by.as_ref().map(|id| id.as_bytes().as_slice()),
    }
}

//! What is asked of the index: its statements, in the order of [`SwitchboardRead`]. Compiled once for each backend; `super` says
//! which.

use diesel::dsl::count_star;
use diesel::prelude::*;
use kw_domain::{BatchId, Category, Instant, Oin, PointerId, SubjectId};

use super::Conn;
use crate::error::StoreError;
use crate::events::DamagedPointers;
use crate::literal::Active;
use crate::schema::{generations, idempotency_keys, leases, pointers, subjects, uploads};
use crate::switchboard::{
    ActiveEntry, ActiveSelector, FindablePointer, Found, Generation, LiveTags, PointerIdentity, Remembered,
    StoredPointer, StoredSubject, SwitchboardRead, phase_from, state_from, withdrawal_from,
};

/// More about one subject is no answer any more: it is refused, never cut off.
const MOST_POINTERS: usize = 2_000;

#[derive(Queryable, Selectable)]
#[diesel(table_name = pointers)]
pub(super) struct PointerRow {
    id: Vec<u8>,
    subject: Option<Vec<u8>>,
    holder: String,
    category: String,
    source_key: Option<Vec<u8>>,
    sealed: Option<Vec<u8>>,
    purposes: Option<String>,
    state: i16,
    withdrawal: Option<i16>,
    registered_at: i64,
    valid_until: i64,
    due_at: i64,
    destroy_by: Option<i64>,
    superseded_by: Option<Vec<u8>>,
}

/// Subject; pointer id, holder, category, sealed columns, purposes; the holder whose lease stands.
type FindableRow = (
    Vec<u8>,
    Option<Vec<u8>>,
    Option<String>,
    Option<String>,
    Option<Vec<u8>>,
    Option<String>,
    Option<String>,
);

/// One statement for the whole look-up; the tag column is chosen by whoever filters it.
macro_rules! findable {
    ($now:expr) => {
        subjects::table
            .left_join(
                pointers::table.on(pointers::subject
                    .eq(subjects::id.nullable())
                    .and(pointers::state.eq(Active))
                    .and(pointers::valid_until.gt($now.as_millis()))),
            )
            .left_join(
                leases::table
                    .on(leases::holder.eq(pointers::holder).and(leases::valid_until.gt($now.as_millis()))),
            )
            .select((
                subjects::id,
                pointers::id.nullable(),
                pointers::holder.nullable(),
                pointers::category.nullable(),
                pointers::sealed.nullable(),
                pointers::purposes.nullable(),
                leases::holder.nullable(),
            ))
    };
}

impl SwitchboardRead for Conn {
    fn find_subject(&mut self, tags: &LiveTags) -> Result<Option<SubjectId>, StoreError> {
        let mut found: Option<Vec<u8>> = None;
        if let Some(tag) = &tags.even {
            found = subjects::table
                .filter(subjects::tag_even.eq(tag.as_slice()))
                .select(subjects::id)
                .first(self)
                .optional()?;
        }
        if let (None, Some(tag)) = (&found, &tags.odd) {
            found = subjects::table
                .filter(subjects::tag_odd.eq(tag.as_slice()))
                .select(subjects::id)
                .first(self)
                .optional()?;
        }
        found.map(|id| sixteen(id).map(SubjectId::from_bytes)).transpose()
    }

    fn find(&mut self, tags: &LiveTags, now: Instant) -> Result<Option<Found>, StoreError> {
        let mut rows = match &tags.even {
            Some(tag) => {
                findable!(now).filter(subjects::tag_even.eq(tag.as_slice())).load::<FindableRow>(self)?
            }
            None => Vec::new(),
        };
        if let (true, Some(tag)) = (rows.is_empty(), &tags.odd) {
            rows = findable!(now).filter(subjects::tag_odd.eq(tag.as_slice())).load::<FindableRow>(self)?;
        }
        let Some((subject, ..)) = rows.first() else { return Ok(None) };
        if rows.len() > MOST_POINTERS {
            return Err(StoreError::Damaged("number of pointers"));
        }
        let subject = SubjectId::from_bytes(sixteen(subject.clone())?);
        let pointers =
            rows.into_iter().filter_map(|row| findable_pointer(row).transpose()).collect::<Result<_, _>>()?;
        Ok(Some(Found { subject, pointers }))
    }

    fn pointer(&mut self, holder: Oin, id: PointerId) -> Result<Option<StoredPointer>, StoreError> {
        pointers::table
            .filter(pointers::id.eq(id.as_bytes().as_slice()))
            .filter(pointers::holder.eq(holder.as_str()))
            .select(PointerRow::as_select())
            .first(self)
            .optional()?
            .map(stored_pointer)
            .transpose()
    }

    fn pointers_of(
        &mut self,
        holder: Oin,
        after: Option<PointerId>,
        limit: u32,
    ) -> Result<Vec<StoredPointer>, StoreError> {
        pointers::table
            .filter(pointers::holder.eq(holder.as_str()))
            .filter(pointers::id.gt(cursor_bytes(after.as_ref())))
            .order(pointers::id)
            .limit(i64::from(limit))
            .select(PointerRow::as_select())
            .load(self)?
            .into_iter()
            .map(stored_pointer)
            .collect()
    }

    fn active_entries(
        &mut self,
        holder: Oin,
        source_key: Option<[u8; 16]>,
        after: Option<PointerId>,
        limit: u32,
    ) -> Result<Vec<ActiveEntry>, StoreError> {
        let mut entries = pointers::table
            .filter(pointers::holder.eq(holder.as_str()))
            .filter(pointers::id.gt(cursor_bytes(after.as_ref())))
            .filter(pointers::state.eq(Active))
            .order(pointers::id)
            .limit(i64::from(limit))
            .select((pointers::id, pointers::category, pointers::valid_until))
            .into_boxed();
        if let Some(source_key) = source_key {
            entries = entries.filter(pointers::source_key.eq(source_key.to_vec()));
        }
        let rows: Vec<(Vec<u8>, String, i64)> = entries.load(self)?;
        rows.into_iter()
            .map(|(id, category, valid_until)| {
                Ok(ActiveEntry {
                    id: sixteen(id).map(PointerId::from_bytes)?,
                    category: parse_category(&category)?,
                    valid_until: Instant::from_millis(valid_until),
                })
            })
            .collect()
    }

    fn count_active(&mut self, holder: Oin, selector: &ActiveSelector) -> Result<u64, StoreError> {
        let mut query = pointers::table
            .filter(pointers::holder.eq(holder.as_str()))
            .filter(pointers::state.eq(Active))
            .select(count_star())
            .into_boxed();
        if let Some(category) = &selector.category {
            query = query.filter(pointers::category.eq(category.as_str()));
        }
        if let Some(source_key) = &selector.source_key {
            query = query.filter(pointers::source_key.eq(source_key.as_slice()));
        }
        Ok(query.first::<i64>(self)? as u64)
    }

    fn upload_lines(&mut self, holder: Oin, upload: BatchId) -> Result<u64, StoreError> {
        let lines: Option<i64> = uploads::table
            .find((holder.as_str(), upload.as_bytes().as_slice()))
            .select(uploads::lines)
            .first(self)
            .optional()?;
        Ok(lines.unwrap_or(0) as u64)
    }

    fn remembered(&mut self, holder: Oin, key: &str, now: Instant) -> Result<Option<Remembered>, StoreError> {
        let row: Option<(Vec<u8>, i16, Vec<u8>)> = idempotency_keys::table
            .find((holder.as_str(), key))
            .filter(idempotency_keys::expires_at.gt(now.as_millis()))
            .select((idempotency_keys::request, idempotency_keys::status, idempotency_keys::response))
            .first(self)
            .optional()?;
        row.map(|(request, status, response)| {
            Ok(Remembered {
                request: request.try_into().map_err(|_| StoreError::Damaged("request digest"))?,
                status: status as u16,
                response,
            })
        })
        .transpose()
    }

    fn due_pointers(&mut self, now: Instant, limit: u32) -> Result<Vec<StoredPointer>, StoreError> {
        let rows = pointers::table
            .filter(pointers::due_at.le(now.as_millis()))
            .order(pointers::due_at)
            .limit(i64::from(limit))
            .select(PointerRow::as_select())
            .load(self)?;
        let count = rows.len();
        let sound: Vec<StoredPointer> = rows.into_iter().filter_map(|row| stored_pointer(row).ok()).collect();
        if sound.len() < count {
            // One damaged row must not keep the others beyond their date.
            DamagedPointers { damaged: count - sound.len() }.log();
        }
        Ok(sound)
    }

    fn lease(&mut self, holder: Oin) -> Result<Option<Instant>, StoreError> {
        let until: Option<i64> =
            leases::table.find(holder.as_str()).select(leases::valid_until).first(self).optional()?;
        Ok(until.map(Instant::from_millis))
    }

    fn lapsed_leases(&mut self, now: Instant) -> Result<Vec<Oin>, StoreError> {
        let holders: Vec<String> = leases::table
            .filter(leases::valid_until.le(now.as_millis()))
            .select(leases::holder)
            .load(self)?;
        holders.iter().map(|holder| parse_oin(holder)).collect()
    }

    fn generations(&mut self) -> Result<Vec<Generation>, StoreError> {
        type Row = (i32, i32, i32, i16, Vec<u8>, i64, i64);
        let rows: Vec<Row> = generations::table.order(generations::generation).load(self)?;
        rows.into_iter()
            .map(|(generation, index_epoch, pseudonymiser_epoch, phase, cursor, converted, began_at)| {
                Ok(Generation {
                    generation: generation as u32,
                    index_epoch: index_epoch as u32,
                    pseudonymiser_epoch: pseudonymiser_epoch as u32,
                    phase: phase_from(phase)?,
                    cursor,
                    converted: converted as u64,
                    began_at: Instant::from_millis(began_at),
                })
            })
            .collect()
    }

    fn subjects_after(&mut self, cursor: &[u8], limit: u32) -> Result<Vec<StoredSubject>, StoreError> {
        let rows: Vec<(Vec<u8>, i32, Vec<u8>)> = subjects::table
            .filter(subjects::id.gt(cursor))
            .order(subjects::id)
            .limit(i64::from(limit))
            .select((subjects::id, subjects::generation, subjects::element))
            .load(self)?;
        rows.into_iter()
            .map(|(id, generation, element)| {
                Ok(StoredSubject {
                    id: SubjectId::from_bytes(sixteen(id)?),
                    generation: generation as u32,
                    element,
                })
            })
            .collect()
    }

    fn count_subjects(&mut self) -> Result<u64, StoreError> {
        Ok(subjects::table.select(count_star()).first::<i64>(self)? as u64)
    }

    fn count_unconverted(&mut self, generation: u32) -> Result<u64, StoreError> {
        let earlier = subjects::generation.lt(generation as i32);
        let unconverted: i64 = if generation.is_multiple_of(2) {
            subjects::table
                .filter(earlier.or(subjects::tag_even.is_null()))
                .select(count_star())
                .first(self)?
        } else {
            subjects::table
                .filter(earlier.or(subjects::tag_odd.is_null()))
                .select(count_star())
                .first(self)?
        };
        Ok(unconverted as u64)
    }

    fn count_active_about(
        &mut self,
        subject: SubjectId,
        holder: Oin,
        category: &Category,
    ) -> Result<u64, StoreError> {
        let count: i64 = pointers::table
            .filter(pointers::subject.eq(subject.as_bytes().as_slice()))
            .filter(pointers::state.eq(Active))
            .filter(pointers::holder.eq(holder.as_str()))
            .filter(pointers::category.eq(category.as_str()))
            .select(count_star())
            .first(self)?;
        Ok(count as u64)
    }

    fn count_all_active(&mut self) -> Result<u64, StoreError> {
        Ok(pointers::table.filter(pointers::state.eq(Active)).select(count_star()).first::<i64>(self)? as u64)
    }
}

/// Nothing for the row of a subject without pointers, or of a holder whose lease has run out.
fn findable_pointer(row: FindableRow) -> Result<Option<FindablePointer>, StoreError> {
    let (_, Some(id), Some(holder), Some(category), sealed, purposes, Some(_)) = row else { return Ok(None) };
    Ok(Some(FindablePointer {
        id: PointerId::from_bytes(sixteen(id)?),
        holder: parse_oin(&holder)?,
        category: parse_category(&category)?,
        sealed: sealed.ok_or(StoreError::Damaged("sealed column"))?,
        purposes,
    }))
}

pub(super) fn stored_pointer(row: PointerRow) -> Result<StoredPointer, StoreError> {
    Ok(StoredPointer {
        id: PointerId::from_bytes(sixteen(row.id)?),
        subject: row.subject.map(|id| sixteen(id).map(SubjectId::from_bytes)).transpose()?,
        holder: parse_oin(&row.holder)?,
        category: parse_category(&row.category)?,
        source_key: row.source_key.map(sixteen).transpose()?,
        sealed: row.sealed,
        purposes: row.purposes,
        state: state_from(row.state)?,
        withdrawal: row.withdrawal.map(withdrawal_from).transpose()?,
        registered_at: Instant::from_millis(row.registered_at),
        valid_until: Instant::from_millis(row.valid_until),
        due_at: Instant::from_millis(row.due_at),
        destroy_by: row.destroy_by.map(Instant::from_millis),
        superseded_by: row.superseded_by.map(|id| sixteen(id).map(PointerId::from_bytes)).transpose()?,
    })
}

fn cursor_bytes(after: Option<&PointerId>) -> Vec<u8> {
    after.map_or_else(Vec::new, |id| id.as_bytes().to_vec())
}

fn sixteen(bytes: Vec<u8>) -> Result<[u8; 16], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Damaged("id"))
}

fn parse_oin(text: &str) -> Result<Oin, StoreError> {
    Oin::parse(text).map_err(|_| StoreError::Damaged("OIN"))
}

fn parse_category(text: &str) -> Result<Category, StoreError> {
    Category::parse(text).map_err(|_| StoreError::Damaged("category"))
}

/// One active pointer, by what makes it that pointer.
pub(super) fn find_one_active(
    conn: &mut Conn,
    identity: &PointerIdentity,
) -> Result<Option<StoredPointer>, StoreError> {
    pointers::table
        .filter(pointers::subject.eq(identity.subject.as_bytes().as_slice()))
        .filter(pointers::holder.eq(identity.holder.as_str()))
        .filter(pointers::source_key.eq(identity.source_key.as_slice()))
        .filter(pointers::category.eq(identity.category.as_str()))
        .filter(pointers::state.eq(Active))
        .select(PointerRow::as_select())
        .first(conn)
        .optional()?
        .map(stored_pointer)
        .transpose()
}

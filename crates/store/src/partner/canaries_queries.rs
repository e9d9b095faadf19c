//! The statements about canaries. Compiled once for each backend; `super` says which.

use diesel::dsl::count_star;
use diesel::prelude::*;
use kw_domain::{CanaryId, Category, Instant, Oin, SourceName};

use super::Conn;
use super::partner_reading::{RecordRow, local_record};
use crate::error::StoreError;
use crate::partner::{CanariesRead, CanariesWrite, LocalRecord, LocalState, StoredCanary};
use crate::schema::{canaries as table, canary_asks as asks, local_records};

#[derive(Queryable, Selectable)]
#[diesel(table_name = table)]
struct Row {
    id: Vec<u8>,
    holder: String,
    source: Option<String>,
    category: String,
    subject_key: Vec<u8>,
    sealed: Vec<u8>,
    made_at: i64,
    ends_at: i64,
    retired: i16,
    exported: i16,
    next_at: i64,
    asked_at: Option<i64>,
    misses: i32,
    silences: i32,
    missed_at: Option<i64>,
}

impl CanariesRead for Conn {
    fn canary(&mut self, id: CanaryId) -> Result<Option<StoredCanary>, StoreError> {
        let row = table::table.find(id.as_bytes().as_slice()).select(Row::as_select()).first(self);
        row.optional()?.map(stored).transpose()
    }

    fn canary_about(
        &mut self,
        holder: Oin,
        category: &Category,
        subject_key: &[u8; 16],
    ) -> Result<Option<StoredCanary>, StoreError> {
        let row = table::table
            .filter(table::holder.eq(holder.as_str()))
            .filter(table::category.eq(category.as_str()))
            .filter(table::subject_key.eq(subject_key.as_slice()))
            .select(Row::as_select())
            .first(self);
        row.optional()?.map(stored).transpose()
    }

    fn canaries(&mut self, limit: u32) -> Result<Vec<StoredCanary>, StoreError> {
        table::table
            .order((table::made_at, table::id))
            .limit(i64::from(limit))
            .select(Row::as_select())
            .load(self)?
            .into_iter()
            .map(stored)
            .collect()
    }

    fn canary_asks_since(&mut self, since: Instant) -> Result<u64, StoreError> {
        let count: i64 =
            asks::table.filter(asks::at.gt(since.as_millis())).select(count_star()).first(self)?;
        Ok(count.unsigned_abs())
    }

    fn record_about(
        &mut self,
        category: &Category,
        subject_key: &[u8; 16],
    ) -> Result<Option<LocalRecord>, StoreError> {
        let rows = local_records::table
            .filter(local_records::subject_key.eq(subject_key.as_slice()))
            .filter(local_records::category.eq(category.as_str()))
            .select(RecordRow::as_select())
            .limit(SOME)
            .load(self)?;
        let mut records = rows.into_iter().map(local_record).collect::<Result<Vec<_>, _>>()?;
        // One that is on its way out may be followed by one that arrived since.
        records.sort_by_key(|record| record.state != LocalState::Registered);
        Ok(records.into_iter().next())
    }
}

impl CanariesWrite for Conn {
    fn store_canary(&mut self, canary: &StoredCanary) -> Result<(), StoreError> {
        let values = (
            table::id.eq(canary.id.as_bytes().as_slice()),
            table::holder.eq(canary.holder.as_str()),
            table::source.eq(canary.source.as_ref().map(SourceName::as_str)),
            table::category.eq(canary.category.as_str()),
            table::subject_key.eq(canary.subject_key.as_slice()),
            table::sealed.eq(canary.sealed.as_slice()),
            table::made_at.eq(canary.made_at.as_millis()),
            table::ends_at.eq(canary.ends_at.as_millis()),
            table::retired.eq(i16::from(canary.is_retired)),
            table::exported.eq(i16::from(canary.is_exported)),
            table::next_at.eq(canary.next_at.as_millis()),
            table::asked_at.eq(canary.asked_at.map(Instant::as_millis)),
            table::misses.eq(i32::try_from(canary.misses).unwrap_or(i32::MAX)),
            table::silences.eq(i32::try_from(canary.silences).unwrap_or(i32::MAX)),
            table::missed_at.eq(canary.missed_at.map(Instant::as_millis)),
        );
        diesel::delete(table::table.find(canary.id.as_bytes().as_slice())).execute(self)?;
        diesel::insert_into(table::table).values(values).execute(self)?;
        Ok(())
    }

    fn delete_canary(&mut self, id: CanaryId) -> Result<(), StoreError> {
        diesel::delete(table::table.find(id.as_bytes().as_slice())).execute(self)?;
        Ok(())
    }

    fn count_canary_ask(&mut self, name: &[u8; 16], at: Instant, before: Instant) -> Result<(), StoreError> {
        diesel::delete(asks::table.filter(asks::at.le(before.as_millis()))).execute(self)?;
        diesel::insert_into(asks::table)
            .values((asks::id.eq(name.as_slice()), asks::at.eq(at.as_millis())))
            .execute(self)?;
        Ok(())
    }
}

fn stored(row: Row) -> Result<StoredCanary, StoreError> {
    Ok(StoredCanary {
        id: CanaryId::from_bytes(row.id.try_into().map_err(|_| DAMAGED)?),
        holder: Oin::parse(&row.holder).map_err(|_| DAMAGED)?,
        source: row.source.map(|name| SourceName::parse(&name).map_err(|_| DAMAGED)).transpose()?,
        category: Category::parse(&row.category).map_err(|_| DAMAGED)?,
        subject_key: row.subject_key.try_into().map_err(|_| DAMAGED)?,
        sealed: row.sealed,
        made_at: Instant::from_millis(row.made_at),
        ends_at: Instant::from_millis(row.ends_at),
        is_retired: row.retired != 0,
        is_exported: row.exported != 0,
        next_at: Instant::from_millis(row.next_at),
        asked_at: row.asked_at.map(Instant::from_millis),
        misses: row.misses.unsigned_abs(),
        silences: row.silences.unsigned_abs(),
        missed_at: row.missed_at.map(Instant::from_millis),
    })
}

/// A subject has one record in a category, and perhaps some that are leaving.
const SOME: i64 = 16;
const DAMAGED: StoreError = StoreError::Damaged("canary");

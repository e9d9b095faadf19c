//! The statements about departures. Compiled once for each backend; `super` says which.

use diesel::dsl::count_star;
use diesel::prelude::*;
use kw_domain::{ActorId, Category, DepartureId, Instant, Oin};
use kw_protocol::departure::DepartureKind;

use super::Conn;
use super::switchboard_reading::{PointerRow, stored_pointer};
use crate::error::StoreError;
use crate::literal::Active;
use crate::schema::{departure_counts as counts, departures as table, pointers};

use crate::switchboard::{
    DepartureCounts, DeparturesRead, DeparturesWrite, StoredDeparture, StoredPointer, kind_from, kind_number,
};

const DAMAGED: StoreError = StoreError::Damaged("departure");

#[derive(Queryable, Selectable)]
#[diesel(table_name = table)]
struct Row {
    id: Vec<u8>,
    party: String,
    successor: Option<String>,
    kind: i16,
    requested_at: i64,
    requested_by: Option<String>,
    first_approver: Option<String>,
    first_at: Option<i64>,
    second_approver: Option<String>,
    second_at: Option<i64>,
    consenter: Option<String>,
    consented_at: Option<i64>,
    effective_at: Option<i64>,
    closing_at: Option<i64>,
    finished_at: Option<i64>,
    ended_at: Option<i64>,
}

impl DeparturesRead for Conn {
    fn departure(&mut self, id: DepartureId) -> Result<Option<StoredDeparture>, StoreError> {
        let found = table::table.find(id.as_bytes().as_slice()).select(Row::as_select());
        found.first(self).optional()?.map(stored).transpose()
    }

    fn departures(&mut self, limit: u32) -> Result<Vec<StoredDeparture>, StoreError> {
        let rows: Vec<Row> = table::table
            .order(table::id.desc())
            .limit(i64::from(limit))
            .select(Row::as_select())
            .load(self)?;
        rows.into_iter().map(stored).collect()
    }

    fn open_departure(&mut self, party: Oin) -> Result<Option<StoredDeparture>, StoreError> {
        let found = table::table
            .filter(table::party.eq(party.as_str()))
            .filter(table::ended_at.is_null())
            .select(Row::as_select());
        found.first(self).optional()?.map(stored).transpose()
    }

    fn vanished_departures(&mut self) -> Result<Vec<StoredDeparture>, StoreError> {
        let rows: Vec<Row> = table::table
            .filter(table::kind.eq(kind_number(DepartureKind::Vanished)))
            .filter(table::ended_at.is_null())
            .order(table::id)
            .select(Row::as_select())
            .load(self)?;
        rows.into_iter().map(stored).collect()
    }

    fn running_departures(&mut self) -> Result<Vec<StoredDeparture>, StoreError> {
        let rows: Vec<Row> = table::table
            .filter(table::effective_at.is_not_null())
            .filter(table::finished_at.is_null())
            .filter(table::ended_at.is_null())
            .order(table::effective_at)
            .select(Row::as_select())
            .load(self)?;
        rows.into_iter().map(stored).collect()
    }

    fn departure_counts(&mut self, id: DepartureId) -> Result<Vec<DepartureCounts>, StoreError> {
        let rows: Vec<(String, Option<i64>, i64, i64)> = counts::table
            .filter(counts::departure.eq(id.as_bytes().as_slice()))
            .order(counts::category)
            .select((counts::category, counts::held, counts::transferred, counts::withdrawn))
            .load(self)?;
        rows.into_iter()
            .map(|(category, held, transferred, withdrawn)| {
                Ok(DepartureCounts {
                    category: Category::parse(&category).map_err(|_| DAMAGED)?,
                    held: held.map(|held| held as u64),
                    transferred: transferred as u64,
                    withdrawn: withdrawn as u64,
                })
            })
            .collect()
    }

    fn active_by_category(&mut self, holder: Oin) -> Result<Vec<(Category, u64)>, StoreError> {
        let rows: Vec<(String, i64)> = pointers::table
            .filter(pointers::holder.eq(holder.as_str()))
            .filter(pointers::state.eq(Active))
            .group_by(pointers::category)
            .order(pointers::category)
            .select((pointers::category, count_star()))
            .load(self)?;
        rows.into_iter()
            .map(|(category, number)| {
                Ok((Category::parse(&category).map_err(|_| StoreError::Damaged("category"))?, number as u64))
            })
            .collect()
    }

    fn taken_over(
        &mut self,
        holder: Oin,
        successor: Oin,
        category: &Category,
        limit: u32,
    ) -> Result<Vec<StoredPointer>, StoreError> {
        let theirs = diesel::alias!(pointers as theirs);
        let known = theirs
            .filter(theirs.field(pointers::holder).eq(successor.as_str().to_owned()))
            .filter(theirs.field(pointers::category).eq(category.as_str().to_owned()))
            .filter(theirs.field(pointers::state).eq(Active))
            .select(theirs.field(pointers::subject));
        pointers::table
            .filter(pointers::holder.eq(holder.as_str()))
            .filter(pointers::category.eq(category.as_str()))
            .filter(pointers::state.eq(Active))
            .filter(pointers::subject.eq_any(known))
            .order(pointers::id)
            .limit(i64::from(limit))
            .select(PointerRow::as_select())
            .load(self)?
            .into_iter()
            .map(stored_pointer)
            .collect()
    }
}

impl DeparturesWrite for Conn {
    fn insert_departure(&mut self, departure: &StoredDeparture) -> Result<(), StoreError> {
        diesel::insert_into(table::table)
            .values((
                table::id.eq(departure.id.as_bytes().as_slice()),
                table::party.eq(departure.party.as_str()),
                table::successor.eq(departure.successor.as_ref().map(Oin::as_str)),
                table::kind.eq(kind_number(departure.kind)),
                table::requested_at.eq(departure.requested_at.as_millis()),
                table::requested_by.eq(departure.requested_by.as_ref().map(ActorId::as_str)),
                table::effective_at.eq(departure.effective_at.map(Instant::as_millis)),
                table::closing_at.eq(departure.closing_at.map(Instant::as_millis)),
                table::finished_at.eq(departure.finished_at.map(Instant::as_millis)),
            ))
            .execute(self)?;
        Ok(())
    }

    fn update_departure(&mut self, departure: &StoredDeparture) -> Result<(), StoreError> {
        let who =
            |word: &'_ Option<(ActorId, Instant)>| word.as_ref().map(|(who, _)| who.as_str().to_owned());
        let when = |word: &'_ Option<(ActorId, Instant)>| word.as_ref().map(|(_, at)| at.as_millis());
        diesel::update(table::table.find(departure.id.as_bytes().as_slice()))
            .set((
                table::first_approver.eq(who(&departure.first)),
                table::first_at.eq(when(&departure.first)),
                table::second_approver.eq(who(&departure.second)),
                table::second_at.eq(when(&departure.second)),
                table::consenter.eq(who(&departure.consent)),
                table::consented_at.eq(when(&departure.consent)),
                table::effective_at.eq(departure.effective_at.map(Instant::as_millis)),
                table::closing_at.eq(departure.closing_at.map(Instant::as_millis)),
                table::finished_at.eq(departure.finished_at.map(Instant::as_millis)),
                table::ended_at.eq(departure.ended_at.map(Instant::as_millis)),
            ))
            .execute(self)?;
        Ok(())
    }

    fn note_held(&mut self, id: DepartureId, held: &[(Category, u64)]) -> Result<(), StoreError> {
        let rows: Vec<_> = held
            .iter()
            .map(|(category, number)| {
                (
                    counts::departure.eq(id.as_bytes().as_slice()),
                    counts::category.eq(category.as_str()),
                    counts::transferred.eq(0_i64),
                    counts::withdrawn.eq(0_i64),
                    counts::held.eq(*number as i64),
                )
            })
            .collect();
        diesel::insert_into(counts::table).values(rows).execute(self)?;
        Ok(())
    }

    fn count_departed(
        &mut self,
        id: DepartureId,
        category: &Category,
        transferred: u64,
        withdrawn: u64,
    ) -> Result<(), StoreError> {
        let (transferred, withdrawn) = (transferred as i64, withdrawn as i64);
        diesel::insert_into(counts::table)
            .values((
                counts::departure.eq(id.as_bytes().as_slice()),
                counts::category.eq(category.as_str()),
                counts::transferred.eq(transferred),
                counts::withdrawn.eq(withdrawn),
            ))
            .on_conflict((counts::departure, counts::category))
            .do_update()
            .set((
                counts::transferred.eq(counts::transferred + transferred),
                counts::withdrawn.eq(counts::withdrawn + withdrawn),
            ))
            .execute(self)?;
        Ok(())
    }
}

fn stored(row: Row) -> Result<StoredDeparture, StoreError> {
    let oin = |text: &str| Oin::parse(text).map_err(|_| DAMAGED);
    let actor = |text: &str| ActorId::parse(text).map_err(|_| DAMAGED);
    let word = |who: Option<String>, at: Option<i64>| {
        who.zip(at).map(|(who, at)| Ok::<_, StoreError>((actor(&who)?, Instant::from_millis(at)))).transpose()
    };
    Ok(StoredDeparture {
        id: DepartureId::from_bytes(row.id.try_into().map_err(|_| DAMAGED)?),
        party: oin(&row.party)?,
        successor: row.successor.as_deref().map(oin).transpose()?,
        kind: kind_from(row.kind)?,
        requested_at: Instant::from_millis(row.requested_at),
        requested_by: row.requested_by.as_deref().map(actor).transpose()?,
        first: word(row.first_approver, row.first_at)?,
        second: word(row.second_approver, row.second_at)?,
        consent: word(row.consenter, row.consented_at)?,
        effective_at: row.effective_at.map(Instant::from_millis),
        closing_at: row.closing_at.map(Instant::from_millis),
        finished_at: row.finished_at.map(Instant::from_millis),
        ended_at: row.ended_at.map(Instant::from_millis),
    })
}

//! The statements of the register of mandates. Compiled once for each backend; `super` says which.

use diesel::dsl::exists;
use diesel::prelude::*;
use kw_domain::{Category, Instant, MandateId, Oin, SubjectId};
use kw_protocol::mandate::{MandateAct, MandateKind, Side};

use super::Conn;
use crate::error::StoreError;
use crate::schema::{mandate_askers, mandates};
use crate::switchboard::mandates::{
    MandatesRead, MandatesWrite, StoredMandate, sides_from, sides_number, status_from, status_number,
};

/// Stored states up to this one have not ended.
const LAST_LIVE: i16 = 1;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = mandates)]
struct MandateRow {
    id: Vec<u8>,
    representative: Vec<u8>,
    represented: Vec<u8>,
    kind: String,
    age_band: String,
    categories: String,
    acts: String,
    registrar: String,
    state: i16,
    confirmed: i16,
    registered_at: i64,
    valid_until: i64,
    changed_at: i64,
    due_at: i64,
}

impl MandatesRead for Conn {
    fn mandate(&mut self, id: MandateId) -> Result<Option<StoredMandate>, StoreError> {
        mandates::table
            .find(id.as_bytes().as_slice())
            .select(MandateRow::as_select())
            .first(self)
            .optional()?
            .map(stored)
            .transpose()
    }

    fn live_mandate(
        &mut self,
        representative: SubjectId,
        represented: SubjectId,
        kind: MandateKind,
    ) -> Result<Option<StoredMandate>, StoreError> {
        mandates::table
            .filter(mandates::representative.eq(representative.as_bytes().as_slice()))
            .filter(mandates::represented.eq(represented.as_bytes().as_slice()))
            .filter(mandates::kind.eq(kind.as_str()))
            .filter(mandates::state.le(LAST_LIVE))
            .select(MandateRow::as_select())
            .first(self)
            .optional()?
            .map(stored)
            .transpose()
    }

    fn live_mandates(
        &mut self,
        representative: SubjectId,
        represented: SubjectId,
    ) -> Result<Vec<StoredMandate>, StoreError> {
        mandates::table
            .filter(mandates::representative.eq(representative.as_bytes().as_slice()))
            .filter(mandates::represented.eq(represented.as_bytes().as_slice()))
            .filter(mandates::state.le(LAST_LIVE))
            .order(mandates::id)
            .select(MandateRow::as_select())
            .load(self)?
            .into_iter()
            .map(stored)
            .collect()
    }

    fn mandates_of(
        &mut self,
        subject: SubjectId,
        side: Side,
        limit: u32,
    ) -> Result<Vec<StoredMandate>, StoreError> {
        let id = subject.as_bytes().as_slice();
        let all = mandates::table
            .order(mandates::id)
            .limit(i64::from(limit))
            .select(MandateRow::as_select())
            .into_boxed();
        let of_side = match side {
            Side::Representative => all.filter(mandates::representative.eq(id)),
            Side::Represented => all.filter(mandates::represented.eq(id)),
        };
        of_side.load(self)?.into_iter().map(stored).collect()
    }

    fn due_mandates(&mut self, now: Instant, limit: u32) -> Result<Vec<StoredMandate>, StoreError> {
        mandates::table
            .filter(mandates::due_at.le(now.as_millis()))
            .order(mandates::due_at)
            .limit(i64::from(limit))
            .select(MandateRow::as_select())
            .load(self)?
            .into_iter()
            .map(stored)
            .collect()
    }

    fn mandate_askers(&mut self, id: MandateId, since: Instant) -> Result<Vec<Oin>, StoreError> {
        let parties: Vec<String> = mandate_askers::table
            .filter(mandate_askers::mandate.eq(id.as_bytes().as_slice()))
            .filter(mandate_askers::asked_at.ge(since.as_millis()))
            .order(mandate_askers::party)
            .select(mandate_askers::party)
            .load(self)?;
        parties.iter().map(|party| Oin::parse(party).map_err(|_| StoreError::Damaged("OIN"))).collect()
    }
}

impl MandatesWrite for Conn {
    fn insert_mandate(&mut self, mandate: &StoredMandate) -> Result<(), StoreError> {
        diesel::insert_into(mandates::table).values(row(mandate)).execute(self)?;
        Ok(())
    }

    fn update_mandate(&mut self, mandate: &StoredMandate) -> Result<(), StoreError> {
        diesel::update(mandates::table.find(mandate.id.as_bytes().as_slice()))
            .set(row(mandate))
            .execute(self)?;
        Ok(())
    }

    fn delete_mandate(&mut self, id: MandateId) -> Result<(), StoreError> {
        let id = id.as_bytes().as_slice();
        diesel::delete(mandate_askers::table.filter(mandate_askers::mandate.eq(id))).execute(self)?;
        diesel::delete(mandates::table.find(id)).execute(self)?;
        Ok(())
    }

    fn note_mandate_asker(&mut self, id: MandateId, party: Oin, at: Instant) -> Result<(), StoreError> {
        diesel::insert_into(mandate_askers::table)
            .values((
                mandate_askers::mandate.eq(id.as_bytes().as_slice()),
                mandate_askers::party.eq(party.as_str()),
                mandate_askers::asked_at.eq(at.as_millis()),
            ))
            .on_conflict((mandate_askers::mandate, mandate_askers::party))
            .do_update()
            .set(mandate_askers::asked_at.eq(at.as_millis()))
            .execute(self)?;
        Ok(())
    }
}

/// Whether a mandate, in any state, names this subject. Asked side by side, because each has its own index.
pub(super) fn is_in_a_mandate(conn: &mut Conn, subject: &[u8]) -> Result<bool, StoreError> {
    let acts = diesel::select(exists(mandates::table.filter(mandates::representative.eq(subject))))
        .get_result::<bool>(conn)?;
    Ok(acts
        || diesel::select(exists(mandates::table.filter(mandates::represented.eq(subject))))
            .get_result::<bool>(conn)?)
}

fn row(mandate: &StoredMandate) -> MandateRow {
    let categories: Vec<&str> = mandate.categories.iter().map(Category::as_str).collect();
    let acts: Vec<&str> = mandate.acts.iter().map(|act| act.as_str()).collect();
    MandateRow {
        id: mandate.id.as_bytes().to_vec(),
        representative: mandate.representative.as_bytes().to_vec(),
        represented: mandate.represented.as_bytes().to_vec(),
        kind: mandate.kind.as_str().to_owned(),
        age_band: mandate.age_band.clone(),
        categories: categories.join(" "),
        acts: acts.join(" "),
        registrar: mandate.registrar.as_str().to_owned(),
        state: status_number(mandate.status),
        confirmed: sides_number(&mandate.confirmed),
        registered_at: mandate.registered_at.as_millis(),
        valid_until: mandate.valid_until.as_millis(),
        changed_at: mandate.changed_at.as_millis(),
        due_at: mandate.due_at.as_millis(),
    }
}

fn stored(row: MandateRow) -> Result<StoredMandate, StoreError> {
    let category = |text| Category::parse(text).map_err(|_| StoreError::Damaged("category"));
    let act = |text| MandateAct::parse(text).ok_or(StoreError::Damaged("act"));
    Ok(StoredMandate {
        id: MandateId::from_bytes(sixteen(row.id)?),
        representative: SubjectId::from_bytes(sixteen(row.representative)?),
        represented: SubjectId::from_bytes(sixteen(row.represented)?),
        kind: MandateKind::parse(&row.kind).ok_or(StoreError::Damaged("mandate kind"))?,
        age_band: row.age_band,
        categories: row.categories.split_whitespace().map(category).collect::<Result<_, _>>()?,
        acts: row.acts.split_whitespace().map(act).collect::<Result<_, _>>()?,
        registrar: Oin::parse(&row.registrar).map_err(|_| StoreError::Damaged("OIN"))?,
        status: status_from(row.state)?,
        confirmed: sides_from(row.confirmed),
        registered_at: Instant::from_millis(row.registered_at),
        valid_until: Instant::from_millis(row.valid_until),
        changed_at: Instant::from_millis(row.changed_at),
        due_at: Instant::from_millis(row.due_at),
    })
}

fn sixteen(bytes: Vec<u8>) -> Result<[u8; 16], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Damaged("id"))
}

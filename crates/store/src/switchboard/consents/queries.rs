//! The statements of consents and objections. Compiled once for each backend; `super` says which.

use diesel::dsl::exists;
use diesel::prelude::*;
use kw_domain::{Category, ConsentId, Instant, MandateId, ObjectionId, Oin, SubjectId};
use kw_protocol::objection::ObjectionState;

use super::Conn;
use crate::error::StoreError;
// The stored number of the state `received` is that of an active pointer.
use crate::literal::Active as Received;
use crate::schema::{consents, objections};
use crate::switchboard::consents::{
    ConsentsRead, ConsentsWrite, MOST_CHOICES, StoredConsent, StoredObjection, Warned, given_by_from,
    given_by_number, objection_state_from, objection_state_number, reason_from, reason_number, warned_from,
    warned_number,
};

/// More of one person than this is no list any more: those of a year that were taken back, too.
const MOST_KEPT: i64 = 2_000;

#[derive(Queryable, Selectable)]
#[diesel(table_name = consents)]
struct ConsentRow {
    id: Vec<u8>,
    subject: Vec<u8>,
    refused: i16,
    holder: Option<String>,
    holder_kind: Option<String>,
    category: Option<String>,
    requester: Option<String>,
    requester_kind: Option<String>,
    given_by: i16,
    mandate: Option<Vec<u8>>,
    evidence: String,
    recorded_by: String,
    recorded_at: i64,
    valid_until: Option<i64>,
    withdrawn_at: Option<i64>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = objections)]
struct ObjectionRow {
    id: Vec<u8>,
    subject: Vec<u8>,
    holder: String,
    category: String,
    given_by: i16,
    mandate: Option<Vec<u8>>,
    reason: i16,
    state: i16,
    received_by: String,
    received_at: i64,
    due_at: i64,
    warned: i16,
    decided_at: Option<i64>,
    reasons: Option<String>,
}

impl ConsentsRead for Conn {
    fn choices_of(&mut self, subject: SubjectId, now: Instant) -> Result<Vec<StoredConsent>, StoreError> {
        let rows: Vec<ConsentRow> = consents::table
            .filter(consents::subject.eq(subject.as_bytes().as_slice()))
            .filter(consents::ends_at.gt(now.as_millis()))
            .limit(MOST_CHOICES as i64 + 1)
            .select(ConsentRow::as_select())
            .load(self)?;
        if rows.len() > MOST_CHOICES {
            // An objection could be among those that are cut off.
            return Err(StoreError::Damaged("number of choices"));
        }
        rows.into_iter().map(stored_consent).collect()
    }

    fn consents_of(&mut self, subject: SubjectId) -> Result<Vec<StoredConsent>, StoreError> {
        let rows: Vec<ConsentRow> = consents::table
            .filter(consents::subject.eq(subject.as_bytes().as_slice()))
            .order(consents::id)
            .limit(MOST_KEPT)
            .select(ConsentRow::as_select())
            .load(self)?;
        rows.into_iter().map(stored_consent).collect()
    }

    fn consent(&mut self, id: ConsentId) -> Result<Option<StoredConsent>, StoreError> {
        consents::table
            .find(id.as_bytes().as_slice())
            .select(ConsentRow::as_select())
            .first(self)
            .optional()?
            .map(stored_consent)
            .transpose()
    }

    fn objection(&mut self, id: ObjectionId) -> Result<Option<StoredObjection>, StoreError> {
        objections::table
            .find(id.as_bytes().as_slice())
            .select(ObjectionRow::as_select())
            .first(self)
            .optional()?
            .map(stored_objection)
            .transpose()
    }

    fn objections_of(&mut self, subject: SubjectId) -> Result<Vec<StoredObjection>, StoreError> {
        let rows: Vec<ObjectionRow> = objections::table
            .filter(objections::subject.eq(subject.as_bytes().as_slice()))
            .order(objections::id)
            .limit(MOST_KEPT)
            .select(ObjectionRow::as_select())
            .load(self)?;
        rows.into_iter().map(stored_objection).collect()
    }

    fn objections_at(
        &mut self,
        holder: Oin,
        decided: bool,
        after: Option<ObjectionId>,
        limit: u32,
    ) -> Result<Vec<StoredObjection>, StoreError> {
        let mut query = objections::table
            .filter(objections::holder.eq(holder.as_str()))
            .filter(objections::id.gt(after.map_or_else(Vec::new, |id| id.as_bytes().to_vec())))
            .order(objections::id)
            .limit(i64::from(limit))
            .select(ObjectionRow::as_select())
            .into_boxed();
        if !decided {
            query = query.filter(objections::state.eq(Received));
        }
        query.load(self)?.into_iter().map(stored_objection).collect()
    }

    fn objections_due(
        &mut self,
        before: Instant,
        warned: Warned,
        limit: u32,
    ) -> Result<Vec<StoredObjection>, StoreError> {
        let rows: Vec<ObjectionRow> = objections::table
            .filter(objections::state.eq(Received))
            .filter(objections::due_at.le(before.as_millis()))
            .filter(objections::warned.lt(warned_number(warned)))
            .order(objections::due_at)
            .limit(i64::from(limit))
            .select(ObjectionRow::as_select())
            .load(self)?;
        rows.into_iter().map(stored_objection).collect()
    }

    fn is_objected(
        &mut self,
        subject: SubjectId,
        holder: Oin,
        category: &Category,
    ) -> Result<bool, StoreError> {
        let upheld = objections::table
            .filter(objections::subject.eq(subject.as_bytes().as_slice()))
            .filter(objections::holder.eq(holder.as_str()))
            .filter(objections::category.eq(category.as_str()))
            .filter(objections::state.eq(objection_state_number(ObjectionState::Upheld)));
        Ok(diesel::select(exists(upheld)).get_result(self)?)
    }
}

impl ConsentsWrite for Conn {
    fn insert_consent(&mut self, consent: &StoredConsent) -> Result<(), StoreError> {
        let mandate = consent.mandate.map(|id| id.as_bytes().to_vec());
        diesel::insert_into(consents::table)
            .values((
                consents::id.eq(consent.id.as_bytes().as_slice()),
                consents::subject.eq(consent.subject.as_bytes().as_slice()),
                consents::refused.eq(i16::from(consent.refused)),
                consents::holder.eq(consent.holder.as_ref().map(Oin::as_str)),
                consents::holder_kind.eq(consent.holder_kind.as_deref()),
                consents::category.eq(consent.category.as_ref().map(Category::as_str)),
                consents::requester.eq(consent.requester.as_ref().map(Oin::as_str)),
                consents::requester_kind.eq(consent.requester_kind.as_deref()),
                consents::given_by.eq(given_by_number(consent.given_by)),
                consents::mandate.eq(mandate),
                consents::evidence.eq(consent.evidence.as_str()),
                consents::recorded_by.eq(consent.recorded_by.as_str()),
                consents::recorded_at.eq(consent.recorded_at.as_millis()),
                consents::valid_until.eq(consent.valid_until.map(Instant::as_millis)),
                consents::withdrawn_at.eq(consent.withdrawn_at.map(Instant::as_millis)),
                consents::ends_at.eq(consent.valid_until.map_or(i64::MAX, Instant::as_millis)),
            ))
            .execute(self)?;
        Ok(())
    }

    fn withdraw_consent(&mut self, id: ConsentId, at: Instant) -> Result<(), StoreError> {
        diesel::update(consents::table.find(id.as_bytes().as_slice()))
            .set((consents::withdrawn_at.eq(Some(at.as_millis())), consents::ends_at.eq(at.as_millis())))
            .execute(self)?;
        Ok(())
    }

    fn forget_consents(&mut self, before: Instant, limit: u32) -> Result<Vec<SubjectId>, StoreError> {
        let mut subjects = Vec::new();
        let ended: Vec<(Vec<u8>, Vec<u8>)> = consents::table
            .filter(consents::ends_at.le(before.as_millis()))
            .order(consents::ends_at)
            .limit(i64::from(limit))
            .select((consents::id, consents::subject))
            .load(self)?;
        for (id, subject) in ended {
            diesel::delete(consents::table.find(id)).execute(self)?;
            subjects.push(SubjectId::from_bytes(sixteen(subject)?));
        }
        let rejected: Vec<(Vec<u8>, Vec<u8>)> = objections::table
            .filter(objections::state.eq(objection_state_number(ObjectionState::Rejected)))
            .filter(objections::decided_at.le(before.as_millis()))
            .limit(i64::from(limit))
            .select((objections::id, objections::subject))
            .load(self)?;
        for (id, subject) in rejected {
            diesel::delete(objections::table.find(id)).execute(self)?;
            subjects.push(SubjectId::from_bytes(sixteen(subject)?));
        }
        Ok(subjects)
    }

    fn insert_objection(&mut self, objection: &StoredObjection) -> Result<(), StoreError> {
        let mandate = objection.mandate.map(|id| id.as_bytes().to_vec());
        diesel::insert_into(objections::table)
            .values((
                objections::id.eq(objection.id.as_bytes().as_slice()),
                objections::subject.eq(objection.subject.as_bytes().as_slice()),
                objections::holder.eq(objection.holder.as_str()),
                objections::category.eq(objection.category.as_str()),
                objections::given_by.eq(given_by_number(objection.given_by)),
                objections::mandate.eq(mandate),
                objections::reason.eq(reason_number(objection.reason)),
                objections::state.eq(objection_state_number(objection.state)),
                objections::received_by.eq(objection.received_by.as_str()),
                objections::received_at.eq(objection.received_at.as_millis()),
                objections::due_at.eq(objection.due_at.as_millis()),
                objections::warned.eq(warned_number(objection.warned)),
                objections::decided_at.eq(objection.decided_at.map(Instant::as_millis)),
                objections::reasons.eq(objection.reasons.as_deref()),
            ))
            .execute(self)?;
        Ok(())
    }

    fn update_objection(&mut self, objection: &StoredObjection) -> Result<(), StoreError> {
        diesel::update(objections::table.find(objection.id.as_bytes().as_slice()))
            .set((
                objections::state.eq(objection_state_number(objection.state)),
                objections::warned.eq(warned_number(objection.warned)),
                objections::decided_at.eq(objection.decided_at.map(Instant::as_millis)),
                objections::reasons.eq(objection.reasons.as_deref()),
            ))
            .execute(self)?;
        Ok(())
    }
}

/// Whether choices or objections still refer to a subject.
pub(super) fn is_kept(conn: &mut Conn, subject: &[u8]) -> Result<bool, StoreError> {
    Ok(diesel::select(exists(consents::table.filter(consents::subject.eq(subject))))
        .get_result::<bool>(conn)?
        || diesel::select(exists(objections::table.filter(objections::subject.eq(subject))))
            .get_result::<bool>(conn)?)
}

fn stored_consent(row: ConsentRow) -> Result<StoredConsent, StoreError> {
    Ok(StoredConsent {
        id: ConsentId::from_bytes(sixteen(row.id)?),
        subject: SubjectId::from_bytes(sixteen(row.subject)?),
        refused: row.refused != 0,
        holder: row.holder.as_deref().map(oin).transpose()?,
        holder_kind: row.holder_kind,
        category: row.category.as_deref().map(category).transpose()?,
        requester: row.requester.as_deref().map(oin).transpose()?,
        requester_kind: row.requester_kind,
        given_by: given_by_from(row.given_by)?,
        mandate: row.mandate.map(|id| sixteen(id).map(MandateId::from_bytes)).transpose()?,
        evidence: row.evidence,
        recorded_by: oin(&row.recorded_by)?,
        recorded_at: Instant::from_millis(row.recorded_at),
        valid_until: row.valid_until.map(Instant::from_millis),
        withdrawn_at: row.withdrawn_at.map(Instant::from_millis),
    })
}

fn stored_objection(row: ObjectionRow) -> Result<StoredObjection, StoreError> {
    Ok(StoredObjection {
        id: ObjectionId::from_bytes(sixteen(row.id)?),
        subject: SubjectId::from_bytes(sixteen(row.subject)?),
        holder: oin(&row.holder)?,
        category: category(&row.category)?,
        given_by: given_by_from(row.given_by)?,
        mandate: row.mandate.map(|id| sixteen(id).map(MandateId::from_bytes)).transpose()?,
        reason: reason_from(row.reason)?,
        state: objection_state_from(row.state)?,
        received_by: oin(&row.received_by)?,
        received_at: Instant::from_millis(row.received_at),
        due_at: Instant::from_millis(row.due_at),
        warned: warned_from(row.warned)?,
        decided_at: row.decided_at.map(Instant::from_millis),
        reasons: row.reasons,
    })
}

fn sixteen(bytes: Vec<u8>) -> Result<[u8; 16], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Damaged("id"))
}

fn oin(text: &str) -> Result<Oin, StoreError> {
    Oin::parse(text).map_err(|_| StoreError::Damaged("OIN"))
}

fn category(text: &str) -> Result<Category, StoreError> {
    Category::parse(text).map_err(|_| StoreError::Damaged("category"))
}

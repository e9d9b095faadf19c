//! The statements of dual control. Compiled once for each backend; `super` says which.

use diesel::prelude::*;
use kw_domain::{ActorId, Handle, Instant, Oin, SubjectId};

use super::Conn;
use crate::error::StoreError;
use crate::ledger::Meant;
use crate::resolutions::{Consent, Resolution, ResolutionsRead, ResolutionsWrite};
use crate::schema::ledger_resolutions as table;

#[derive(Queryable, Selectable)]
#[diesel(table_name = table)]
struct ResolutionRow {
    id: Vec<u8>,
    whom_kind: i16,
    whom: Vec<u8>,
    reason: String,
    requested_at: i64,
    requested_by: String,
    requester: String,
    requester_certificate: Vec<u8>,
    approved_at: Option<i64>,
    approved_by: Option<String>,
    approver: Option<String>,
    approver_certificate: Option<Vec<u8>>,
    expires_at: i64,
    requester_proven: i16,
    approver_proven: i16,
}

impl ResolutionsRead for Conn {
    fn resolution(&mut self, id: &[u8; 16]) -> Result<Option<Resolution>, StoreError> {
        table::table
            .find(id.as_slice())
            .select(ResolutionRow::as_select())
            .first(self)
            .optional()?
            .map(stored_resolution)
            .transpose()
    }

    fn open_resolutions(&mut self, now: Instant, limit: u32) -> Result<Vec<Resolution>, StoreError> {
        let rows: Vec<ResolutionRow> = table::table
            .filter(table::expires_at.gt(now.as_millis()))
            .order((table::requested_at, table::id))
            .limit(i64::from(limit))
            .select(ResolutionRow::as_select())
            .load(self)?;
        rows.into_iter().map(stored_resolution).collect()
    }
}

impl ResolutionsWrite for Conn {
    fn request(&mut self, resolution: &Resolution) -> Result<(), StoreError> {
        let (whom_kind, whom) = match &resolution.whom {
            Meant::Subject(subject) => (1_i16, subject.as_bytes().as_slice()),
            Meant::Record(handle) => (2, handle.as_bytes().as_slice()),
            Meant::Asked(subject_key) => (3, subject_key.as_slice()),
        };
        diesel::insert_into(table::table)
            .values((
                table::id.eq(resolution.id.as_slice()),
                table::whom_kind.eq(whom_kind),
                table::whom.eq(whom),
                table::reason.eq(resolution.reason.as_str()),
                table::requested_at.eq(resolution.request.at.as_millis()),
                table::requested_by.eq(resolution.request.party.as_str()),
                table::requester.eq(resolution.request.person.as_str()),
                table::requester_certificate.eq(resolution.request.certificate.as_slice()),
                table::requester_proven.eq(i16::from(resolution.request.proven)),
                table::expires_at.eq(resolution.expires_at.as_millis()),
            ))
            .execute(self)?;
        match &resolution.approval {
            Some(approval) => self.approve(&resolution.id, approval, resolution.expires_at).map(drop),
            None => Ok(()),
        }
    }

    fn approve(
        &mut self,
        id: &[u8; 16],
        approval: &Consent,
        expires_at: Instant,
    ) -> Result<bool, StoreError> {
        let open = table::table.filter(table::id.eq(id.as_slice())).filter(table::approved_at.is_null());
        let approved = diesel::update(open)
            .set((
                table::approved_at.eq(approval.at.as_millis()),
                table::approved_by.eq(approval.party.as_str()),
                table::approver.eq(approval.person.as_str()),
                table::approver_certificate.eq(approval.certificate.as_slice()),
                table::approver_proven.eq(i16::from(approval.proven)),
                table::expires_at.eq(expires_at.as_millis()),
            ))
            .execute(self)?;
        Ok(approved == 1)
    }

    fn forget_resolutions(&mut self, before: Instant) -> Result<(), StoreError> {
        diesel::delete(table::table.filter(table::expires_at.lt(before.as_millis()))).execute(self)?;
        Ok(())
    }
}

fn stored_resolution(row: ResolutionRow) -> Result<Resolution, StoreError> {
    let whom: [u8; 16] = row.whom.try_into().map_err(|_| StoreError::Damaged("resolution"))?;
    let whom = match row.whom_kind {
        1 => Meant::Subject(SubjectId::from_bytes(whom)),
        2 => Meant::Record(Handle::from_bytes(whom)),
        3 => Meant::Asked(whom),
        _ => return Err(StoreError::Damaged("resolution")),
    };
    let approval = match (row.approved_at, row.approved_by, row.approver, row.approver_certificate) {
        (Some(at), Some(party), Some(person), Some(certificate)) => {
            Some(consent(at, &party, &person, certificate, row.approver_proven)?)
        }
        (None, None, None, None) => None,
        _ => return Err(StoreError::Damaged("resolution")),
    };
    Ok(Resolution {
        id: row.id.try_into().map_err(|_| StoreError::Damaged("resolution"))?,
        whom,
        reason: row.reason,
        request: consent(
            row.requested_at,
            &row.requested_by,
            &row.requester,
            row.requester_certificate,
            row.requester_proven,
        )?,
        approval,
        expires_at: Instant::from_millis(row.expires_at),
    })
}

fn consent(
    at: i64,
    party: &str,
    person: &str,
    certificate: Vec<u8>,
    proven: i16,
) -> Result<Consent, StoreError> {
    Ok(Consent {
        at: Instant::from_millis(at),
        party: Oin::parse(party).map_err(|_| StoreError::Damaged("resolution"))?,
        person: ActorId::parse(person).map_err(|_| StoreError::Damaged("resolution"))?,
        certificate: certificate.try_into().map_err(|_| StoreError::Damaged("resolution"))?,
        proven: proven != 0,
    })
}

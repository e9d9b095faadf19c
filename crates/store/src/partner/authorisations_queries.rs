//! The statements about authorisations. Compiled once for each backend; `super` says which.

use diesel::dsl::count_star;
use diesel::prelude::*;
use kw_domain::{AuthorisationId, Instant, Oin};

use super::Conn;
use super::partner_reading::{RecordRow, local_record};
use crate::error::StoreError;
use crate::partner::{AuthorisationsRead, AuthorisationsWrite, LocalRecord, StoredAuthorisation};
use crate::schema::{authorisations as table, local_records};

#[derive(Queryable, Selectable)]
#[diesel(table_name = table)]
struct Row {
    id: Vec<u8>,
    client: String,
    phase: i16,
    opens: Option<Vec<u8>>,
    opened: Option<Vec<u8>>,
    browser: Option<Vec<u8>>,
    certificate: Vec<u8>,
    created_at: i64,
    expires_at: i64,
    facts: String,
    sealed: Option<Vec<u8>>,
}

impl AuthorisationsRead for Conn {
    fn authorisation(&mut self, id: AuthorisationId) -> Result<Option<StoredAuthorisation>, StoreError> {
        let row = table::table.find(id.as_bytes().as_slice()).select(Row::as_select()).first(self);
        row.optional()?.map(stored).transpose()
    }

    fn authorisation_opened_by(
        &mut self,
        opens: &[u8; 32],
    ) -> Result<Option<StoredAuthorisation>, StoreError> {
        let row = table::table.filter(table::opens.eq(opens.as_slice())).select(Row::as_select()).first(self);
        row.optional()?.map(stored).transpose()
    }

    fn authorisation_once_opened_by(
        &mut self,
        opened: &[u8; 32],
    ) -> Result<Option<StoredAuthorisation>, StoreError> {
        let row =
            table::table.filter(table::opened.eq(opened.as_slice())).select(Row::as_select()).first(self);
        row.optional()?.map(stored).transpose()
    }

    fn count_authorisations(&mut self, client: Oin) -> Result<u64, StoreError> {
        let count: i64 =
            table::table.filter(table::client.eq(client.as_str())).select(count_star()).first(self)?;
        Ok(count as u64)
    }

    fn records_about(&mut self, subject_key: &[u8; 16], limit: u32) -> Result<Vec<LocalRecord>, StoreError> {
        local_records::table
            .filter(local_records::subject_key.eq(subject_key.as_slice()))
            .order((local_records::source, local_records::category, local_records::handle))
            .limit(i64::from(limit))
            .select(RecordRow::as_select())
            .load(self)?
            .into_iter()
            .map(local_record)
            .collect()
    }
}

impl AuthorisationsWrite for Conn {
    fn begin_authorisation(&mut self, authorisation: &StoredAuthorisation) -> Result<(), StoreError> {
        diesel::insert_into(table::table)
            .values((
                table::id.eq(authorisation.id.as_bytes().as_slice()),
                table::client.eq(authorisation.client.as_str()),
                table::phase.eq(authorisation.phase),
                table::opens.eq(bytes(authorisation.opens.as_ref())),
                table::opened.eq(bytes(authorisation.opened.as_ref())),
                table::browser.eq(bytes(authorisation.browser.as_ref())),
                table::certificate.eq(authorisation.certificate.as_slice()),
                table::created_at.eq(authorisation.created_at.as_millis()),
                table::expires_at.eq(authorisation.expires_at.as_millis()),
                table::facts.eq(authorisation.facts.as_str()),
                table::sealed.eq(authorisation.sealed.as_deref()),
            ))
            .execute(self)?;
        Ok(())
    }

    fn move_authorisation(
        &mut self,
        before: &StoredAuthorisation,
        after: &StoredAuthorisation,
    ) -> Result<bool, StoreError> {
        let found = self.authorisation(before.id)?;
        if !found.is_some_and(|found| found.phase == before.phase && found.opens == before.opens) {
            return Ok(false);
        }
        // The phase again in the statement itself: another process may be at it.
        let same = table::table
            .filter(table::id.eq(before.id.as_bytes().as_slice()))
            .filter(table::phase.eq(before.phase));
        let moved = diesel::update(same)
            .set((
                table::phase.eq(after.phase),
                table::opens.eq(bytes(after.opens.as_ref())),
                table::opened.eq(bytes(after.opened.as_ref())),
                table::browser.eq(bytes(after.browser.as_ref())),
                table::certificate.eq(after.certificate.as_slice()),
                table::expires_at.eq(after.expires_at.as_millis()),
                table::facts.eq(after.facts.as_str()),
                table::sealed.eq(after.sealed.as_deref()),
            ))
            .execute(self)?;
        Ok(moved == 1)
    }

    fn forget_authorisations(&mut self, before: Instant) -> Result<u64, StoreError> {
        let over = table::table.filter(table::expires_at.lt(before.as_millis()));
        Ok(diesel::delete(over).execute(self)? as u64)
    }
}

fn bytes(digest: Option<&[u8; 32]>) -> Option<&[u8]> {
    digest.map(<[u8; 32]>::as_slice)
}

fn stored(row: Row) -> Result<StoredAuthorisation, StoreError> {
    let digest = |bytes: Vec<u8>| <[u8; 32]>::try_from(bytes).map_err(|_| DAMAGED);
    let some = |bytes: Option<Vec<u8>>| bytes.map(digest).transpose();
    Ok(StoredAuthorisation {
        id: AuthorisationId::from_bytes(row.id.try_into().map_err(|_| DAMAGED)?),
        client: Oin::parse(&row.client).map_err(|_| DAMAGED)?,
        phase: row.phase,
        opens: some(row.opens)?,
        opened: some(row.opened)?,
        browser: some(row.browser)?,
        certificate: digest(row.certificate)?,
        created_at: Instant::from_millis(row.created_at),
        expires_at: Instant::from_millis(row.expires_at),
        facts: row.facts,
        sealed: row.sealed,
    })
}

const DAMAGED: StoreError = StoreError::Damaged("authorisation");

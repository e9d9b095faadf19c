//! The statements about identity checks. Compiled once for each backend; `super` says which.

use diesel::prelude::*;
use kw_domain::{ActorId, Category, Handle, IdentityCheckId, Instant, Oin, Purpose};

use super::Conn;
use crate::error::StoreError;
use crate::partner::{IdentityCheckState, IdentityChecksRead, IdentityChecksWrite, StoredIdentityCheck};
use crate::schema::identity_checks as table;

#[derive(Queryable, Selectable)]
#[diesel(table_name = table)]
struct Row {
    id: Vec<u8>,
    handle: Vec<u8>,
    requester: String,
    purpose: String,
    category: String,
    state: i16,
    first_actor: Option<String>,
    asked_at: i64,
    expires_at: i64,
}

impl IdentityChecksRead for Conn {
    fn identity_check(&mut self, id: IdentityCheckId) -> Result<Option<StoredIdentityCheck>, StoreError> {
        let row = table::table.find(id.as_bytes().as_slice()).select(Row::as_select()).first(self);
        row.optional()?.map(stored).transpose()
    }

    fn identity_check_of(
        &mut self,
        handle: Handle,
        requester: Oin,
    ) -> Result<Option<StoredIdentityCheck>, StoreError> {
        let row = table::table
            .filter(table::handle.eq(handle.as_bytes().as_slice()))
            .filter(table::requester.eq(requester.as_str()))
            .select(Row::as_select())
            .first(self);
        row.optional()?.map(stored).transpose()
    }

    fn identity_checks(&mut self, limit: u32) -> Result<Vec<StoredIdentityCheck>, StoreError> {
        table::table
            .order((table::asked_at, table::id))
            .limit(i64::from(limit))
            .select(Row::as_select())
            .load(self)?
            .into_iter()
            .map(stored)
            .collect()
    }
}

impl IdentityChecksWrite for Conn {
    fn open_identity_check(&mut self, check: &StoredIdentityCheck) -> Result<(), StoreError> {
        diesel::insert_into(table::table)
            .values((
                table::id.eq(check.id.as_bytes().as_slice()),
                table::handle.eq(check.handle.as_bytes().as_slice()),
                table::requester.eq(check.requester.as_str()),
                table::purpose.eq(check.purpose.as_str()),
                table::category.eq(check.category.as_str()),
                table::state.eq(number(check.state)),
                table::first_actor.eq(check.first.as_ref().map(ActorId::as_str)),
                table::asked_at.eq(check.asked_at.as_millis()),
                table::expires_at.eq(check.expires_at.as_millis()),
            ))
            .execute(self)?;
        Ok(())
    }

    fn change_identity_check(&mut self, check: &StoredIdentityCheck) -> Result<(), StoreError> {
        diesel::update(table::table.find(check.id.as_bytes().as_slice()))
            .set((
                table::state.eq(number(check.state)),
                table::first_actor.eq(check.first.as_ref().map(ActorId::as_str)),
                table::expires_at.eq(check.expires_at.as_millis()),
            ))
            .execute(self)?;
        Ok(())
    }

    fn forget_identity_checks(&mut self, before: Instant) -> Result<(), StoreError> {
        diesel::delete(table::table.filter(table::expires_at.le(before.as_millis()))).execute(self)?;
        Ok(())
    }
}

fn number(state: IdentityCheckState) -> i16 {
    match state {
        IdentityCheckState::Open => 0,
        IdentityCheckState::Confirmed => 1,
        IdentityCheckState::Denied => 2,
    }
}

fn stored(row: Row) -> Result<StoredIdentityCheck, StoreError> {
    Ok(StoredIdentityCheck {
        id: IdentityCheckId::from_bytes(row.id.try_into().map_err(|_| DAMAGED)?),
        handle: Handle::from_bytes(row.handle.try_into().map_err(|_| DAMAGED)?),
        requester: Oin::parse(&row.requester).map_err(|_| DAMAGED)?,
        purpose: Purpose::parse(&row.purpose).map_err(|_| DAMAGED)?,
        category: Category::parse(&row.category).map_err(|_| DAMAGED)?,
        state: match row.state {
            0 => IdentityCheckState::Open,
            1 => IdentityCheckState::Confirmed,
            2 => IdentityCheckState::Denied,
            _ => return Err(DAMAGED),
        },
        first: row.first_actor.map(|actor| ActorId::parse(&actor).map_err(|_| DAMAGED)).transpose()?,
        asked_at: Instant::from_millis(row.asked_at),
        expires_at: Instant::from_millis(row.expires_at),
    })
}

const DAMAGED: StoreError = StoreError::Damaged("identity check");

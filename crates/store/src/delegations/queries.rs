//! The statements of the register of delegations. Compiled once for each backend; `super` says which.

use diesel::prelude::*;
use kw_domain::{ActorId, DelegationId, Instant, Oin};
use kw_protocol::delegation::DelegationScope;

use super::Conn;
use crate::delegations::{DelegationsRead, DelegationsWrite, StoredDelegation};
use crate::error::StoreError;
use crate::schema::delegations as table;

const DAMAGED: StoreError = StoreError::Damaged("delegation");

#[derive(Queryable, Selectable)]
#[diesel(table_name = table)]
struct Row {
    id: Vec<u8>,
    principal: String,
    supplier: String,
    scopes: String,
    requested_at: i64,
    valid_until: i64,
    first_approver: Option<String>,
    second_approver: Option<String>,
    ended_at: Option<i64>,
}

impl DelegationsRead for Conn {
    fn delegation(&mut self, id: DelegationId) -> Result<Option<StoredDelegation>, StoreError> {
        table::table
            .find(id.as_bytes().as_slice())
            .select(Row::as_select())
            .first(self)
            .optional()?
            .map(stored)
            .transpose()
    }

    fn delegations_of(&mut self, party: Oin, limit: u32) -> Result<Vec<StoredDelegation>, StoreError> {
        let rows: Vec<Row> = table::table
            .filter(table::principal.eq(party.as_str()).or(table::supplier.eq(party.as_str())))
            .order(table::id.desc())
            .limit(i64::from(limit))
            .select(Row::as_select())
            .load(self)?;
        rows.into_iter().map(stored).collect()
    }

    fn delegations_between(
        &mut self,
        principal: Oin,
        supplier: Oin,
    ) -> Result<Vec<StoredDelegation>, StoreError> {
        let rows: Vec<Row> = table::table
            .filter(table::principal.eq(principal.as_str()))
            .filter(table::supplier.eq(supplier.as_str()))
            .filter(table::ended_at.is_null())
            .select(Row::as_select())
            .load(self)?;
        rows.into_iter().map(stored).collect()
    }
}

impl DelegationsWrite for Conn {
    fn insert_delegation(&mut self, delegation: &StoredDelegation) -> Result<(), StoreError> {
        let scopes: Vec<_> = delegation.scopes.iter().map(|scope| scope.as_str()).collect();
        diesel::insert_into(table::table)
            .values((
                table::id.eq(delegation.id.as_bytes().as_slice()),
                table::principal.eq(delegation.principal.as_str()),
                table::supplier.eq(delegation.supplier.as_str()),
                table::scopes.eq(scopes.join(" ")),
                table::requested_at.eq(delegation.requested_at.as_millis()),
                table::valid_until.eq(delegation.valid_until.as_millis()),
                table::first_approver.eq(delegation.first_approver.as_ref().map(ActorId::as_str)),
                table::second_approver.eq(delegation.second_approver.as_ref().map(ActorId::as_str)),
                table::ended_at.eq(delegation.ended_at.map(Instant::as_millis)),
            ))
            .execute(self)?;
        Ok(())
    }

    fn update_delegation(&mut self, delegation: &StoredDelegation) -> Result<(), StoreError> {
        diesel::update(table::table.find(delegation.id.as_bytes().as_slice()))
            .set((
                table::first_approver.eq(delegation.first_approver.as_ref().map(ActorId::as_str)),
                table::second_approver.eq(delegation.second_approver.as_ref().map(ActorId::as_str)),
                table::ended_at.eq(delegation.ended_at.map(Instant::as_millis)),
            ))
            .execute(self)?;
        Ok(())
    }
}

fn stored(row: Row) -> Result<StoredDelegation, StoreError> {
    let oin = |text: &str| Oin::parse(text).map_err(|_| DAMAGED);
    let actor =
        |text: Option<String>| text.map(|text| ActorId::parse(&text)).transpose().map_err(|_| DAMAGED);
    let scope = |word: &str| DelegationScope::parse(word).ok_or(DAMAGED);
    Ok(StoredDelegation {
        id: DelegationId::from_bytes(row.id.try_into().map_err(|_| DAMAGED)?),
        principal: oin(&row.principal)?,
        supplier: oin(&row.supplier)?,
        scopes: row.scopes.split(' ').map(scope).collect::<Result<_, _>>()?,
        requested_at: Instant::from_millis(row.requested_at),
        valid_until: Instant::from_millis(row.valid_until),
        first_approver: actor(row.first_approver)?,
        second_approver: actor(row.second_approver)?,
        ended_at: row.ended_at.map(Instant::from_millis),
    })
}

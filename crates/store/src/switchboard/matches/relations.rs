//! The statements of relations between persons. Compiled once for each backend; `super` says which.

use diesel::dsl::exists;
use diesel::prelude::*;
use kw_domain::{Instant, Oin, RelationId, SubjectId};

use super::Conn;
use crate::error::StoreError;
use crate::schema::relations;
use crate::switchboard::matches::StoredRelation;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = relations)]
struct RelationRow {
    id: Vec<u8>,
    one: Vec<u8>,
    other: Vec<u8>,
    kind: String,
    registrar: String,
    declared_at: i64,
}

pub(super) fn relation(conn: &mut Conn, id: RelationId) -> Result<Option<StoredRelation>, StoreError> {
    relations::table
        .find(id.as_bytes().as_slice())
        .select(RelationRow::as_select())
        .first(conn)
        .optional()?
        .map(stored)
        .transpose()
}

/// Each side has its own index.
pub(super) fn relations_of(
    conn: &mut Conn,
    subjects: &[SubjectId],
) -> Result<Vec<StoredRelation>, StoreError> {
    let ids: Vec<&[u8]> = subjects.iter().map(|subject| subject.as_bytes().as_slice()).collect();
    let mut rows: Vec<RelationRow> = Vec::new();
    if let [one] = ids[..] {
        let either = relations::one.eq(one).or(relations::other.eq(one));
        rows.extend(relations::table.filter(either).load::<RelationRow>(conn)?);
    } else {
        for part in ids.chunks(super::switchboard_matches::AT_ONCE) {
            rows.extend(relations::table.filter(relations::one.eq_any(part)).load::<RelationRow>(conn)?);
            rows.extend(relations::table.filter(relations::other.eq_any(part)).load::<RelationRow>(conn)?);
        }
    }
    rows.into_iter().map(stored).collect()
}

pub(super) fn relations_after(
    conn: &mut Conn,
    after: Option<RelationId>,
    limit: u32,
) -> Result<Vec<StoredRelation>, StoreError> {
    let after = after.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
    let rows: Vec<RelationRow> = relations::table
        .filter(relations::id.gt(after))
        .order(relations::id)
        .limit(i64::from(limit))
        .select(RelationRow::as_select())
        .load(conn)?;
    rows.into_iter().map(stored).collect()
}

pub(super) fn insert(conn: &mut Conn, relation: &StoredRelation) -> Result<(), StoreError> {
    let row = RelationRow {
        id: relation.id.as_bytes().to_vec(),
        one: relation.one.as_bytes().to_vec(),
        other: relation.other.as_bytes().to_vec(),
        kind: relation.kind.clone(),
        registrar: relation.registrar.as_str().to_owned(),
        declared_at: relation.declared_at.as_millis(),
    };
    diesel::insert_into(relations::table).values(row).execute(conn)?;
    Ok(())
}

pub(super) fn delete(conn: &mut Conn, id: RelationId) -> Result<(), StoreError> {
    diesel::delete(relations::table.find(id.as_bytes().as_slice())).execute(conn)?;
    Ok(())
}

/// Whether a relation names this subject.
pub(super) fn is_in_a_relation(conn: &mut Conn, subject: &[u8]) -> Result<bool, StoreError> {
    let first = diesel::select(exists(relations::table.filter(relations::one.eq(subject))))
        .get_result::<bool>(conn)?;
    Ok(first
        || diesel::select(exists(relations::table.filter(relations::other.eq(subject))))
            .get_result::<bool>(conn)?)
}

fn stored(row: RelationRow) -> Result<StoredRelation, StoreError> {
    let subject =
        |id: Vec<u8>| id.try_into().map(SubjectId::from_bytes).map_err(|_| StoreError::Damaged("id"));
    Ok(StoredRelation {
        id: row.id.try_into().map(RelationId::from_bytes).map_err(|_| StoreError::Damaged("id"))?,
        one: subject(row.one)?,
        other: subject(row.other)?,
        kind: row.kind,
        registrar: Oin::parse(&row.registrar).map_err(|_| StoreError::Damaged("OIN"))?,
        declared_at: Instant::from_millis(row.declared_at),
    })
}

//! Erasing: record, salt and links go, the leaf stays. Compiled once for each backend; `super` says which.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use kw_domain::Instant;
use kw_ledger::LeafKind;

use super::Conn;
use crate::error::StoreError;
use crate::ledger::{Erased, Links};
use crate::schema::{asked_links, ledger_entries, ledger_erasures, record_links, subject_links};

// SQLite takes at most 32,766 parameters in one statement.
const ROWS_AT_ONCE: usize = 1_000;

/// Entries are erased in the order of the log, so one number says how far it came.
pub(super) fn erase(
    conn: &mut Conn,
    class: LeafKind,
    before: Instant,
    limit: u32,
    links: Links,
) -> Result<Option<Erased>, StoreError> {
    let due = due(conn, class, before, limit)?;
    let (Some(&first), Some(&last)) = (due.first(), due.last()) else { return Ok(None) };
    for part in due.chunks(ROWS_AT_ONCE) {
        match links {
            Links::None => {}
            Links::RecordsAndAsked => {
                diesel::delete(asked_links::table.filter(asked_links::idx.eq_any(part))).execute(conn)?;
                diesel::delete(record_links::table.filter(record_links::idx.eq_any(part))).execute(conn)?;
            }
            Links::Subjects => {
                diesel::delete(subject_links::table.filter(subject_links::idx.eq_any(part))).execute(conn)?;
            }
        }
        diesel::update(ledger_entries::table.filter(ledger_entries::idx.eq_any(part)))
            .set((ledger_entries::salt.eq(None::<&[u8]>), ledger_entries::record.eq(None::<&str>)))
            .execute(conn)?;
    }
    diesel::insert_into(ledger_erasures::table)
        .values((ledger_erasures::kind.eq(class as i16), ledger_erasures::until.eq(last + 1)))
        .on_conflict(ledger_erasures::kind)
        .do_update()
        .set(ledger_erasures::until.eq(last + 1))
        .execute(conn)?;
    Ok(Some(Erased { first: first as u64, last: last as u64, count: due.len() as u64 }))
}

/// The next entries of a class, up to the first that is still to be kept.
fn due(conn: &mut Conn, class: LeafKind, before: Instant, limit: u32) -> Result<Vec<i64>, StoreError> {
    let until: Option<i64> =
        ledger_erasures::table.find(class as i16).select(ledger_erasures::until).first(conn).optional()?;
    let mut next = ledger_entries::table
        .filter(ledger_entries::kind.eq(class as i16))
        .filter(ledger_entries::idx.ge(until.unwrap_or(0)))
        .order(ledger_entries::idx)
        .limit(i64::from(limit))
        .select((ledger_entries::idx, ledger_entries::at))
        .into_boxed();
    if class != LeafKind::Access {
        // The index of the rare kinds has this condition.
        next = next.filter(sql::<Bool>("kind <> 1"));
    }
    let rows: Vec<(i64, i64)> = next.load(conn)?;
    Ok(rows.into_iter().take_while(|(_, at)| *at < before.as_millis()).map(|(index, _)| index).collect())
}

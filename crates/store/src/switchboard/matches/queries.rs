//! The statements of matches. Compiled once for each backend; `super` says which.

use std::collections::{BTreeMap, BTreeSet};

use diesel::dsl::{count_star, exists, max, min, not};
use diesel::prelude::*;
use kw_domain::{Category, Instant, MatchId, Oin, PointerId, RelationId, SubjectId};
use kw_protocol::matching::{MatchKind, MatchState};

use super::{Conn, switchboard_relations as related};
use crate::error::StoreError;
use crate::literal::Active;
use crate::schema::{leases, match_holders, matches, pointers};
use crate::switchboard::matches::{
    About, LivePointer, MatchCount, MatchFilter, MatchesRead, MatchesWrite, StoredMatch, StoredMatchHolder,
    StoredRelation, kind_from, kind_number, state_from, state_number,
};

/// Values of one list in a statement.
pub(super) const AT_ONCE: usize = 1_000;
/// Stored states up to this one wait for contact.
const LAST_WAITING: i16 = 1;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
// None is NULL, not "the default" and not "as it was".
#[diesel(table_name = matches, treat_none_as_null = true, treat_none_as_default_value = false)]
struct MatchRow {
    id: Vec<u8>,
    kind: i16,
    subject: Option<Vec<u8>>,
    other: Option<Vec<u8>>,
    state: i16,
    month: i32,
    categories: String,
    arisen_at: i64,
    contact_by: i64,
    escalated_at: Option<i64>,
    contacted_at: Option<i64>,
    coordinated_at: Option<i64>,
    ended_at: Option<i64>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = match_holders, treat_none_as_default_value = false)]
struct HolderRow {
    match_id: Vec<u8>,
    holder: String,
    joined_at: i64,
    notified_at: Option<i64>,
    contacted_at: Option<i64>,
    left_at: Option<i64>,
}

impl MatchesRead for Conn {
    fn found_match(&mut self, id: MatchId) -> Result<Option<StoredMatch>, StoreError> {
        let rows = matches::table
            .filter(matches::id.eq(id.as_bytes().as_slice()))
            .select(MatchRow::as_select())
            .load(self)?;
        Ok(with_holders(self, rows)?.pop())
    }

    fn found_matches(&mut self, filter: &MatchFilter, limit: u32) -> Result<Vec<StoredMatch>, StoreError> {
        let mut query = matches::table
            .order(matches::id.desc())
            .limit(i64::from(limit))
            .select(MatchRow::as_select())
            .into_boxed();
        if let Some(holder) = filter.holder {
            query = query.filter(exists(
                match_holders::table
                    .filter(match_holders::match_id.eq(matches::id))
                    .filter(match_holders::holder.eq(holder.as_str().to_owned())),
            ));
        }
        if let Some(state) = filter.state {
            query = query.filter(matches::state.eq(state_number(state)));
        }
        match filter.live {
            Some(true) => query = query.filter(matches::ended_at.is_null()),
            Some(false) => query = query.filter(matches::ended_at.is_not_null()),
            None => {}
        }
        if let Some(before) = &filter.before {
            query = query.filter(matches::id.lt(before.as_bytes().to_vec()));
        }
        let rows = query.load(self)?;
        with_holders(self, rows)
    }

    fn live_matches_about(&mut self, subjects: &[SubjectId]) -> Result<Vec<StoredMatch>, StoreError> {
        let mut rows: BTreeMap<Vec<u8>, MatchRow> = BTreeMap::new();
        let mut add = |found: Vec<MatchRow>| rows.extend(found.into_iter().map(|row| (row.id.clone(), row)));
        let live = || matches::table.filter(matches::ended_at.is_null()).select(MatchRow::as_select());
        let ids: Vec<&[u8]> = subjects.iter().map(|subject| subject.as_bytes().as_slice()).collect();
        if let [one] = ids[..] {
            add(live().filter(matches::subject.eq(one).or(matches::other.eq(one))).load(self)?);
        } else {
            for part in ids.chunks(AT_ONCE) {
                add(live().filter(matches::subject.eq_any(part)).load(self)?);
                add(live().filter(matches::other.eq_any(part)).load(self)?);
            }
        }
        with_holders(self, rows.into_values().collect())
    }

    fn ended_match_about(&mut self, about: About, after: Instant) -> Result<Option<StoredMatch>, StoreError> {
        let mut query = matches::table
            .filter(matches::ended_at.gt(after.as_millis()))
            .filter(matches::kind.eq(kind_number(about.kind())))
            .order(matches::ended_at.desc())
            .limit(1)
            .select(MatchRow::as_select())
            .into_boxed();
        match about {
            About::Person(subject) => {
                query = query.filter(matches::subject.eq(subject.as_bytes().to_vec()));
            }
            About::Family(one, other) => {
                query = query
                    .filter(matches::subject.eq(one.as_bytes().to_vec()))
                    .filter(matches::other.eq(other.as_bytes().to_vec()));
            }
        }
        let rows = query.load(self)?;
        Ok(with_holders(self, rows)?.pop())
    }

    fn live_matches_after(
        &mut self,
        after: Option<MatchId>,
        limit: u32,
    ) -> Result<Vec<StoredMatch>, StoreError> {
        let after = after.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
        let rows = matches::table
            .filter(matches::ended_at.is_null())
            .filter(matches::id.gt(after))
            .order(matches::id)
            .limit(i64::from(limit))
            .select(MatchRow::as_select())
            .load(self)?;
        with_holders(self, rows)
    }

    fn uncontacted_matches(&mut self, now: Instant, limit: u32) -> Result<Vec<StoredMatch>, StoreError> {
        let rows = matches::table
            .filter(matches::ended_at.is_null())
            .filter(matches::escalated_at.is_null())
            .filter(matches::state.le(LAST_WAITING))
            .filter(matches::contact_by.le(now.as_millis()))
            .order(matches::contact_by)
            .limit(i64::from(limit))
            .select(MatchRow::as_select())
            .load(self)?;
        with_holders(self, rows)
    }

    fn count_overdue_matches(&mut self, now: Instant) -> Result<u64, StoreError> {
        let number: i64 = matches::table
            .filter(matches::ended_at.is_null())
            .filter(matches::state.le(LAST_WAITING))
            .filter(matches::contact_by.le(now.as_millis()))
            .count()
            .get_result(self)?;
        Ok(number as u64)
    }

    fn live_pointers_of(
        &mut self,
        subjects: &[SubjectId],
        now: Instant,
    ) -> Result<Vec<LivePointer>, StoreError> {
        type Row = (Option<Vec<u8>>, String, String, Vec<u8>);
        let live = || {
            pointers::table
                .inner_join(leases::table.on(leases::holder.eq(pointers::holder)))
                .filter(pointers::state.eq(Active))
                .filter(pointers::valid_until.gt(now.as_millis()))
                .filter(leases::valid_until.gt(now.as_millis()))
                .select((pointers::subject, pointers::holder, pointers::category, pointers::id))
        };
        let ids: Vec<&[u8]> = subjects.iter().map(|subject| subject.as_bytes().as_slice()).collect();
        let mut rows: Vec<Row> = Vec::new();
        if let [one] = ids[..] {
            rows = live().filter(pointers::subject.eq(one)).load(self)?;
        } else {
            for part in ids.chunks(AT_ONCE) {
                rows.extend(live().filter(pointers::subject.eq_any(part)).load::<Row>(self)?);
            }
        }
        rows.into_iter()
            .map(|(subject, holder, category, id)| {
                let subject = subject.ok_or(StoreError::Damaged("subject"))?;
                Ok(LivePointer {
                    subject: SubjectId::from_bytes(sixteen(subject)?),
                    holder: parse_oin(&holder)?,
                    category: parse_category(&category)?,
                    id: PointerId::from_bytes(sixteen(id)?),
                })
            })
            .collect()
    }

    fn held_by_several(
        &mut self,
        categories: &[Category],
        after: Option<SubjectId>,
        limit: u32,
    ) -> Result<Vec<SubjectId>, StoreError> {
        let after = after.map_or_else(Vec::new, |id| id.as_bytes().to_vec());
        let names: Vec<&str> = categories.iter().map(Category::as_str).collect();
        let found: Vec<Option<Vec<u8>>> = pointers::table
            .filter(pointers::state.eq(Active))
            .filter(pointers::subject.gt(after))
            .filter(pointers::category.eq_any(names))
            .group_by(pointers::subject)
            // More than one holder, without counting them.
            .having(min(pointers::holder).ne(max(pointers::holder)))
            .order(pointers::subject)
            .limit(i64::from(limit))
            .select(pointers::subject)
            .load(self)?;
        found.into_iter().flatten().map(|id| sixteen(id).map(SubjectId::from_bytes)).collect()
    }

    fn count_matches(&mut self) -> Result<Vec<MatchCount>, StoreError> {
        let rows: Vec<(i32, i16, String, i64)> = matches::table
            .group_by((matches::month, matches::state, matches::categories))
            .select((matches::month, matches::state, matches::categories, count_star()))
            .load(self)?;
        rows.into_iter()
            .map(|(month, state, categories, count)| {
                Ok(MatchCount {
                    month,
                    state: state_from(state)?,
                    categories: parse_categories(&categories)?,
                    count: count as u64,
                })
            })
            .collect()
    }

    fn relation(&mut self, id: RelationId) -> Result<Option<StoredRelation>, StoreError> {
        related::relation(self, id)
    }

    fn relations_of(&mut self, subjects: &[SubjectId]) -> Result<Vec<StoredRelation>, StoreError> {
        related::relations_of(self, subjects)
    }

    fn relations_after(
        &mut self,
        after: Option<RelationId>,
        limit: u32,
    ) -> Result<Vec<StoredRelation>, StoreError> {
        related::relations_after(self, after, limit)
    }
}

impl MatchesWrite for Conn {
    fn insert_matches(&mut self, new: &[StoredMatch]) -> Result<(), StoreError> {
        for part in new.chunks(AT_ONCE) {
            let rows: Vec<MatchRow> = part.iter().map(row).collect();
            diesel::insert_into(matches::table).values(&rows).execute(self)?;
        }
        let holders: Vec<HolderRow> = new.iter().flat_map(holder_rows).collect();
        insert_holders(self, &holders)
    }

    fn update_match(&mut self, changed: &StoredMatch) -> Result<(), StoreError> {
        let id = changed.id.as_bytes().as_slice();
        diesel::update(matches::table.find(id)).set(row(changed)).execute(self)?;
        // A handful at most: written anew, so that none is forgotten.
        diesel::delete(match_holders::table.filter(match_holders::match_id.eq(id))).execute(self)?;
        insert_holders(self, &holder_rows(changed).collect::<Vec<_>>())
    }

    fn note_match_told(&mut self, holder: Oin, told: &[MatchId], at: Instant) -> Result<(), StoreError> {
        let ids: Vec<&[u8]> = told.iter().map(|id| id.as_bytes().as_slice()).collect();
        for part in ids.chunks(AT_ONCE) {
            let own = match_holders::table
                .filter(match_holders::match_id.eq_any(part))
                .filter(match_holders::holder.eq(holder.as_str()))
                .filter(match_holders::left_at.is_null())
                .filter(match_holders::notified_at.is_null());
            let noted =
                diesel::update(own).set(match_holders::notified_at.eq(Some(at.as_millis()))).execute(self)?;
            if noted == 0 {
                continue;
            }
            let unaware = match_holders::table
                .filter(match_holders::match_id.eq(matches::id))
                .filter(match_holders::left_at.is_null())
                .filter(match_holders::notified_at.is_null());
            let known_to_all = matches::table
                .filter(matches::id.eq_any(part))
                .filter(matches::ended_at.is_null())
                .filter(matches::state.eq(state_number(MatchState::Arisen)))
                .filter(not(exists(unaware)));
            diesel::update(known_to_all)
                .set(matches::state.eq(state_number(MatchState::Notified)))
                .execute(self)?;
        }
        Ok(())
    }

    fn detach_matches(&mut self, ended_before: Instant) -> Result<u64, StoreError> {
        let none: Option<&[u8]> = None;
        let old = matches::table
            .filter(matches::ended_at.lt(ended_before.as_millis()))
            .filter(matches::subject.is_not_null());
        let changed =
            diesel::update(old).set((matches::subject.eq(none), matches::other.eq(none))).execute(self)?;
        Ok(changed as u64)
    }

    fn forget_matches(&mut self, ended_before: Instant) -> Result<u64, StoreError> {
        let old = || matches::table.filter(matches::ended_at.lt(ended_before.as_millis()));
        let holders = match_holders::table.filter(match_holders::match_id.eq_any(old().select(matches::id)));
        diesel::delete(holders).execute(self)?;
        Ok(diesel::delete(old()).execute(self)? as u64)
    }

    fn insert_relation(&mut self, relation: &StoredRelation) -> Result<(), StoreError> {
        related::insert(self, relation)
    }

    fn delete_relation(&mut self, id: RelationId) -> Result<(), StoreError> {
        related::delete(self, id)
    }
}

fn insert_holders(conn: &mut Conn, rows: &[HolderRow]) -> Result<(), StoreError> {
    for part in rows.chunks(AT_ONCE) {
        diesel::insert_into(match_holders::table).values(part).execute(conn)?;
    }
    Ok(())
}

/// Reads the holders of all of them at once.
fn with_holders(conn: &mut Conn, rows: Vec<MatchRow>) -> Result<Vec<StoredMatch>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<&[u8]> = rows.iter().map(|row| row.id.as_slice()).collect();
    let mut holders: BTreeMap<Vec<u8>, Vec<StoredMatchHolder>> = BTreeMap::new();
    let mut found: Vec<HolderRow> = Vec::new();
    if let [one] = ids[..] {
        found = match_holders::table.filter(match_holders::match_id.eq(one)).load(conn)?;
    } else {
        for part in ids.chunks(AT_ONCE) {
            let some = match_holders::table.filter(match_holders::match_id.eq_any(part));
            found.extend(some.load::<HolderRow>(conn)?);
        }
    }
    for row in found {
        holders.entry(row.match_id).or_default().push(StoredMatchHolder {
            holder: parse_oin(&row.holder)?,
            joined_at: Instant::from_millis(row.joined_at),
            notified_at: row.notified_at.map(Instant::from_millis),
            contacted_at: row.contacted_at.map(Instant::from_millis),
            left_at: row.left_at.map(Instant::from_millis),
        });
    }
    rows.into_iter()
        .map(|row| {
            let mut own = holders.remove(&row.id).unwrap_or_default();
            own.sort_by_key(|one| one.holder);
            stored(row, own)
        })
        .collect()
}

fn row(one: &StoredMatch) -> MatchRow {
    let names: Vec<&str> = one.categories.iter().map(Category::as_str).collect();
    let mut subjects = one.about.into_iter().flat_map(About::subjects).map(|id| id.as_bytes().to_vec());
    MatchRow {
        id: one.id.as_bytes().to_vec(),
        kind: kind_number(one.kind),
        subject: subjects.next(),
        other: subjects.next(),
        state: state_number(one.state),
        month: one.month,
        categories: names.join(" "),
        arisen_at: one.arisen_at.as_millis(),
        contact_by: one.contact_by.as_millis(),
        escalated_at: one.escalated_at.map(Instant::as_millis),
        contacted_at: one.contacted_at.map(Instant::as_millis),
        coordinated_at: one.coordinated_at.map(Instant::as_millis),
        ended_at: one.ended_at.map(Instant::as_millis),
    }
}

fn holder_rows(one: &StoredMatch) -> impl Iterator<Item = HolderRow> {
    one.holders.iter().map(|holder| HolderRow {
        match_id: one.id.as_bytes().to_vec(),
        holder: holder.holder.as_str().to_owned(),
        joined_at: holder.joined_at.as_millis(),
        notified_at: holder.notified_at.map(Instant::as_millis),
        contacted_at: holder.contacted_at.map(Instant::as_millis),
        left_at: holder.left_at.map(Instant::as_millis),
    })
}

fn stored(row: MatchRow, holders: Vec<StoredMatchHolder>) -> Result<StoredMatch, StoreError> {
    let kind: MatchKind = kind_from(row.kind)?;
    let state: MatchState = state_from(row.state)?;
    let subject = |id: Option<Vec<u8>>| id.map(|id| sixteen(id).map(SubjectId::from_bytes)).transpose();
    let about = match (subject(row.subject)?, subject(row.other)?) {
        (Some(one), Some(other)) => Some(About::family(one, other)),
        (Some(one), None) => Some(About::Person(one)),
        (None, _) => None,
    };
    Ok(StoredMatch {
        id: MatchId::from_bytes(sixteen(row.id)?),
        kind,
        about,
        state,
        month: row.month,
        categories: parse_categories(&row.categories)?,
        arisen_at: Instant::from_millis(row.arisen_at),
        contact_by: Instant::from_millis(row.contact_by),
        escalated_at: row.escalated_at.map(Instant::from_millis),
        contacted_at: row.contacted_at.map(Instant::from_millis),
        coordinated_at: row.coordinated_at.map(Instant::from_millis),
        ended_at: row.ended_at.map(Instant::from_millis),
        holders,
    })
}

fn parse_categories(text: &str) -> Result<BTreeSet<Category>, StoreError> {
    text.split_whitespace().map(parse_category).collect()
}

fn parse_category(text: &str) -> Result<Category, StoreError> {
    Category::parse(text).map_err(|_| StoreError::Damaged("category"))
}

fn parse_oin(text: &str) -> Result<Oin, StoreError> {
    Oin::parse(text).map_err(|_| StoreError::Damaged("OIN"))
}

fn sixteen(bytes: Vec<u8>) -> Result<[u8; 16], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Damaged("id"))
}

//! The statements of reviews. Compiled once for each backend; `super` says which.

use diesel::prelude::*;
use kw_domain::{
    ActorId, CaseReference, Category, Instant, Oin, Purpose, ReviewId, Role, SubjectId, TransactionId,
};
use kw_protocol::query::RelationBasis;
use kw_protocol::review::Verdict;

use super::Conn;
use crate::error::StoreError;
use crate::schema::reviews;
use crate::switchboard::{ReviewDecision, ReviewFilter, ReviewsRead, ReviewsWrite, StoredReview};

#[derive(Queryable, Selectable)]
#[diesel(table_name = reviews)]
struct ReviewRow {
    id: Vec<u8>,
    subject: Vec<u8>,
    party: String,
    actor: String,
    role: String,
    purpose: String,
    categories: String,
    case_reference: String,
    ground: String,
    reason: String,
    transaction_id: Vec<u8>,
    opened_at: i64,
    due_at: i64,
    escalated_at: Option<i64>,
    verdict: Option<String>,
    reviewer: Option<String>,
    note: Option<String>,
    decided_at: Option<i64>,
}

impl ReviewsRead for Conn {
    fn review(&mut self, id: ReviewId) -> Result<Option<StoredReview>, StoreError> {
        reviews::table
            .find(id.as_bytes().as_slice())
            .select(ReviewRow::as_select())
            .first(self)
            .optional()?
            .map(stored)
            .transpose()
    }

    fn reviews(&mut self, filter: &ReviewFilter, limit: u32) -> Result<Vec<StoredReview>, StoreError> {
        let mut query = reviews::table
            .order(reviews::id)
            .limit(i64::from(limit))
            .select(ReviewRow::as_select())
            .into_boxed();
        if let Some(party) = filter.party {
            query = query.filter(reviews::party.eq(party.as_str().to_owned()));
        }
        if let Some(actor) = &filter.actor {
            query = query.filter(reviews::actor.eq(actor.as_str()));
        }
        match filter.decided {
            Some(true) => query = query.filter(reviews::verdict.is_not_null()),
            Some(false) => query = query.filter(reviews::verdict.is_null()),
            None => {}
        }
        if let Some(verdict) = filter.verdict {
            query = query.filter(reviews::verdict.eq(verdict.code()));
        }
        match filter.escalated {
            Some(true) => query = query.filter(reviews::escalated_at.is_not_null()),
            Some(false) => query = query.filter(reviews::escalated_at.is_null()),
            None => {}
        }
        if let Some(before) = filter.due_before {
            query = query.filter(reviews::due_at.lt(before.as_millis()));
        }
        if let Some(after) = &filter.after {
            query = query.filter(reviews::id.gt(after.as_bytes().as_slice()));
        }
        query.load(self)?.into_iter().map(stored).collect()
    }

    fn overdue_reviews(&mut self, now: Instant, limit: u32) -> Result<Vec<StoredReview>, StoreError> {
        let rows: Vec<ReviewRow> = reviews::table
            .filter(reviews::verdict.is_null())
            .filter(reviews::escalated_at.is_null())
            .filter(reviews::due_at.le(now.as_millis()))
            .order(reviews::due_at)
            .limit(i64::from(limit))
            .select(ReviewRow::as_select())
            .load(self)?;
        rows.into_iter().map(stored).collect()
    }

    fn count_reviews(&mut self) -> Result<(u64, u64), StoreError> {
        let open = reviews::table.filter(reviews::verdict.is_null());
        let waiting: i64 = open.count().get_result(self)?;
        let escalated: i64 = open.filter(reviews::escalated_at.is_not_null()).count().get_result(self)?;
        Ok((waiting as u64, escalated as u64))
    }
}

impl ReviewsWrite for Conn {
    fn open_review(&mut self, review: &StoredReview) -> Result<(), StoreError> {
        let categories: Vec<&str> = review.categories.iter().map(Category::as_str).collect();
        diesel::insert_into(reviews::table)
            .values((
                reviews::id.eq(review.id.as_bytes().as_slice()),
                reviews::subject.eq(review.subject.as_bytes().as_slice()),
                reviews::party.eq(review.party.as_str()),
                reviews::actor.eq(review.actor.as_str()),
                reviews::role.eq(review.role.as_str()),
                reviews::purpose.eq(review.purpose.as_str()),
                reviews::categories.eq(categories.join(" ")),
                reviews::case_reference.eq(review.case.as_str()),
                reviews::ground.eq(review.ground.as_str()),
                reviews::reason.eq(review.reason.as_str()),
                reviews::transaction_id.eq(review.transaction.as_bytes().as_slice()),
                reviews::opened_at.eq(review.opened_at.as_millis()),
                reviews::due_at.eq(review.due_at.as_millis()),
            ))
            .execute(self)?;
        Ok(())
    }

    fn decide_review(&mut self, id: ReviewId, decision: &ReviewDecision) -> Result<bool, StoreError> {
        let waiting = reviews::table.find(id.as_bytes().as_slice()).filter(reviews::verdict.is_null());
        let decided = diesel::update(waiting)
            .set((
                reviews::verdict.eq(decision.verdict.code()),
                reviews::reviewer.eq(decision.reviewer.as_str()),
                reviews::note.eq(decision.note.as_deref()),
                reviews::decided_at.eq(decision.at.as_millis()),
            ))
            .execute(self)?;
        Ok(decided > 0)
    }

    fn escalate_review(&mut self, id: ReviewId, now: Instant) -> Result<bool, StoreError> {
        let waiting = reviews::table
            .find(id.as_bytes().as_slice())
            .filter(reviews::verdict.is_null())
            .filter(reviews::escalated_at.is_null());
        let escalated =
            diesel::update(waiting).set(reviews::escalated_at.eq(now.as_millis())).execute(self)?;
        Ok(escalated > 0)
    }

    fn forget_reviews(&mut self, before: Instant) -> Result<u64, StoreError> {
        let old = reviews::table.filter(reviews::opened_at.lt(before.as_millis()));
        Ok(diesel::delete(old).execute(self)? as u64)
    }
}

fn stored(row: ReviewRow) -> Result<StoredReview, StoreError> {
    let damaged = StoreError::Damaged;
    let decision = match (row.verdict, row.reviewer, row.decided_at) {
        (Some(verdict), Some(reviewer), Some(at)) => Some(ReviewDecision {
            verdict: Verdict::parse(&verdict).ok_or(damaged("verdict"))?,
            reviewer: ActorId::parse(&reviewer).map_err(|_| damaged("reviewer"))?,
            note: row.note,
            at: Instant::from_millis(at),
        }),
        _ => None,
    };
    Ok(StoredReview {
        id: ReviewId::from_bytes(sixteen(row.id)?),
        subject: SubjectId::from_bytes(sixteen(row.subject)?),
        party: Oin::parse(&row.party).map_err(|_| damaged("OIN"))?,
        actor: ActorId::parse(&row.actor).map_err(|_| damaged("actor"))?,
        role: Role::parse(&row.role).map_err(|_| damaged("role"))?,
        purpose: Purpose::parse(&row.purpose).map_err(|_| damaged("purpose"))?,
        categories: row
            .categories
            .split(' ')
            .filter(|one| !one.is_empty())
            .map(|one| Category::parse(one).map_err(|_| damaged("category")))
            .collect::<Result<_, _>>()?,
        case: CaseReference::parse(&row.case_reference).map_err(|_| damaged("case"))?,
        ground: RelationBasis::parse(&row.ground).ok_or(damaged("ground"))?,
        reason: row.reason,
        transaction: TransactionId::from_bytes(sixteen(row.transaction_id)?),
        opened_at: Instant::from_millis(row.opened_at),
        due_at: Instant::from_millis(row.due_at),
        escalated_at: row.escalated_at.map(Instant::from_millis),
        decision,
    })
}

fn sixteen(bytes: Vec<u8>) -> Result<[u8; 16], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Damaged("id"))
}

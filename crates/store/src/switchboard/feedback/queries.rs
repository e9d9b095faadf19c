//! The statements about feedback routes and corrections. Compiled once for each backend; `super` says which.

use diesel::prelude::*;
use kw_domain::{Category, FeedbackId, Instant, Oin, TransactionId};
use kw_protocol::feedback::{FeedbackRoute, FeedbackStatus};

use super::Conn;
use crate::error::StoreError;
use crate::schema::{corrections, feedback_routes as routes, grants_given as grants};
use crate::switchboard::{FeedbackRoutesRead, FeedbackRoutesWrite, GivenGrant, StoredCorrection};

type Route = (Vec<u8>, String, String, String, i64, i16, i64, Option<i64>);
type Correction = (Vec<u8>, String, String, Vec<u8>, String, i64);
type Grant = (Vec<u8>, String, String, String, i16, i64);

impl FeedbackRoutesRead for Conn {
    fn feedback_routes(&mut self, id: FeedbackId) -> Result<Vec<FeedbackRoute>, StoreError> {
        let rows: Vec<Route> = routes::table
            .filter(routes::id.eq(id.as_bytes().as_slice()))
            .order((routes::changed_at.desc(), routes::since.desc()))
            .load(self)?;
        rows.into_iter().map(route).collect()
    }

    fn grants_given(
        &mut self,
        holder: Oin,
        transactions: &[TransactionId],
    ) -> Result<Vec<GivenGrant>, StoreError> {
        let wanted: Vec<&[u8]> = transactions.iter().map(|one| one.as_bytes().as_slice()).collect();
        let rows: Vec<Grant> = grants::table
            .filter(grants::transaction_id.eq_any(wanted))
            .filter(grants::holder.eq(holder.as_str()))
            .load(self)?;
        rows.into_iter().map(grant).collect()
    }

    fn corrections_told(
        &mut self,
        report: FeedbackId,
        holder: Oin,
        transactions: &[TransactionId],
    ) -> Result<Vec<(TransactionId, Oin)>, StoreError> {
        let wanted: Vec<&[u8]> = transactions.iter().map(|one| one.as_bytes().as_slice()).collect();
        let rows: Vec<(Vec<u8>, String)> = corrections::table
            .filter(corrections::transaction_id.eq_any(wanted))
            .filter(corrections::holder.eq(holder.as_str()))
            .filter(corrections::report.eq(report.as_bytes().as_slice()))
            .select((corrections::transaction_id, corrections::recipient))
            .load(self)?;
        let told = |(id, recipient): (Vec<u8>, String)| {
            Ok((transaction(id)?, Oin::parse(&recipient).map_err(|_| DAMAGED)?))
        };
        rows.into_iter().map(told).collect()
    }

    fn correction(
        &mut self,
        recipient: Oin,
        transaction: TransactionId,
    ) -> Result<Option<StoredCorrection>, StoreError> {
        let row: Option<Correction> = corrections::table
            .filter(corrections::transaction_id.eq(transaction.as_bytes().as_slice()))
            .filter(corrections::recipient.eq(recipient.as_str()))
            .order(corrections::corrected_at.desc())
            .first(self)
            .optional()?;
        row.map(correction).transpose()
    }
}

impl FeedbackRoutesWrite for Conn {
    fn store_feedback_route(&mut self, route: &FeedbackRoute, now: Instant) -> Result<(), StoreError> {
        let place = (
            routes::id.eq(route.id.as_bytes().as_slice()),
            routes::holder.eq(route.holder.as_str()),
            routes::reporter.eq(route.reporter.as_str()),
        );
        let values = (
            routes::status.eq(route.status.code()),
            routes::since.eq(route.since.as_millis()),
            routes::overdue.eq(i16::from(route.overdue)),
            routes::changed_at.eq(now.as_millis()),
            routes::annotated_at.eq(route.annotated_at.map(Instant::as_millis)),
        );
        diesel::insert_into(routes::table)
            .values((place, values))
            .on_conflict((routes::id, routes::holder, routes::reporter))
            .do_update()
            .set(values)
            .execute(self)?;
        Ok(())
    }

    fn store_correction(&mut self, correction: &StoredCorrection) -> Result<bool, StoreError> {
        let added = diesel::insert_into(corrections::table)
            .values((
                corrections::transaction_id.eq(correction.transaction.as_bytes().as_slice()),
                corrections::recipient.eq(correction.recipient.as_str()),
                corrections::holder.eq(correction.holder.as_str()),
                corrections::report.eq(correction.report.as_bytes().as_slice()),
                corrections::category.eq(correction.category.as_str()),
                corrections::corrected_at.eq(correction.corrected_at.as_millis()),
            ))
            .on_conflict_do_nothing()
            .execute(self)?;
        Ok(added > 0)
    }

    fn note_grants(&mut self, given: &[GivenGrant]) -> Result<(), StoreError> {
        let rows: Vec<_> = given
            .iter()
            .map(|grant| {
                (
                    grants::transaction_id.eq(grant.transaction.as_bytes().as_slice()),
                    grants::requester.eq(grant.requester.as_str()),
                    grants::holder.eq(grant.holder.as_str()),
                    grants::category.eq(grant.category.as_str()),
                    grants::for_feedback.eq(i16::from(grant.for_feedback)),
                    grants::at.eq(grant.at.as_millis()),
                )
            })
            .collect();
        for part in rows.chunks(ROWS_AT_ONCE) {
            diesel::insert_into(grants::table).values(part.to_vec()).execute(self)?;
        }
        Ok(())
    }

    fn spend_feedback_grant(&mut self, transaction: TransactionId) -> Result<(), StoreError> {
        let spent = grants::table.find(transaction.as_bytes().as_slice());
        diesel::delete(spent.filter(grants::for_feedback.eq(1))).execute(self)?;
        Ok(())
    }

    fn forget_feedback_routes(&mut self, before: Instant) -> Result<(), StoreError> {
        let before = before.as_millis();
        diesel::delete(routes::table.filter(routes::changed_at.lt(before))).execute(self)?;
        diesel::delete(corrections::table.filter(corrections::corrected_at.lt(before))).execute(self)?;
        diesel::delete(grants::table.filter(grants::at.lt(before))).execute(self)?;
        Ok(())
    }
}

fn route(
    (id, holder, reporter, status, since, overdue, _, annotated_at): Route,
) -> Result<FeedbackRoute, StoreError> {
    Ok(FeedbackRoute {
        id: id.try_into().map(FeedbackId::from_bytes).map_err(|_| DAMAGED)?,
        holder: Oin::parse(&holder).map_err(|_| DAMAGED)?,
        reporter: Oin::parse(&reporter).map_err(|_| DAMAGED)?,
        status: FeedbackStatus::parse(&status).ok_or(DAMAGED)?,
        since: Instant::from_millis(since),
        overdue: overdue != 0,
        annotated_at: annotated_at.map(Instant::from_millis),
    })
}

fn correction(
    (transaction, recipient, holder, report, category, corrected_at): Correction,
) -> Result<StoredCorrection, StoreError> {
    Ok(StoredCorrection {
        transaction: self::transaction(transaction)?,
        recipient: Oin::parse(&recipient).map_err(|_| DAMAGED)?,
        holder: Oin::parse(&holder).map_err(|_| DAMAGED)?,
        report: report.try_into().map(FeedbackId::from_bytes).map_err(|_| DAMAGED)?,
        category: Category::parse(&category).map_err(|_| DAMAGED)?,
        corrected_at: Instant::from_millis(corrected_at),
    })
}

fn grant((id, requester, holder, category, for_feedback, at): Grant) -> Result<GivenGrant, StoreError> {
    Ok(GivenGrant {
        transaction: transaction(id)?,
        requester: Oin::parse(&requester).map_err(|_| DAMAGED)?,
        holder: Oin::parse(&holder).map_err(|_| DAMAGED)?,
        category: Category::parse(&category).map_err(|_| DAMAGED)?,
        for_feedback: for_feedback != 0,
        at: Instant::from_millis(at),
    })
}

fn transaction(id: Vec<u8>) -> Result<TransactionId, StoreError> {
    id.try_into().map(TransactionId::from_bytes).map_err(|_| DAMAGED)
}

/// Well below what one statement takes.
const ROWS_AT_ONCE: usize = 200;
const DAMAGED: StoreError = StoreError::Damaged("feedback route");

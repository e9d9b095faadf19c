//! The statements about feedback routes and corrections. Compiled once for each backend; `super` says which.

use diesel::prelude::*;
use kw_domain::{Category, FeedbackId, Instant, Oin, TransactionId};
use kw_protocol::feedback::{FeedbackRoute, FeedbackStatus};

use super::Conn;
use crate::error::StoreError;
use crate::schema::{corrections, feedback_routes as routes};
use crate::switchboard::{FeedbackRoutesRead, FeedbackRoutesWrite, StoredCorrection};

type Route = (Vec<u8>, String, String, String, i64, i16, i64, Option<i64>);
type Correction = (Vec<u8>, String, String, Vec<u8>, String, i64);

impl FeedbackRoutesRead for Conn {
    fn feedback_route(&mut self, id: FeedbackId) -> Result<Option<FeedbackRoute>, StoreError> {
        let row: Option<Route> = routes::table.find(id.as_bytes().as_slice()).first(self).optional()?;
        row.map(route).transpose()
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
        let values = (
            routes::holder.eq(route.holder.as_str()),
            routes::reporter.eq(route.reporter.as_str()),
            routes::status.eq(route.status.code()),
            routes::since.eq(route.since.as_millis()),
            routes::overdue.eq(i16::from(route.overdue)),
            routes::changed_at.eq(now.as_millis()),
            routes::annotated_at.eq(route.annotated_at.map(Instant::as_millis)),
        );
        diesel::insert_into(routes::table)
            .values((routes::id.eq(route.id.as_bytes().as_slice()), values))
            .on_conflict(routes::id)
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

    fn forget_feedback_routes(&mut self, before: Instant) -> Result<(), StoreError> {
        let before = before.as_millis();
        diesel::delete(routes::table.filter(routes::changed_at.lt(before))).execute(self)?;
        diesel::delete(corrections::table.filter(corrections::corrected_at.lt(before))).execute(self)?;
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
        transaction: transaction.try_into().map(TransactionId::from_bytes).map_err(|_| DAMAGED)?,
        recipient: Oin::parse(&recipient).map_err(|_| DAMAGED)?,
        holder: Oin::parse(&holder).map_err(|_| DAMAGED)?,
        report: report.try_into().map(FeedbackId::from_bytes).map_err(|_| DAMAGED)?,
        category: Category::parse(&category).map_err(|_| DAMAGED)?,
        corrected_at: Instant::from_millis(corrected_at),
    })
}

const DAMAGED: StoreError = StoreError::Damaged("feedback route");

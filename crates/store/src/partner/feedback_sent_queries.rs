//! The statements about feedback reports of the partner's own people. Compiled once for each backend; `super` says which.

use diesel::dsl::count_star;
use diesel::prelude::*;
use kw_domain::{Category, FeedbackId, Instant, Oin, TransactionId};
use kw_protocol::feedback::{FeedbackKind, FeedbackOutcome, FeedbackStatus};
use kw_protocol::local::feedback::{FeedbackDelivery, SentSearch};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Conn;
use crate::error::StoreError;
use crate::partner::{FeedbackSentRead, FeedbackSentWrite, SentFeedback, StoredCorrection};
use crate::schema::{corrections_heard, feedback_sent as table};

#[derive(Queryable, Selectable)]
#[diesel(table_name = table)]
struct Row {
    id: Vec<u8>,
    version: i64,
    about: Vec<u8>,
    kind: String,
    holder: String,
    category: String,
    reference: Option<String>,
    pointers: String,
    delivery: String,
    status: Option<String>,
    outcome: Option<String>,
    reason: Option<String>,
    sent_on_by: String,
    must_tell: bool,
    must_look: bool,
    transaction_id: Vec<u8>,
    attempts: i32,
    next_at: Option<i64>,
    queued_at: i64,
    sent_at: i64,
    changed_at: i64,
    claimed_until: Option<i64>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = corrections_heard)]
struct CorrectionRow {
    transaction_id: Vec<u8>,
    holder: Option<String>,
    category: Option<String>,
    corrected_at: Option<i64>,
    next_at: Option<i64>,
    attempts: i32,
    told_at: i64,
    record_idx: Option<i64>,
}

impl FeedbackSentRead for Conn {
    fn feedback_sent(&mut self, id: FeedbackId) -> Result<Option<SentFeedback>, StoreError> {
        let row = table::table.find(id.as_bytes().as_slice()).select(Row::as_select()).first(self);
        row.optional()?.map(stored).transpose()
    }

    fn feedback_sealed(&mut self, id: FeedbackId) -> Result<Option<Vec<u8>>, StoreError> {
        let sealed = table::table.find(id.as_bytes().as_slice()).select(table::sealed).first(self);
        Ok(sealed.optional()?.flatten())
    }

    fn feedback_list(&mut self, search: &SentSearch, limit: u32) -> Result<Vec<SentFeedback>, StoreError> {
        let mut query = table::table.into_boxed();
        if let Some(status) = search.status {
            query = query.filter(table::status.eq(status.code()));
        }
        if let Some(delivery) = search.delivery {
            query = query.filter(table::delivery.eq(delivery.code()));
        }
        if let Some(reference) = &search.reference {
            query = query.filter(table::reference.eq(reference.clone()));
        }
        let rows: Vec<Row> = query
            .order((table::sent_at.desc(), table::id.desc()))
            .limit(limit.into())
            .select(Row::as_select())
            .load(self)?;
        rows.into_iter().map(stored).collect()
    }

    fn feedback_about(&mut self, about: &[u8; 16], limit: u32) -> Result<Vec<SentFeedback>, StoreError> {
        let open = [FeedbackDelivery::Delivered.code(), FeedbackDelivery::Waiting.code()];
        let rows: Vec<Row> = table::table
            .filter(table::about.eq(about.as_slice()))
            .filter(table::delivery.eq_any(open))
            .filter(table::status.is_null().or(table::status.ne_all(over())))
            .order((table::sent_at.desc(), table::id.desc()))
            .limit(limit.into())
            .select(Row::as_select())
            .load(self)?;
        rows.into_iter().map(stored).collect()
    }

    fn feedback_due(&mut self, now: Instant, limit: u32) -> Result<Vec<SentFeedback>, StoreError> {
        let rows: Vec<Row> = table::table
            .filter(table::next_at.le(now.as_millis()))
            .order((table::next_at, table::id))
            .limit(limit.into())
            .select(Row::as_select())
            .load(self)?;
        rows.into_iter().map(stored).collect()
    }

    fn count_feedback_waiting(&mut self) -> Result<u64, StoreError> {
        let waiting = table::table.filter(table::delivery.eq(FeedbackDelivery::Waiting.code()));
        let count: i64 = waiting.select(count_star()).first(self)?;
        Ok(count as u64)
    }

    fn corrections(&mut self, limit: u32) -> Result<Vec<StoredCorrection>, StoreError> {
        let rows: Vec<CorrectionRow> = corrections_heard::table
            .filter(corrections_heard::holder.is_not_null())
            .order((corrections_heard::told_at.desc(), corrections_heard::transaction_id.desc()))
            .limit(limit.into())
            .select(CorrectionRow::as_select())
            .load(self)?;
        rows.into_iter().map(correction).collect()
    }

    fn corrections_due(&mut self, now: Instant, limit: u32) -> Result<Vec<StoredCorrection>, StoreError> {
        let rows: Vec<CorrectionRow> = corrections_heard::table
            .filter(corrections_heard::next_at.le(now.as_millis()))
            .order((corrections_heard::next_at, corrections_heard::transaction_id))
            .limit(limit.into())
            .select(CorrectionRow::as_select())
            .load(self)?;
        rows.into_iter().map(correction).collect()
    }
}

impl FeedbackSentWrite for Conn {
    fn begin_feedback(&mut self, report: &SentFeedback, sealed: &[u8]) -> Result<(), StoreError> {
        diesel::insert_into(table::table)
            .values((
                (
                    table::id.eq(report.id.as_bytes().as_slice()),
                    table::version.eq(report.version as i64),
                    table::about.eq(report.about.as_slice()),
                    table::kind.eq(word(&report.kind)?),
                    table::sealed.eq(sealed),
                    table::sent_at.eq(report.sent_at.as_millis()),
                    table::transaction_id.eq(report.transaction.as_bytes().as_slice()),
                ),
                Changing::of(report)?,
            ))
            .execute(self)?;
        Ok(())
    }

    fn change_feedback_sent(&mut self, report: &SentFeedback, keep_sealed: bool) -> Result<bool, StoreError> {
        let seen = table::table
            .filter(table::id.eq(report.id.as_bytes().as_slice()))
            .filter(table::version.eq(report.version as i64));
        let next = table::version.eq(table::version + 1);
        let changed = if keep_sealed {
            diesel::update(seen).set((Changing::of(report)?, next)).execute(self)?
        } else {
            let emptied = table::sealed.eq(None::<Vec<u8>>);
            diesel::update(seen).set((Changing::of(report)?, next, emptied)).execute(self)?
        };
        Ok(changed == 1)
    }

    fn look_at_feedback(&mut self, id: FeedbackId, now: Instant) -> Result<(), StoreError> {
        let at_the_holder = table::table
            .filter(table::id.eq(id.as_bytes().as_slice()))
            .filter(table::delivery.eq(FeedbackDelivery::Delivered.code()))
            .filter(table::status.is_null().or(table::status.ne_all(over())));
        diesel::update(at_the_holder)
            .set((
                table::must_look.eq(true),
                table::next_at.eq(now.as_millis()),
                table::attempts.eq(0),
                table::version.eq(table::version + 1),
            ))
            .execute(self)?;
        // On its way to another holder, it is looked at when it comes back. The step that is being taken keeps its turn.
        let on_its_way = table::table
            .filter(table::id.eq(id.as_bytes().as_slice()))
            .filter(table::delivery.eq(FeedbackDelivery::Waiting.code()))
            .filter(table::sent_on_by.ne("[]"));
        diesel::update(on_its_way).set(table::must_look.eq(true)).execute(self)?;
        Ok(())
    }

    fn note_correction(&mut self, transaction: TransactionId, now: Instant) -> Result<(), StoreError> {
        diesel::insert_into(corrections_heard::table)
            .values((
                corrections_heard::transaction_id.eq(transaction.as_bytes().as_slice()),
                corrections_heard::next_at.eq(now.as_millis()),
                corrections_heard::attempts.eq(0),
                corrections_heard::told_at.eq(now.as_millis()),
            ))
            .on_conflict_do_nothing()
            .execute(self)?;
        Ok(())
    }

    fn store_correction(&mut self, correction: &StoredCorrection) -> Result<(), StoreError> {
        let (holder, category, at) = match &correction.mended {
            Some((holder, category, at)) => {
                (Some(holder.as_str()), Some(category.as_str()), Some(at.as_millis()))
            }
            None => (None, None, None),
        };
        diesel::update(corrections_heard::table.find(correction.transaction.as_bytes().as_slice()))
            .set((
                corrections_heard::holder.eq(holder),
                corrections_heard::category.eq(category),
                corrections_heard::corrected_at.eq(at),
                corrections_heard::record_idx.eq(correction.record.map(|index| index as i64)),
                corrections_heard::next_at.eq(correction.next_at.map(Instant::as_millis)),
                corrections_heard::attempts.eq(attempts(correction.attempts)),
            ))
            .execute(self)?;
        Ok(())
    }

    fn forget_feedback_sent(&mut self, before: Instant) -> Result<(), StoreError> {
        let moment = before.as_millis();
        let without_end = [FeedbackDelivery::Refused.code(), FeedbackDelivery::GivenUp.code()];
        let old = || table::table.filter(table::changed_at.lt(moment));
        diesel::delete(old().filter(table::delivery.eq_any(without_end))).execute(self)?;
        diesel::delete(old().filter(table::status.eq_any(over()))).execute(self)?;
        diesel::delete(corrections_heard::table.filter(corrections_heard::told_at.lt(moment)))
            .execute(self)?;
        Ok(())
    }
}

/// The columns that change.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = table, treat_none_as_null = true)]
struct Changing {
    holder: String,
    category: String,
    reference: Option<String>,
    pointers: String,
    delivery: &'static str,
    status: Option<String>,
    outcome: Option<String>,
    reason: Option<String>,
    sent_on_by: String,
    must_tell: bool,
    must_look: bool,
    attempts: i32,
    next_at: Option<i64>,
    queued_at: i64,
    changed_at: i64,
    claimed_until: Option<i64>,
}

impl Changing {
    fn of(report: &SentFeedback) -> Result<Self, StoreError> {
        Ok(Self {
            holder: report.holder.as_str().to_owned(),
            category: report.category.as_str().to_owned(),
            reference: report.reference.clone(),
            pointers: json(&report.pointers)?,
            delivery: report.delivery.code(),
            status: report.status.map(|status| status.code().to_owned()),
            outcome: report.outcome.as_ref().map(word).transpose()?,
            reason: report.reason.clone(),
            sent_on_by: json(&report.sent_on_by)?,
            must_tell: report.must_tell,
            must_look: report.must_look,
            attempts: attempts(report.attempts),
            next_at: report.next_at.map(Instant::as_millis),
            queued_at: report.queued_at.as_millis(),
            changed_at: report.changed_at.as_millis(),
            claimed_until: report.claimed_until.map(Instant::as_millis),
        })
    }
}

/// Statuses after which nothing follows.
fn over() -> [&'static str; 3] {
    [FeedbackStatus::InsufficientInformation, FeedbackStatus::Settled, FeedbackStatus::Withdrawn]
        .map(FeedbackStatus::code)
}

fn attempts(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| DAMAGED)
}

/// An enumeration's word on the wire.
fn word(value: &impl Serialize) -> Result<String, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        _ => Err(DAMAGED),
    }
}

fn read<T: DeserializeOwned>(word: String) -> Result<T, StoreError> {
    serde_json::from_value(serde_json::Value::String(word)).map_err(|_| DAMAGED)
}

fn stored(row: Row) -> Result<SentFeedback, StoreError> {
    let id = |bytes: Vec<u8>| <[u8; 16]>::try_from(bytes).map_err(|_| DAMAGED);
    Ok(SentFeedback {
        id: FeedbackId::from_bytes(id(row.id)?),
        version: row.version as u64,
        about: id(row.about)?,
        kind: read::<FeedbackKind>(row.kind)?,
        holder: Oin::parse(&row.holder).map_err(|_| DAMAGED)?,
        category: Category::parse(&row.category).map_err(|_| DAMAGED)?,
        reference: row.reference,
        pointers: serde_json::from_str(&row.pointers).map_err(|_| DAMAGED)?,
        delivery: FeedbackDelivery::parse(&row.delivery).ok_or(DAMAGED)?,
        status: row.status.map(|code| FeedbackStatus::parse(&code).ok_or(DAMAGED)).transpose()?,
        outcome: row.outcome.map(read::<FeedbackOutcome>).transpose()?,
        reason: row.reason,
        sent_on_by: serde_json::from_str(&row.sent_on_by).map_err(|_| DAMAGED)?,
        must_tell: row.must_tell,
        must_look: row.must_look,
        transaction: TransactionId::from_bytes(id(row.transaction_id)?),
        attempts: u32::try_from(row.attempts).map_err(|_| DAMAGED)?,
        next_at: row.next_at.map(Instant::from_millis),
        queued_at: Instant::from_millis(row.queued_at),
        sent_at: Instant::from_millis(row.sent_at),
        changed_at: Instant::from_millis(row.changed_at),
        claimed_until: row.claimed_until.map(Instant::from_millis),
    })
}

fn correction(row: CorrectionRow) -> Result<StoredCorrection, StoreError> {
    let mended = match (row.holder, row.category, row.corrected_at) {
        (Some(holder), Some(category), Some(at)) => Some((
            Oin::parse(&holder).map_err(|_| DAMAGED)?,
            Category::parse(&category).map_err(|_| DAMAGED)?,
            Instant::from_millis(at),
        )),
        _ => None,
    };
    Ok(StoredCorrection {
        transaction: TransactionId::from_bytes(row.transaction_id.try_into().map_err(|_| DAMAGED)?),
        mended,
        record: row.record_idx.map(|index| index as u64),
        next_at: row.next_at.map(Instant::from_millis),
        attempts: u32::try_from(row.attempts).map_err(|_| DAMAGED)?,
        told_at: Instant::from_millis(row.told_at),
    })
}

const DAMAGED: StoreError = StoreError::Damaged("feedback report");

//! The statements about received feedback reports. Compiled once for each backend; `super` says which.

use diesel::dsl::{count_star, max, min, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};
use kw_domain::{AnnotationId, AttachmentId, Category, FeedbackId, Handle, Instant, Oin, SourceName};
use kw_protocol::feedback::{FeedbackSide, FeedbackStatus};

use super::Conn;
use crate::error::StoreError;
use crate::partner::feedback::{kind_from, kind_number, outcome_from, outcome_number};
use crate::partner::{
    FeedbackCounts, FeedbackFilter, FeedbackMessage, FeedbackRead, FeedbackStanding, FeedbackWrite,
    OutboxDepth, StoredAnnotation, StoredAttachment, StoredFeedback,
};
use crate::schema::{
    feedback_annotations as annotations, feedback_attachments as attachments, feedback_outbox as outbox,
    feedback_reports as reports,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = reports)]
struct Row {
    id: Vec<u8>,
    handle: Vec<u8>,
    reporter: String,
    kind: i16,
    category: String,
    source: String,
    digest: Vec<u8>,
    content_sealed: Vec<u8>,
    pointers_sealed: Vec<u8>,
    received_at: i64,
    status: String,
    since: i64,
    handler: String,
    outcome: Option<i16>,
    planned_for: Option<i64>,
    take_up_by: i64,
    taken_up_at: Option<i64>,
    overdue_told: i16,
    is_open: i16,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = annotations)]
struct AnnotationRow {
    report: Vec<u8>,
    number: i32,
    id: Vec<u8>,
    at: i64,
    by_reporter: i16,
    party: String,
    content_sealed: Vec<u8>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = outbox)]
struct MessageRow {
    id: i64,
    report: Vec<u8>,
    message: String,
    queued_at: i64,
}

/// The columns of a standing with their values: the same for a new report and a changed one.
macro_rules! standing {
    ($standing:expr) => {
        (
            reports::status.eq($standing.status.code()),
            reports::since.eq($standing.since.as_millis()),
            reports::handler.eq($standing.handler.as_str().to_owned()),
            reports::outcome.eq($standing.outcome.map(outcome_number)),
            reports::planned_for.eq($standing.planned_for.map(Instant::as_millis)),
            reports::take_up_by.eq($standing.take_up_by.as_millis()),
            reports::taken_up_at.eq($standing.taken_up_at.map(Instant::as_millis)),
            reports::overdue_told.eq(i16::from($standing.overdue_told)),
            reports::is_open.eq(i16::from($standing.is_open)),
        )
    };
}
impl FeedbackRead for Conn {
    fn feedback(&mut self, id: FeedbackId) -> Result<Option<StoredFeedback>, StoreError> {
        let row = reports::table.find(id.as_bytes().as_slice()).select(Row::as_select()).first(self);
        row.optional()?.map(stored).transpose()
    }

    fn feedback_listed(
        &mut self,
        filter: &FeedbackFilter,
        limit: u32,
    ) -> Result<Vec<StoredFeedback>, StoreError> {
        let mut query = reports::table
            .order((reports::received_at, reports::id))
            .limit(i64::from(limit))
            .select(Row::as_select())
            .into_boxed();
        if let Some(status) = filter.status {
            query = query.filter(reports::status.eq(status.code()));
        }
        if let Some(handler) = filter.handler {
            query = query.filter(reports::handler.eq(handler.as_str().to_owned()));
        }
        if let Some((wanted, now)) = filter.overdue {
            let now = now.as_millis();
            // What was taken up is overdue when that came too late; the rest when it comes too late by now.
            query = if wanted {
                query.filter(
                    reports::taken_up_at.is_null().and(reports::take_up_by.le(now)).or(reports::taken_up_at
                        .is_not_null()
                        .and(reports::taken_up_at.assume_not_null().ge(reports::take_up_by))),
                )
            } else {
                query.filter(
                    reports::taken_up_at.is_null().and(reports::take_up_by.gt(now)).or(reports::taken_up_at
                        .is_not_null()
                        .and(reports::taken_up_at.assume_not_null().lt(reports::take_up_by))),
                )
            };
        }
        if let Some((at, id)) = filter.after {
            let (at, id) = (at.as_millis(), id.as_bytes().to_vec());
            query = query
                .filter(reports::received_at.gt(at).or(reports::received_at.eq(at).and(reports::id.gt(id))));
        }
        query.load(self)?.into_iter().map(stored).collect()
    }

    fn doubted_of(&mut self, handle: Handle, limit: u32) -> Result<Vec<(FeedbackId, Vec<u8>)>, StoreError> {
        let rows: Vec<(Vec<u8>, Vec<u8>)> = reports::table
            .filter(reports::handle.eq(handle.as_bytes().as_slice()))
            .filter(reports::is_open.eq(1))
            .limit(i64::from(limit))
            .select((reports::id, reports::pointers_sealed))
            .load(self)?;
        rows.into_iter().map(|(id, sealed)| Ok((report_id(id)?, sealed))).collect()
    }

    fn count_open_feedback(&mut self, handle: Handle, reporter: Oin) -> Result<u64, StoreError> {
        let count: i64 = reports::table
            .filter(reports::handle.eq(handle.as_bytes().as_slice()))
            .filter(reports::reporter.eq(reporter.as_str()))
            .filter(reports::is_open.eq(1))
            .select(count_star())
            .first(self)?;
        Ok(count as u64)
    }

    fn feedback_bytes_of(&mut self, reporter: Oin) -> Result<u64, StoreError> {
        let bytes: Option<i64> = attachments::table
            .inner_join(reports::table)
            .filter(reports::reporter.eq(reporter.as_str()))
            .select(sql::<Nullable<BigInt>>(
                "CAST(sum(length(feedback_attachments.content_sealed)) AS BIGINT)",
            ))
            .first(self)?;
        Ok(bytes.unwrap_or(0) as u64)
    }

    fn feedback_annotations(&mut self, id: FeedbackId) -> Result<Vec<StoredAnnotation>, StoreError> {
        annotations::table
            .filter(annotations::report.eq(id.as_bytes().as_slice()))
            .order(annotations::number)
            .select(AnnotationRow::as_select())
            .load(self)?
            .into_iter()
            .map(annotation)
            .collect()
    }

    fn feedback_attachments(&mut self, id: FeedbackId) -> Result<Vec<(AttachmentId, Vec<u8>)>, StoreError> {
        let rows: Vec<(Vec<u8>, Vec<u8>)> = attachments::table
            .filter(attachments::report.eq(id.as_bytes().as_slice()))
            .order(attachments::number)
            .select((attachments::id, attachments::facts_sealed))
            .load(self)?;
        rows.into_iter().map(|(id, facts)| Ok((attachment_id(id)?, facts))).collect()
    }

    fn feedback_attachment(
        &mut self,
        id: FeedbackId,
        attachment: AttachmentId,
    ) -> Result<Option<StoredAttachment>, StoreError> {
        let row: Option<(Vec<u8>, Vec<u8>, Vec<u8>)> = attachments::table
            .find(attachment.as_bytes().as_slice())
            .filter(attachments::report.eq(id.as_bytes().as_slice()))
            .select((attachments::id, attachments::facts_sealed, attachments::content_sealed))
            .first(self)
            .optional()?;
        row.map(|(id, facts_sealed, content_sealed)| {
            Ok(StoredAttachment { id: attachment_id(id)?, facts_sealed, content_sealed })
        })
        .transpose()
    }

    fn feedback_newly_overdue(
        &mut self,
        now: Instant,
        limit: u32,
    ) -> Result<Vec<StoredFeedback>, StoreError> {
        reports::table
            .filter(reports::overdue_told.eq(0))
            .filter(reports::taken_up_at.is_null())
            .filter(reports::take_up_by.le(now.as_millis()))
            .order(reports::take_up_by)
            .limit(i64::from(limit))
            .select(Row::as_select())
            .load(self)?
            .into_iter()
            .map(stored)
            .collect()
    }

    fn count_feedback(&mut self, now: Instant) -> Result<FeedbackCounts, StoreError> {
        let open: i64 = reports::table.filter(reports::is_open.eq(1)).select(count_star()).first(self)?;
        let overdue: i64 = reports::table
            .filter(reports::taken_up_at.is_null())
            .filter(reports::take_up_by.le(now.as_millis()))
            .select(count_star())
            .first(self)?;
        Ok(FeedbackCounts { open: open as u64, overdue: overdue as u64 })
    }

    fn feedback_messages(&mut self, limit: u32) -> Result<Vec<FeedbackMessage>, StoreError> {
        outbox::table
            .order(outbox::id)
            .limit(i64::from(limit))
            .select(MessageRow::as_select())
            .load(self)?
            .into_iter()
            .map(message)
            .collect()
    }

    fn feedback_messages_waiting(&mut self) -> Result<OutboxDepth, StoreError> {
        let waiting: i64 = outbox::table.select(count_star()).first(self)?;
        let oldest: Option<i64> = outbox::table.select(min(outbox::queued_at)).first(self)?;
        Ok(OutboxDepth { waiting: waiting as u64, oldest: oldest.map(Instant::from_millis) })
    }
}

impl FeedbackWrite for Conn {
    fn receive_feedback(
        &mut self,
        report: &StoredFeedback,
        files: &[StoredAttachment],
    ) -> Result<(), StoreError> {
        diesel::insert_into(reports::table)
            .values((
                (
                    reports::id.eq(report.id.as_bytes().as_slice()),
                    reports::handle.eq(report.handle.as_bytes().as_slice()),
                    reports::reporter.eq(report.reporter.as_str()),
                    reports::kind.eq(kind_number(report.kind)),
                    reports::category.eq(report.category.as_str()),
                    reports::source.eq(report.source.as_str()),
                    reports::digest.eq(report.digest.as_slice()),
                    reports::content_sealed.eq(report.content_sealed.as_slice()),
                    reports::pointers_sealed.eq(report.pointers_sealed.as_slice()),
                    reports::received_at.eq(report.received_at.as_millis()),
                ),
                standing!(report.standing),
            ))
            .execute(self)?;
        for (number, file) in files.iter().enumerate() {
            diesel::insert_into(attachments::table)
                .values((
                    attachments::id.eq(file.id.as_bytes().as_slice()),
                    attachments::report.eq(report.id.as_bytes().as_slice()),
                    attachments::number.eq(number as i32),
                    attachments::facts_sealed.eq(file.facts_sealed.as_slice()),
                    attachments::content_sealed.eq(file.content_sealed.as_slice()),
                ))
                .execute(self)?;
        }
        Ok(())
    }

    fn annotate_feedback(&mut self, annotation: &StoredAnnotation) -> Result<(), StoreError> {
        let report = annotation.report.as_bytes().as_slice();
        let last: Option<i32> = annotations::table
            .filter(annotations::report.eq(report))
            .select(max(annotations::number))
            .first(self)?;
        // Whoever looked at the report before it wrote this holds the log's head, so nobody came in between.
        if last.map_or(0, |last| last as u32 + 1) != annotation.number {
            return Err(StoreError::Damaged("feedback annotation"));
        }
        diesel::insert_into(annotations::table)
            .values((
                annotations::report.eq(report),
                annotations::number.eq(annotation.number as i32),
                annotations::id.eq(annotation.id.as_bytes().as_slice()),
                annotations::at.eq(annotation.at.as_millis()),
                annotations::by_reporter.eq(i16::from(annotation.side == FeedbackSide::Reporter)),
                annotations::party.eq(annotation.party.as_str()),
                annotations::content_sealed.eq(annotation.content_sealed.as_slice()),
            ))
            .execute(self)?;
        Ok(())
    }

    fn change_feedback(&mut self, id: FeedbackId, standing: &FeedbackStanding) -> Result<(), StoreError> {
        diesel::update(reports::table.find(id.as_bytes().as_slice()))
            .set(standing!(standing))
            .execute(self)?;
        Ok(())
    }

    fn queue_feedback_message(&mut self, message: &FeedbackMessage) -> Result<(), StoreError> {
        diesel::insert_into(outbox::table)
            .values((
                outbox::report.eq(message.report.as_bytes().as_slice()),
                outbox::message.eq(message.message.as_str()),
                outbox::queued_at.eq(message.queued_at.as_millis()),
            ))
            .execute(self)?;
        Ok(())
    }

    fn dequeue_feedback_message(&mut self, id: i64) -> Result<(), StoreError> {
        diesel::delete(outbox::table.find(id)).execute(self)?;
        Ok(())
    }

    fn forget_feedback_files(&mut self, id: FeedbackId) -> Result<(), StoreError> {
        diesel::delete(attachments::table.filter(attachments::report.eq(id.as_bytes().as_slice())))
            .execute(self)?;
        Ok(())
    }

    fn forget_ended_files(&mut self, before: Instant, limit: u32) -> Result<u64, StoreError> {
        let ended = FeedbackStatus::ALL.into_iter().filter(|status| status.is_final());
        let ended: Vec<&str> = ended.map(FeedbackStatus::code).collect();
        let found: Vec<Vec<u8>> = reports::table
            .inner_join(attachments::table)
            .filter(reports::status.eq_any(ended))
            .filter(reports::since.lt(before.as_millis()))
            .select(reports::id)
            .distinct()
            .limit(i64::from(limit))
            .load(self)?;
        diesel::delete(attachments::table.filter(attachments::report.eq_any(&found))).execute(self)?;
        Ok(found.len() as u64)
    }

    fn forget_feedback(&mut self, before: Instant, limit: u32) -> Result<u64, StoreError> {
        let ended: Vec<Vec<u8>> = reports::table
            .filter(reports::is_open.eq(0))
            .filter(reports::since.lt(before.as_millis()))
            .limit(i64::from(limit))
            .select(reports::id)
            .load(self)?;
        for id in &ended {
            diesel::delete(attachments::table.filter(attachments::report.eq(id))).execute(self)?;
            diesel::delete(annotations::table.filter(annotations::report.eq(id))).execute(self)?;
            diesel::delete(reports::table.find(id)).execute(self)?;
        }
        Ok(ended.len() as u64)
    }
}

fn stored(row: Row) -> Result<StoredFeedback, StoreError> {
    Ok(StoredFeedback {
        id: report_id(row.id)?,
        handle: row.handle.try_into().map(Handle::from_bytes).map_err(|_| DAMAGED)?,
        reporter: Oin::parse(&row.reporter).map_err(|_| DAMAGED)?,
        kind: kind_from(row.kind)?,
        category: Category::parse(&row.category).map_err(|_| DAMAGED)?,
        source: SourceName::parse(&row.source).map_err(|_| DAMAGED)?,
        digest: row.digest.try_into().map_err(|_| DAMAGED)?,
        content_sealed: row.content_sealed,
        pointers_sealed: row.pointers_sealed,
        received_at: Instant::from_millis(row.received_at),
        standing: FeedbackStanding {
            status: FeedbackStatus::parse(&row.status).ok_or(DAMAGED)?,
            since: Instant::from_millis(row.since),
            handler: Oin::parse(&row.handler).map_err(|_| DAMAGED)?,
            outcome: row.outcome.map(outcome_from).transpose()?,
            planned_for: row.planned_for.map(Instant::from_millis),
            take_up_by: Instant::from_millis(row.take_up_by),
            taken_up_at: row.taken_up_at.map(Instant::from_millis),
            overdue_told: row.overdue_told != 0,
            is_open: row.is_open != 0,
        },
    })
}

fn annotation(row: AnnotationRow) -> Result<StoredAnnotation, StoreError> {
    Ok(StoredAnnotation {
        report: report_id(row.report)?,
        number: row.number as u32,
        id: row.id.try_into().map(AnnotationId::from_bytes).map_err(|_| DAMAGED)?,
        at: Instant::from_millis(row.at),
        side: if row.by_reporter == 0 { FeedbackSide::Holder } else { FeedbackSide::Reporter },
        party: Oin::parse(&row.party).map_err(|_| DAMAGED)?,
        content_sealed: row.content_sealed,
    })
}

fn message(row: MessageRow) -> Result<FeedbackMessage, StoreError> {
    Ok(FeedbackMessage {
        id: row.id,
        report: report_id(row.report)?,
        message: row.message,
        queued_at: Instant::from_millis(row.queued_at),
    })
}

fn report_id(bytes: Vec<u8>) -> Result<FeedbackId, StoreError> {
    bytes.try_into().map(FeedbackId::from_bytes).map_err(|_| DAMAGED)
}

fn attachment_id(bytes: Vec<u8>) -> Result<AttachmentId, StoreError> {
    bytes.try_into().map(AttachmentId::from_bytes).map_err(|_| DAMAGED)
}

const DAMAGED: StoreError = StoreError::Damaged("feedback report");

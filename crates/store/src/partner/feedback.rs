//! Feedback reports (terugmeldingen) that a holder received, and what the switchboard still has to hear of them.

use std::fmt;

use kw_domain::{AnnotationId, AttachmentId, Category, FeedbackId, Handle, Instant, Oin, SourceName};
use kw_protocol::feedback::{FeedbackKind, FeedbackOutcome, FeedbackSide, FeedbackStatus};

use crate::error::StoreError;
use crate::partner::OutboxDepth;

/// A report as it is stored. What it says is sealed. `Debug` shows how it stands.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredFeedback {
    /// Its id, made by the reporter.
    pub id: FeedbackId,
    /// The handle of the record that it is about.
    pub handle: Handle,
    /// Who reported.
    pub reporter: Oin,
    /// Who doubts.
    pub kind: FeedbackKind,
    /// The kind of data.
    pub category: Category,
    /// The source of the record.
    pub source: SourceName,
    /// Keyed digest of what was reported, to know the same report again.
    pub digest: [u8; 16],
    /// What was reported, without its files, sealed.
    pub content_sealed: Vec<u8>,
    /// The doubted pointers alone, sealed: every pull of the record reads them.
    pub pointers_sealed: Vec<u8>,
    /// When it was received.
    pub received_at: Instant,
    /// How it stands.
    pub standing: FeedbackStanding,
}

/// How a report stands: what its annotations say together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedbackStanding {
    /// The status in force.
    pub status: FeedbackStatus,
    /// Since when.
    pub since: Instant,
    /// Who handles it.
    pub handler: Oin,
    /// What came of it.
    pub outcome: Option<FeedbackOutcome>,
    /// When it is meant to be done.
    pub planned_for: Option<Instant>,
    /// It is to be taken up before then.
    pub take_up_by: Instant,
    /// When it was taken up, or ended.
    pub taken_up_at: Option<Instant>,
    /// Whether both sides were told that it was not taken up in time.
    pub overdue_told: bool,
    /// Whether what it doubts is delivered as under investigation.
    pub is_open: bool,
}

impl FeedbackStanding {
    /// Whether the term passed before it was taken up.
    pub fn is_overdue(&self, now: Instant) -> bool {
        self.taken_up_at.unwrap_or(now) >= self.take_up_by
    }
}

impl fmt::Debug for StoredFeedback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredFeedback")
            .field("id", &self.id)
            .field("standing", &self.standing)
            .finish_non_exhaustive()
    }
}

/// One annotation as it is stored. `Debug` leaves out what it says.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredAnnotation {
    /// Of which report.
    pub report: FeedbackId,
    /// Its place, counted from 0.
    pub number: u32,
    /// Its id.
    pub id: AnnotationId,
    /// When.
    pub at: Instant,
    /// Which side.
    pub side: FeedbackSide,
    /// Which party.
    pub party: Oin,
    /// What it says, sealed.
    pub content_sealed: Vec<u8>,
}

impl fmt::Debug for StoredAnnotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredAnnotation")
            .field("report", &self.report)
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

/// One file as it is stored. `Debug` shows its size.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredAttachment {
    /// Its id.
    pub id: AttachmentId,
    /// What it is, sealed.
    pub facts_sealed: Vec<u8>,
    /// Its content, sealed.
    pub content_sealed: Vec<u8>,
}

impl fmt::Debug for StoredAttachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredAttachment")
            .field("id", &self.id)
            .field("size", &self.content_sealed.len())
            .finish_non_exhaustive()
    }
}

/// Which reports are listed, the oldest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FeedbackFilter {
    /// With this status.
    pub status: Option<FeedbackStatus>,
    /// Handled by this holder.
    pub handler: Option<Oin>,
    /// Overdue at this moment, or not.
    pub overdue: Option<(bool, Instant)>,
    /// After this one.
    pub after: Option<(Instant, FeedbackId)>,
}

/// A message to the switchboard that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedbackMessage {
    /// Its number, given by the database.
    pub id: i64,
    /// About which report.
    pub report: FeedbackId,
    /// What to tell, as JSON of the sender's own.
    pub message: String,
    /// When it was queued.
    pub queued_at: Instant,
}

/// How many reports wait for the holder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FeedbackCounts {
    /// Reports that have not ended.
    pub open: u64,
    /// Those among them that were not taken up in time.
    pub overdue: u64,
}

/// Reading reports.
pub trait FeedbackRead {
    /// One report.
    fn feedback(&mut self, id: FeedbackId) -> Result<Option<StoredFeedback>, StoreError>;
    /// Reports, the oldest first.
    fn feedback_listed(
        &mut self,
        filter: &FeedbackFilter,
        limit: u32,
    ) -> Result<Vec<StoredFeedback>, StoreError>;
    /// The sealed pointers of at most `limit` open reports about a record.
    fn doubted_of(&mut self, handle: Handle, limit: u32) -> Result<Vec<(FeedbackId, Vec<u8>)>, StoreError>;
    /// How many open reports a reporter has about a record.
    fn count_open_feedback(&mut self, handle: Handle, reporter: Oin) -> Result<u64, StoreError>;
    /// How many bytes of files a reporter has here, as they are stored.
    fn feedback_bytes_of(&mut self, reporter: Oin) -> Result<u64, StoreError>;
    /// What was said and done about a report, in its order.
    fn feedback_annotations(&mut self, id: FeedbackId) -> Result<Vec<StoredAnnotation>, StoreError>;
    /// The files of a report without their content, in their order.
    fn feedback_attachments(&mut self, id: FeedbackId) -> Result<Vec<(AttachmentId, Vec<u8>)>, StoreError>;
    /// One file of a report.
    fn feedback_attachment(
        &mut self,
        id: FeedbackId,
        attachment: AttachmentId,
    ) -> Result<Option<StoredAttachment>, StoreError>;
    /// At most `limit` reports that are overdue and of which nobody was told so, the most overdue first.
    fn feedback_newly_overdue(&mut self, now: Instant, limit: u32)
    -> Result<Vec<StoredFeedback>, StoreError>;
    /// How many reports wait.
    fn count_feedback(&mut self, now: Instant) -> Result<FeedbackCounts, StoreError>;
    /// At most `limit` messages that wait, oldest first.
    fn feedback_messages(&mut self, limit: u32) -> Result<Vec<FeedbackMessage>, StoreError>;
    /// How many messages wait, and since when.
    fn feedback_messages_waiting(&mut self) -> Result<OutboxDepth, StoreError>;
}

/// Changing reports.
pub trait FeedbackWrite: FeedbackRead {
    /// Adds a report with its files.
    fn receive_feedback(
        &mut self,
        report: &StoredFeedback,
        attachments: &[StoredAttachment],
    ) -> Result<(), StoreError>;
    /// Adds an annotation.
    fn annotate_feedback(&mut self, annotation: &StoredAnnotation) -> Result<(), StoreError>;
    /// Stores how a report stands.
    fn change_feedback(&mut self, id: FeedbackId, standing: &FeedbackStanding) -> Result<(), StoreError>;
    /// Queues a message; its `id` is given by the database.
    fn queue_feedback_message(&mut self, message: &FeedbackMessage) -> Result<(), StoreError>;
    /// Removes a message that was acknowledged.
    fn dequeue_feedback_message(&mut self, id: i64) -> Result<(), StoreError>;
    /// Removes the files of a report.
    fn forget_feedback_files(&mut self, id: FeedbackId) -> Result<(), StoreError>;
    /// Removes the files of at most `limit` reports that ended before a moment; tells of how many reports.
    fn forget_ended_files(&mut self, before: Instant, limit: u32) -> Result<u64, StoreError>;
    /// Removes at most `limit` reports that were open until before a moment, with all that belongs to them; tells how many.
    fn forget_feedback(&mut self, before: Instant, limit: u32) -> Result<u64, StoreError>;
}

pub(crate) fn kind_number(kind: FeedbackKind) -> i16 {
    match kind {
        FeedbackKind::Report => 0,
        FeedbackKind::CorrectionRequest => 1,
    }
}

pub(crate) fn kind_from(number: i16) -> Result<FeedbackKind, StoreError> {
    match number {
        0 => Ok(FeedbackKind::Report),
        1 => Ok(FeedbackKind::CorrectionRequest),
        _ => Err(StoreError::Damaged("feedback kind")),
    }
}

pub(crate) fn outcome_number(outcome: FeedbackOutcome) -> i16 {
    match outcome {
        FeedbackOutcome::Upheld => 0,
        FeedbackOutcome::PartlyUpheld => 1,
        FeedbackOutcome::Rejected => 2,
    }
}

pub(crate) fn outcome_from(number: i16) -> Result<FeedbackOutcome, StoreError> {
    match number {
        0 => Ok(FeedbackOutcome::Upheld),
        1 => Ok(FeedbackOutcome::PartlyUpheld),
        2 => Ok(FeedbackOutcome::Rejected),
        _ => Err(StoreError::Damaged("feedback outcome")),
    }
}

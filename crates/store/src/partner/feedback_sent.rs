//! Feedback reports of the partner's own people, from taking them in until they are forgotten; and what others mended.

use std::fmt;

use kw_domain::{Category, FeedbackId, Instant, Oin, TransactionId};
use kw_protocol::feedback::{FeedbackKind, FeedbackOutcome, FeedbackStatus};
use kw_protocol::local::feedback::{FeedbackDelivery, SentSearch};

use crate::error::StoreError;

/// One report, without what is sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct SentFeedback {
    /// Its name, at the holder too.
    pub id: FeedbackId,
    /// How often it was changed: who changes it says what they saw.
    pub version: u64,
    /// Keyed digest of whom it is about.
    pub about: [u8; 16],
    /// Who doubts.
    pub kind: FeedbackKind,
    /// Where it goes.
    pub holder: Oin,
    /// In which kind of data.
    pub category: Category,
    /// The reporter's own reference.
    pub reference: Option<String>,
    /// Which values: JSON pointers.
    pub pointers: Vec<String>,
    /// How far it has come on its way.
    pub delivery: FeedbackDelivery,
    /// Where it stands at the holder.
    pub status: Option<FeedbackStatus>,
    /// What came of it.
    pub outcome: Option<FeedbackOutcome>,
    /// Why it waits, was refused or given up, or could not be sent on: a code.
    pub reason: Option<String>,
    /// The holders, with their kinds of data, that sent it on before, oldest first.
    pub sent_on_by: Vec<(Oin, Category)>,
    /// The holder that sent it on last is to be told that another took it over.
    pub must_tell: bool,
    /// Its status at the holder is to be asked for.
    pub must_look: bool,
    /// The exchange in which it was taken in.
    pub transaction: TransactionId,
    /// How often the next step was tried in vain.
    pub attempts: u32,
    /// When the next step is due; none when there is nothing to do.
    pub next_at: Option<Instant>,
    /// Until when whoever takes its next step has it for themselves.
    pub claimed_until: Option<Instant>,
    /// Since when it is on its way to this holder.
    pub queued_at: Instant,
    /// When it was taken in.
    pub sent_at: Instant,
    /// When it was last changed.
    pub changed_at: Instant,
}

impl fmt::Debug for SentFeedback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The digest stands for a person as well as a number does.
        f.debug_struct("SentFeedback")
            .field("id", &self.id)
            .field("holder", &self.holder)
            .field("delivery", &self.delivery)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// A pull of one's own in which a value was wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCorrection {
    /// The exchange.
    pub transaction: TransactionId,
    /// Who mended the value, in which kind of data, and when; not yet asked after.
    pub mended: Option<(Oin, Category, Instant)>,
    /// Which record of the own log is about that pull.
    pub record: Option<u64>,
    /// When it is to be asked after; none when it is known, or never will be.
    pub next_at: Option<Instant>,
    /// How often that was tried in vain.
    pub attempts: u32,
    /// When the signal came.
    pub told_at: Instant,
}

/// Reading reports and corrections.
pub trait FeedbackSentRead {
    /// The report with this name.
    fn feedback_sent(&mut self, id: FeedbackId) -> Result<Option<SentFeedback>, StoreError>;
    /// What is sealed with a report, while it may have to be sent again.
    fn feedback_sealed(&mut self, id: FeedbackId) -> Result<Option<Vec<u8>>, StoreError>;
    /// At most `limit` reports, newest first.
    fn feedback_list(&mut self, search: &SentSearch, limit: u32) -> Result<Vec<SentFeedback>, StoreError>;
    /// Reports about one person that are not over, newest first.
    fn feedback_about(&mut self, about: &[u8; 16], limit: u32) -> Result<Vec<SentFeedback>, StoreError>;
    /// Reports with a step that is due, the longest due first.
    fn feedback_due(&mut self, now: Instant, limit: u32) -> Result<Vec<SentFeedback>, StoreError>;
    /// How many reports wait to be delivered.
    fn count_feedback_waiting(&mut self) -> Result<u64, StoreError>;
    /// Corrections that are known, newest first.
    fn corrections(&mut self, limit: u32) -> Result<Vec<StoredCorrection>, StoreError>;
    /// Corrections that are to be asked after now.
    fn corrections_due(&mut self, now: Instant, limit: u32) -> Result<Vec<StoredCorrection>, StoreError>;
}

/// Changing reports and corrections.
pub trait FeedbackSentWrite: FeedbackSentRead {
    /// Adds a report, with what is sealed.
    fn begin_feedback(&mut self, report: &SentFeedback, sealed: &[u8]) -> Result<(), StoreError>;
    /// Stores a report if it still has this version, and gives it the next one. What is sealed goes unless it is to be kept.
    /// `false` when somebody else changed it meanwhile.
    fn change_feedback_sent(&mut self, report: &SentFeedback, keep_sealed: bool) -> Result<bool, StoreError>;
    /// Has a report's status asked for, if it is at the holder and not over, or once it is back from where it is sent on to.
    fn look_at_feedback(&mut self, id: FeedbackId, now: Instant) -> Result<(), StoreError>;
    /// Notes that a value in a pull was wrong; nothing when that is known.
    fn note_correction(&mut self, transaction: TransactionId, now: Instant) -> Result<(), StoreError>;
    /// Stores what is known of a correction.
    fn store_correction(&mut self, correction: &StoredCorrection) -> Result<(), StoreError>;
    /// Deletes reports that were over before a moment, and corrections that were told before then.
    fn forget_feedback_sent(&mut self, before: Instant) -> Result<(), StoreError>;
}

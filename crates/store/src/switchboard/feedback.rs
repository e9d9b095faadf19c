//! Feedback reports as the switchboard knows them, and pulls whose values were corrected since.

use kw_domain::{Category, FeedbackId, Instant, Oin, TransactionId};
use kw_protocol::feedback::FeedbackRoute;

use crate::error::StoreError;

/// A pull in which a value was delivered that was corrected since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCorrection {
    /// The pull's transaction id.
    pub transaction: TransactionId,
    /// Who pulled.
    pub recipient: Oin,
    /// Who delivered, and mended.
    pub holder: Oin,
    /// Because of which report.
    pub report: FeedbackId,
    /// In which kind of data.
    pub category: Category,
    /// When.
    pub corrected_at: Instant,
}

/// A grant that was issued, as far as what is told later is checked against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenGrant {
    /// Its transaction id.
    pub transaction: TransactionId,
    /// Who asked.
    pub requester: Oin,
    /// Whose record it opens.
    pub holder: Oin,
    /// In which kind of data.
    pub category: Category,
    /// Whether it is for a feedback report, and not for a pull.
    pub for_feedback: bool,
    /// When.
    pub at: Instant,
}

/// Reading routes, corrections and grants.
pub trait FeedbackRoutesRead {
    /// Where the reports with this id stand, the last changed first: one for each holder and reporter that has one.
    fn feedback_routes(&mut self, id: FeedbackId) -> Result<Vec<FeedbackRoute>, StoreError>;
    /// The grants among these that were given for the records of a holder.
    fn grants_given(
        &mut self,
        holder: Oin,
        transactions: &[TransactionId],
    ) -> Result<Vec<GivenGrant>, StoreError>;
    /// Those of these pulls of which a recipient was told because of a report.
    fn corrections_told(
        &mut self,
        report: FeedbackId,
        holder: Oin,
        transactions: &[TransactionId],
    ) -> Result<Vec<(TransactionId, Oin)>, StoreError>;
    /// The newest correction of what a recipient got in a pull.
    fn correction(
        &mut self,
        recipient: Oin,
        transaction: TransactionId,
    ) -> Result<Option<StoredCorrection>, StoreError>;
}

/// Changing routes, corrections and grants.
pub trait FeedbackRoutesWrite: FeedbackRoutesRead {
    /// Adds or replaces where a report stands.
    fn store_feedback_route(&mut self, route: &FeedbackRoute, now: Instant) -> Result<(), StoreError>;
    /// Adds a correction; tells whether it was not there yet.
    fn store_correction(&mut self, correction: &StoredCorrection) -> Result<bool, StoreError>;
    /// Notes grants with the record of their question.
    fn note_grants(&mut self, grants: &[GivenGrant]) -> Result<(), StoreError>;
    /// Removes a feedback grant: there is a report under it.
    fn spend_feedback_grant(&mut self, transaction: TransactionId) -> Result<(), StoreError>;
    /// Removes routes that did not change since a moment, and corrections and grants from before it.
    fn forget_feedback_routes(&mut self, before: Instant) -> Result<(), StoreError>;
}

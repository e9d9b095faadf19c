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

/// Reading routes and corrections.
pub trait FeedbackRoutesRead {
    /// Where a report stands.
    fn feedback_route(&mut self, id: FeedbackId) -> Result<Option<FeedbackRoute>, StoreError>;
    /// The newest correction of what a recipient got in a pull.
    fn correction(
        &mut self,
        recipient: Oin,
        transaction: TransactionId,
    ) -> Result<Option<StoredCorrection>, StoreError>;
}

/// Changing routes and corrections.
pub trait FeedbackRoutesWrite: FeedbackRoutesRead {
    /// Adds or replaces where a report stands.
    fn store_feedback_route(&mut self, route: &FeedbackRoute, now: Instant) -> Result<(), StoreError>;
    /// Adds a correction; tells whether it was not there yet.
    fn store_correction(&mut self, correction: &StoredCorrection) -> Result<bool, StoreError>;
    /// Removes routes that did not change since a moment, and corrections from before it.
    fn forget_feedback_routes(&mut self, before: Instant) -> Result<(), StoreError>;
}

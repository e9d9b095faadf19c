//! Feedback reports and corrections, as far as the switchboard has to know.

use kw_domain::{FeedbackId, Oin, TransactionId};
use kw_protocol::feedback::{
    CorrectionReport, CorrectionView, CorrectionsTold, FeedbackRoute, FeedbackStatusReport,
};
use reqwest::Method;

use super::SwitchboardClient;
use crate::ClientError;
use crate::http::{PAGE, SMALL, json};

impl SwitchboardClient {
    /// Tells where a report stands that the own organisation holds. The same twice is once.
    pub async fn tell_feedback_status(
        &self,
        status: &FeedbackStatusReport,
    ) -> Result<FeedbackRoute, ClientError> {
        self.once(json(self.post(&["feedback-statuses"]), status)?, SMALL).await
    }

    /// Where a report stands, for its two parties; the one at this holder, when one id was given to several.
    pub async fn feedback_route(
        &self,
        id: FeedbackId,
        holder: Option<Oin>,
    ) -> Result<FeedbackRoute, ClientError> {
        let id = id.to_string();
        let path = ["v1", "feedback-reports", &id];
        let holder = holder.map(|holder| holder.to_string());
        let asked: Vec<(&str, &str)> = holder.iter().map(|holder| ("holder", holder.as_str())).collect();
        self.repeat(SMALL, || Ok(self.service.request_with(Method::GET, &path, &asked))).await
    }

    /// Has everybody told who received a value that is mended now. The same twice is once.
    pub async fn tell_correction(
        &self,
        correction: &CorrectionReport,
    ) -> Result<CorrectionsTold, ClientError> {
        self.once(json(self.post(&["corrections"]), correction)?, PAGE).await
    }

    /// What was corrected since an own pull.
    pub async fn correction(&self, transaction: TransactionId) -> Result<CorrectionView, ClientError> {
        let transaction = transaction.to_string();
        let path = ["v1", "corrections", &transaction];
        self.repeat(SMALL, || Ok(self.service.request(Method::GET, &path))).await
    }
}

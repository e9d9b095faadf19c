//! Feedback reports: at their holder, and as the holder's own people see them.

use std::time::Duration;

use kw_domain::{AttachmentId, FeedbackId, TransactionId};
use kw_protocol::feedback::{
    AnnotateFeedback, FeedbackAttachment, FeedbackList, FeedbackListed, FeedbackSubmission, FeedbackView,
    NewAnnotation,
};
use reqwest::Method;

use crate::http::{Bound, PAGE, json};
use crate::local::QUESTION;
use crate::{ClientError, HolderClient, LocalClient};

impl HolderClient {
    /// Sends a report under one feedback grant; `transaction` is the grant's. The same report twice is one report.
    pub async fn report_feedback(
        &self,
        submission: &FeedbackSubmission,
        transaction: TransactionId,
    ) -> Result<FeedbackView, ClientError> {
        let request = json(self.service.request(Method::POST, &["v1", "feedback-reports"]), submission)?;
        // Attachments take as long as the line makes them.
        self.service.exchange(request.timeout(UPLOAD), transaction, PAGE).await
    }

    /// An own report as it stands at the holder.
    pub async fn feedback(&self, id: FeedbackId) -> Result<FeedbackView, ClientError> {
        let id = id.to_string();
        let request = self.service.request(Method::GET, &["v1", "feedback-reports", &id]);
        self.service.exchange(request, self.service.context().transaction(), PAGE).await
    }

    /// Says or does something about an own report.
    pub async fn annotate_feedback(
        &self,
        id: FeedbackId,
        annotation: &NewAnnotation,
    ) -> Result<FeedbackView, ClientError> {
        let id = id.to_string();
        let request = self.service.request(Method::POST, &["v1", "feedback-reports", &id, "annotations"]);
        self.service.exchange(json(request, annotation)?, self.service.context().transaction(), PAGE).await
    }
}

impl LocalClient {
    /// Lists the reports that were received.
    pub async fn received_feedback(&self, listed: &FeedbackListed) -> Result<FeedbackList, ClientError> {
        let given = [
            ("status", listed.status.map(|status| status.code().to_owned())),
            ("overdue", listed.overdue.map(|overdue| overdue.to_string())),
            ("limit", listed.limit.map(|limit| limit.to_string())),
            ("cursor", listed.cursor.clone()),
        ];
        let given: Vec<_> = given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        self.get(RECEIVED, &given, PAGE).await
    }

    /// One report that was received.
    pub async fn received_feedback_report(&self, id: FeedbackId) -> Result<FeedbackView, ClientError> {
        self.get(&format!("{RECEIVED}/{id}"), &[], PAGE).await
    }

    /// Says or does something about a report that was received.
    pub async fn annotate_received_feedback(
        &self,
        id: FeedbackId,
        annotation: &AnnotateFeedback,
    ) -> Result<FeedbackView, ClientError> {
        self.post(&format!("{RECEIVED}/{id}/annotations"), annotation, PAGE, QUESTION).await
    }

    /// One file of a report that was received.
    pub async fn received_attachment(
        &self,
        id: FeedbackId,
        attachment: AttachmentId,
    ) -> Result<FeedbackAttachment, ClientError> {
        self.get(&format!("{RECEIVED}/{id}/attachments/{attachment}"), &[], ATTACHMENT).await
    }
}

const RECEIVED: &str = "/v1/feedback-reports/received";
const UPLOAD: Duration = Duration::from_secs(90);
/// All that a report may have attached, in base64.
const ATTACHMENT: Bound = Bound(30 * 1024 * 1024);

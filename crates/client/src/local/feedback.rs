//! Feedback reports of the partner's own people.

use std::time::Duration;

use kw_domain::FeedbackId;
use kw_protocol::feedback::AnnotateFeedback;
use kw_protocol::local::feedback::{
    Corrections, FeedbackRequest, SentReport, SentReports, SentSearch, WithdrawReport,
};

use super::{LocalClient, QUESTION};
use crate::ClientError;
use crate::http::PAGE;

impl LocalClient {
    /// Doubts a value at a holder.
    pub async fn report_feedback(&self, request: &FeedbackRequest) -> Result<SentReport, ClientError> {
        self.post("/v1/feedback-reports", request, PAGE, SENDING).await
    }

    /// Lists reports of the own people, newest first.
    pub async fn sent_feedback(&self, search: &SentSearch) -> Result<SentReports, ClientError> {
        let mut given = Vec::new();
        given.extend(search.status.map(|status| ("status", status.code().to_owned())));
        given.extend(search.delivery.map(|delivery| ("delivery", delivery.code().to_owned())));
        given.extend(search.reference.clone().map(|reference| ("reference", reference)));
        given.extend(search.limit.map(|limit| ("limit", limit.to_string())));
        self.get("/v1/feedback-reports/sent", &given, PAGE).await
    }

    /// One report, as its holder has it now.
    pub async fn sent_report(&self, id: FeedbackId) -> Result<SentReport, ClientError> {
        self.get(&format!("/v1/feedback-reports/sent/{id}"), &[], PAGE).await
    }

    /// Takes a report back.
    pub async fn withdraw_report(
        &self,
        id: FeedbackId,
        request: &WithdrawReport,
    ) -> Result<SentReport, ClientError> {
        self.post(&format!("/v1/feedback-reports/sent/{id}/_withdraw"), request, PAGE, QUESTION).await
    }

    /// Says something more about a report to its holder.
    pub async fn annotate_report(
        &self,
        id: FeedbackId,
        request: &AnnotateFeedback,
    ) -> Result<SentReport, ClientError> {
        self.post(&format!("/v1/feedback-reports/sent/{id}/annotations"), request, PAGE, QUESTION).await
    }

    /// The own pulls in which a value was wrong.
    pub async fn corrections(&self) -> Result<Corrections, ClientError> {
        self.get("/v1/corrections", &[], PAGE).await
    }
}

/// Attachments take their time.
const SENDING: Duration = Duration::from_mins(2);

//! What the switchboard is told: between whom a report is and where it stands, and whom a correction concerns.

use kw_domain::{Category, FeedbackId, Instant, Oin, TransactionId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::FeedbackStatus;

/// A holder tells the switchboard where a report stands, and that something was said about it: `POST /v1/feedback-statuses`. Both sides
/// get a signal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FeedbackStatusReport {
    /// Which report.
    #[schema(value_type = String)]
    pub id: FeedbackId,
    /// Who reported.
    #[schema(value_type = String)]
    pub reporter: Oin,
    /// Where it stands.
    pub status: FeedbackStatus,
    /// Since when.
    #[schema(value_type = String)]
    pub since: Instant,
    /// The holder did not take it up in time.
    #[serde(default)]
    pub overdue: bool,
    /// When something was last said about it: what is said without another status is heard of too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub annotated_at: Option<Instant>,
    /// The transaction id of the feedback grant that it was received under: the switchboard asks for it the first time that it hears of a
    /// report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub transaction: Option<TransactionId>,
}

impl FeedbackStatusReport {
    /// Where the report stands, as this holder tells it.
    pub fn told_by(self, holder: Oin) -> FeedbackRoute {
        let Self { id, reporter, status, since, overdue, annotated_at, transaction: _ } = self;
        FeedbackRoute { id, holder, reporter, status, since, overdue, annotated_at }
    }
}

/// Which of the reports with one id is meant: the parameters of `GET /v1/feedback-reports/{id}` at the switchboard.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteAsked {
    /// The one at this holder; the one that changed last without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<Oin>,
}

/// What the switchboard knows of a report: `GET /v1/feedback-reports/{id}` there, for its two parties.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FeedbackRoute {
    /// Which report.
    #[schema(value_type = String)]
    pub id: FeedbackId,
    /// Who holds the record: ask there what it is about.
    #[schema(value_type = String)]
    pub holder: Oin,
    /// Who reported.
    #[schema(value_type = String)]
    pub reporter: Oin,
    /// Where it stands.
    pub status: FeedbackStatus,
    /// Since when.
    #[schema(value_type = String)]
    pub since: Instant,
    /// The holder did not take it up in time.
    #[serde(default)]
    pub overdue: bool,
    /// When something was last said about it; what was said, the holder knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub annotated_at: Option<Instant>,
}

/// A holder has everybody told who received a value that was wrong: `POST /v1/corrections` at the switchboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CorrectionReport {
    /// Because of which report.
    #[schema(value_type = String)]
    pub report: FeedbackId,
    /// In which kind of data.
    #[schema(value_type = String)]
    pub category: Category,
    /// Who received it, and in which pull: 1 to 200.
    pub received: Vec<ReceivedBy>,
}

/// One pull in which a wrong value was delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReceivedBy {
    /// Who pulled.
    #[schema(value_type = String)]
    pub recipient: Oin,
    /// The transaction id of the pull.
    #[schema(value_type = String)]
    pub transaction: TransactionId,
}

/// What came of a [`CorrectionReport`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CorrectionsTold {
    /// How many pulls were told of by this call; those of before are not told of again.
    pub told: u64,
}

/// What a recipient is told: `GET /v1/corrections/{transaction}` at the switchboard. The value itself is asked anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CorrectionView {
    /// The recipient's own pull: its records say about whom that was.
    #[schema(value_type = String)]
    pub transaction: TransactionId,
    /// Who mended the value.
    #[schema(value_type = String)]
    pub holder: Oin,
    /// In which kind of data.
    #[schema(value_type = String)]
    pub category: Category,
    /// When.
    #[schema(value_type = String)]
    pub corrected_at: Instant,
}

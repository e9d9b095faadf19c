//! What the partner's own people send and read about reports, over the local API.

use std::fmt;

use kw_domain::{Category, FeedbackId, Instant, Oin, SourceName};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AttachmentView, FeedbackKind, FeedbackOutcome, FeedbackStatus, NewAnnotation};
use crate::query::Actor;

/// Somebody says or does something about a report: `POST …/annotations` of the local API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AnnotateFeedback {
    /// Who.
    pub actor: Actor,
    /// What.
    pub annotation: NewAnnotation,
}

/// Which received reports are listed: the parameters of `GET /v1/feedback-reports/received`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FeedbackListed {
    /// Only with this status. With `reported` only those that are this holder's to handle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<FeedbackStatus>,
    /// Only those that were not taken up in time, or only the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overdue: Option<bool>,
    /// At most so many, 1 to 200; 50 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// What the page before gave as `nextCursor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Received reports, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FeedbackList {
    /// The reports.
    pub reports: Vec<FeedbackSummary>,
    /// Where the next page begins; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// One received report without what it says about a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FeedbackSummary {
    /// Which one.
    #[schema(value_type = String)]
    pub id: FeedbackId,
    /// Who doubts.
    pub kind: FeedbackKind,
    /// Who reported.
    #[schema(value_type = String)]
    pub reporter: Oin,
    /// The kind of data.
    #[schema(value_type = String)]
    pub category: Category,
    /// The source that the record is in.
    #[schema(value_type = String)]
    pub source: SourceName,
    /// The status in force.
    pub status: FeedbackStatus,
    /// Which other holder took it over: it is handled there, and nothing is to be done about it here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub handler: Option<Oin>,
    /// What came of it, once settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<FeedbackOutcome>,
    /// When it was received.
    #[schema(value_type = String)]
    pub received_at: Instant,
    /// It is to be taken up before then.
    #[schema(value_type = String)]
    pub take_up_by: Instant,
    /// Whether that moment passed before it was taken up.
    pub overdue: bool,
    /// When it is meant to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub planned_for: Option<Instant>,
}

/// How many received reports wait: part of `GET /v1/status`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FeedbackWaiting {
    /// Reports that are not settled.
    pub open: u64,
    /// Those that nobody took up in time.
    pub overdue: u64,
    /// Messages about reports that the switchboard does not have yet.
    pub untold: u64,
}

/// One file of a report with its content, for the holder's own people. `Debug` shows its size only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FeedbackAttachment {
    /// What it is.
    #[serde(flatten)]
    pub view: AttachmentView,
    /// The content, in base64 with padding.
    pub content: String,
}

impl fmt::Debug for FeedbackAttachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FeedbackAttachment").field(&self.view).finish()
    }
}

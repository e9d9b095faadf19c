//! A report as both sides see it.

use std::fmt;

use kw_domain::{Category, FeedbackId, Instant, Oin, SourceName};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Annotation, AttachmentView, DoubtedAttribute, FeedbackKind, FeedbackOutcome, FeedbackStatus};
use crate::dossier::Party;

/// A report as both sides may see it, without the content of its attachments. `Debug` shows no content.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FeedbackView {
    /// Which report.
    #[schema(value_type = String)]
    pub id: FeedbackId,
    /// Who doubts.
    pub kind: FeedbackKind,
    /// The reporter's own reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Who reported.
    pub reporter: Party,
    /// Who holds the record.
    pub holder: Party,
    /// Who handles it: the holder, or the one that took it over.
    pub handler: Party,
    /// The kind of data.
    #[schema(value_type = String)]
    pub category: Category,
    /// The source at the holder; the holder's own people see it only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub source: Option<SourceName>,
    /// Which values.
    pub attributes: Vec<DoubtedAttribute>,
    /// When the reporter saw it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub observed_at: Option<Instant>,
    /// The holder that sent the reporter on to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub sent_on_by: Option<Oin>,
    /// The status in force: that of the newest annotation that sets one.
    pub status: FeedbackStatus,
    /// What came of it, once settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<FeedbackOutcome>,
    /// When it was received.
    #[schema(value_type = String)]
    pub received_at: Instant,
    /// The holder takes it up or settles it before then.
    #[schema(value_type = String)]
    pub take_up_by: Instant,
    /// Whether that moment passed before it was taken up.
    pub overdue: bool,
    /// When the holder means to have done it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub planned_for: Option<Instant>,
    /// What was said and done, oldest first: to begin with the report itself, with its explanation as the note and the
    /// reporter's contact. Nothing is ever changed or taken away.
    pub annotations: Vec<Annotation>,
    /// The files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<AttachmentView>,
}

impl fmt::Debug for FeedbackView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeedbackView")
            .field("id", &self.id)
            .field("status", &self.status)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

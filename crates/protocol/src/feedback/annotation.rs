//! What is said and done about a report. Nothing is ever changed or taken away.

use std::fmt;

use kw_domain::{AnnotationId, Instant, Oin};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{FeedbackContact, FeedbackOutcome, FeedbackSide, FeedbackStatus};

/// One thing that was said or done about a report. `Debug` leaves the words out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Annotation {
    /// Which one.
    #[schema(value_type = String)]
    pub id: AnnotationId,
    /// When.
    #[schema(value_type = String)]
    pub at: Instant,
    /// Which side.
    pub side: FeedbackSide,
    /// Which party.
    #[schema(value_type = String)]
    pub party: Oin,
    /// What it says.
    #[serde(flatten)]
    pub content: NewAnnotation,
}

impl fmt::Debug for Annotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Annotation")
            .field("id", &self.id)
            .field("side", &self.side)
            .field("status", &self.content.status)
            .finish_non_exhaustive()
    }
}

/// Says or does something about a report: `POST /v1/feedback-reports/{id}/annotations`, at the holder. At least one field.
/// `Debug` leaves the words out.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewAnnotation {
    /// Another status; only what may follow, by whom it may be set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<FeedbackStatus>,
    /// What came of it: with `settled`, and with nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<FeedbackOutcome>,
    /// In their own words; required with an outcome that is not `upheld`, and with `insufficient-information`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When it will be done: with `planned`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub planned_for: Option<Instant>,
    /// Who should handle it (behandelende bronhouder): with `wrong-holder`; who took it over: with `reported`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub handler: Option<Oin>,
    /// Who can be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<FeedbackContact>,
}

impl fmt::Debug for NewAnnotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewAnnotation")
            .field("status", &self.status)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

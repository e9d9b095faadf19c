//! Objections to statutory registrations (verzet tegen een wettelijke registratie): `/v1/objections…` at the switchboard.
//!
//! For a statutory task consent is not the ground. A person may object to being found there; the holder decides, with
//! reasons and within a term.

use kw_domain::{Category, Instant, ObjectionId, Oin, PointerId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::consent::{Declaration, GivenBy};
use crate::pointer::SubjectElement;
use crate::query::Actor;

/// Where an objection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ObjectionState {
    /// It waits for the holder's decision.
    Received,
    /// The registration stays.
    Rejected,
    /// The person is not found there any more.
    Upheld,
}

impl ObjectionState {
    /// All of them, in alphabetical order.
    pub const ALL: [Self; 3] = [Self::Received, Self::Rejected, Self::Upheld];

    /// The state as it stands in messages and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Rejected => "rejected",
            Self::Upheld => "upheld",
        }
    }
}

/// What the holder decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ObjectionVerdict {
    /// The registration stays.
    Rejected,
    /// The person is not found there any more.
    Upheld,
}

impl ObjectionVerdict {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Rejected, Self::Upheld];

    /// The verdict as it stands in messages and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Upheld => "upheld",
        }
    }

    /// The verdict with this word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

/// Why a person objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectionReason {
    /// What is registered is wrong.
    Incorrect,
    /// It is not needed, or not any more.
    NotNecessary,
    /// Because of the person's own situation (GDPR art. 21).
    PersonalSituation,
    /// There is no ground for it.
    Unlawful,
}

impl ObjectionReason {
    /// All of them, in alphabetical order.
    pub const ALL: [Self; 4] = [Self::Incorrect, Self::NotNecessary, Self::PersonalSituation, Self::Unlawful];

    /// The reason as it stands in messages and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Incorrect => "incorrect",
            Self::NotNecessary => "not-necessary",
            Self::PersonalSituation => "personal-situation",
            Self::Unlawful => "unlawful",
        }
    }

    /// The reason with this word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

/// Objects to being found at one holder in one category. It is taken in whether or not that holder has registered anything:
/// whoever sends it does not learn that.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubmitObjection {
    /// Who objects.
    pub subject: SubjectElement,
    /// To being found at this holder.
    #[schema(value_type = String)]
    pub holder: Oin,
    /// In this kind of data.
    #[schema(value_type = String)]
    pub category: Category,
    /// Who made it known.
    pub declared: Declaration,
    /// Why.
    pub reason: ObjectionReason,
}

/// The holder's decision.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DecideObjection {
    /// What was decided.
    pub verdict: ObjectionVerdict,
    /// Why, in words for the person. Never any data about the person.
    pub reasons: String,
    /// Who decided.
    pub actor: Actor,
}

/// Asks for objections: a holder for those to its own registrations, a registrar for those of one person.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SearchObjections {
    /// The person; left out by a holder that asks for its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectElement>,
    /// Those that are decided as well.
    #[serde(default)]
    pub decided: bool,
    /// Only those after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub after: Option<ObjectionId>,
}

/// One objection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Objection {
    /// The register's name for it.
    #[schema(value_type = String)]
    pub id: ObjectionId,
    /// To being found at this holder.
    #[schema(value_type = String)]
    pub holder: Oin,
    /// In this kind of data.
    #[schema(value_type = String)]
    pub category: Category,
    /// Who made it known.
    pub given_by: GivenBy,
    /// Why.
    pub reason: ObjectionReason,
    /// Where it is.
    pub state: ObjectionState,
    /// When it came in.
    #[schema(value_type = String)]
    pub received_at: Instant,
    /// The organisation that sent it.
    #[schema(value_type = String)]
    pub received_by: Oin,
    /// To be decided by then.
    #[schema(value_type = String)]
    pub due_at: Instant,
    /// When it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub decided_at: Option<Instant>,
    /// Why it was decided so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasons: Option<String>,
    /// The holder's own pointers that it is about, as they were found or, when it was upheld, ended. Told to the holder only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub pointers: Vec<PointerId>,
}

/// One page of objections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Objections {
    /// Oldest first.
    pub objections: Vec<Objection>,
}

//! The drafts of what the chain agrees about authority: suppliers, operators, review, consent, alarms, policy.

use serde::{Deserialize, Serialize};

use super::is_default;

/// `[[suppliers]]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SupplierDraft {
    /// Its OIN.
    pub oin: String,
    /// Its name.
    pub name: String,
    /// Where it can be reached.
    pub contact: String,
}

/// `[[operators]]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorDraft {
    /// Kebab-case.
    pub name: String,
    /// The public key of their approvals: 32 bytes in unpadded base64url.
    pub key: String,
}

/// `[review]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewDraft {
    /// Roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reviewers: Vec<String>,
    /// A length of time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub motivated_within: Option<String>,
    /// A length of time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency_within: Option<String>,
}

/// `[consent]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentDraft {
    /// OINs of partners.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub registrars: Vec<String>,
    /// Roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub professionals: Vec<String>,
    /// A length of time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_valid: Option<String>,
    /// A length of time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objection_within: Option<String>,
}

/// `[alarms]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlarmsDraft {
    /// A length of time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<String>,
    /// Fewer questions raise no alarm by their misses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least_questions: Option<u64>,
    /// More misses in a hundred questions raise an alarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_misses_percent: Option<u64>,
    /// More questions raise an alarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_questions: Option<u64>,
    /// More questions under one case reference raise an alarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_per_case: Option<u64>,
}

/// `[match]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatchingDraft {
    /// OINs of partners.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coordinators: Vec<String>,
    /// Working days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_within: Option<u64>,
    /// OINs of partners.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub registrars: Vec<String>,
}

/// `[feedback]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedbackDraft {
    /// Working days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub take_up_within: Option<u64>,
}

/// `[policy]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyDraft {
    /// The chain's own rules.
    pub rego: String,
}

impl ReviewDraft {
    pub(super) fn is_empty(&self) -> bool {
        is_default(self)
    }
}

impl ConsentDraft {
    pub(super) fn is_empty(&self) -> bool {
        is_default(self)
    }
}

impl AlarmsDraft {
    pub(super) fn is_empty(&self) -> bool {
        is_default(self)
    }
}

impl MatchingDraft {
    pub(super) fn is_empty(&self) -> bool {
        is_default(self)
    }
}

impl FeedbackDraft {
    pub(super) fn is_empty(&self) -> bool {
        is_default(self)
    }
}

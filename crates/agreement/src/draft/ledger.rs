//! The drafts of what the chain agrees about ledgers and who watches them.

use serde::{Deserialize, Serialize};

use super::is_false;

/// `[ledger]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerDraft {
    /// How many partners must have cosigned the switchboard's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness_quorum: Option<u64>,
    /// `chain` or `anyone`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_access: Option<String>,
    /// `[ledger.retention]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<RetentionDraft>,
    /// `[ledger.office_hours]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office_hours: Option<OfficeHoursDraft>,
}

impl LedgerDraft {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// `[ledger.retention]`: terms of the calendar.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionDraft {
    /// Of accesses, changes and grants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<String>,
    /// Of changes of keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<String>,
    /// Of versions of the agreement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<String>,
}

/// `[ledger.office_hours]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficeHoursDraft {
    /// `HH:MM`.
    pub from: String,
    /// `HH:MM`.
    pub until: String,
}

/// `[subject_access]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectAccessDraft {
    /// OINs of the partners that may gather an access report.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partners: Vec<String>,
    /// Whether the report names staff.
    #[serde(default, skip_serializing_if = "is_false")]
    pub staff_names: bool,
    /// The purpose of a person's own question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
}

impl SubjectAccessDraft {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// `[[auditors]]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditorDraft {
    /// Its OIN.
    pub oin: String,
    /// Its name.
    pub name: String,
    /// Where it can be reached.
    pub contact: String,
    /// `auditor` or `data-protection-officer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

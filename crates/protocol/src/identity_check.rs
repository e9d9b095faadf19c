//! The two-person route at a holder: is it the same person, where birth dates cannot tell? Part of the local API.

use kw_domain::{Category, IdentityCheckId, Instant, Oin, Purpose};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::query::Actor;

/// A pull that was refused because a birth date is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IdentityCheck {
    /// Its name.
    #[schema(value_type = String)]
    pub id: IdentityCheckId,
    /// The category of the record.
    #[schema(value_type = String)]
    pub category: Category,
    /// Which source has the record, and the source's own key of it; absent when the record is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<CheckedRecord>,
    /// Who pulled.
    #[schema(value_type = String)]
    pub requester: Oin,
    /// For what.
    #[schema(value_type = String)]
    pub purpose: Purpose,
    /// How far it has come.
    pub status: IdentityCheckStatus,
    /// When the pull was refused.
    #[schema(value_type = String)]
    pub asked_at: Instant,
    /// Until then it can be decided, or counts.
    #[schema(value_type = String)]
    pub expires_at: Instant,
}

/// A record at a source of the holder.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckedRecord {
    /// The source.
    pub source: String,
    /// The source's own key.
    pub key: String,
}

impl std::fmt::Debug for CheckedRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A key of a record leads to a person.
        f.debug_struct("CheckedRecord").field("source", &self.source).finish_non_exhaustive()
    }
}

/// How far a check has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IdentityCheckStatus {
    /// Nobody looked yet.
    Open,
    /// One person confirmed.
    ConfirmedOnce,
    /// Two people confirmed: the same requester's next pull about this record is delivered.
    Confirmed,
    /// Somebody denied it.
    Denied,
}

impl IdentityCheckStatus {
    /// The status as it is shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::ConfirmedOnce => "confirmed-once",
            Self::Confirmed => "confirmed",
            Self::Denied => "denied",
        }
    }
}

/// One person's word: `POST /v1/identity-checks/{id}/confirmations`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IdentityConfirmation {
    /// Who says so.
    pub actor: Actor,
    /// What.
    pub verdict: IdentityVerdict,
    /// What it rests on.
    pub evidence: IdentityEvidence,
}

/// What one person says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IdentityVerdict {
    /// The requester means the person of the record.
    SamePerson,
    /// The requester means somebody else, or it cannot be told.
    OtherPerson,
}

/// What a person's word rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IdentityEvidence {
    /// The requester was called, on a number known before.
    AskerCalled,
    /// An identity document was seen.
    DocumentSeen,
    /// The population register was consulted.
    RegisterConsulted,
}

impl IdentityEvidence {
    /// All of them, in alphabetical order.
    pub const ALL: [Self; 3] = [Self::AskerCalled, Self::DocumentSeen, Self::RegisterConsulted];

    /// The code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AskerCalled => "asker-called",
            Self::DocumentSeen => "document-seen",
            Self::RegisterConsulted => "register-consulted",
        }
    }
}

/// The checks that are kept: `POST /v1/identity-checks/_search`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IdentityChecks {
    /// Those that were asked first first; at most 500.
    pub checks: Vec<IdentityCheck>,
}

/// Which checks: all that are kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IdentityCheckSearch {
    /// Only those that wait for somebody.
    #[serde(default)]
    pub waiting: bool,
}

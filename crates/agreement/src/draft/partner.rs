//! The drafts of a partner.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{BudgetsDraft, is_false};

/// `[[partners]]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerDraft {
    /// Its OIN.
    pub oin: String,
    /// Its name.
    pub name: String,
    /// Its kind, kebab-case.
    pub kind: String,
    /// https address of its partner process.
    pub endpoint: String,
    /// How many people it has files on.
    pub population: u64,
    /// Where its coordinator can be reached.
    pub contact: String,
    /// Whether it is suspended.
    #[serde(default, skip_serializing_if = "is_false")]
    pub suspended: bool,
    /// The categories it registers.
    pub registers: Vec<String>,
    /// The public key of its log: 32 bytes in unpadded base64url.
    pub log_key: String,
    /// The origin of its log, if it is not the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_origin: Option<String>,
    /// Its public key as a witness: 32 bytes in unpadded base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness_key: Option<String>,
    /// https address where a citizen's browser reaches its authorisation server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorisation_endpoint: Option<String>,
    /// Its own budgets.
    #[serde(default, skip_serializing_if = "BudgetsDraft::is_empty")]
    pub budgets: BudgetsDraft,
    /// Where particular people can be reached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<ContactDraft>,
    /// `[partners.identity_provider]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_provider: Option<IdentityProviderDraft>,
    /// `[[partners.delegations]]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delegations: Vec<DelegationDraft>,
}

/// An item of `contacts`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactDraft {
    /// `coordination`, `data-protection`, `security`, `technical`.
    pub role: String,
    /// An e-mail address or telephone number.
    pub address: String,
}

/// `[partners.identity_provider]` and `[console.identity_provider]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityProviderDraft {
    /// Exactly as ID tokens have it.
    pub issuer: String,
    /// Where its keys are.
    pub jwks_uri: String,
    /// The partner's client id.
    pub audience: String,
    /// The claim with the actor's id, if it is not `sub`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_claim: Option<String>,
    /// The claim with the actor's roles, if it is not `roles`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_claim: Option<String>,
    /// A length of time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<String>,
    /// The provider's word → role.
    pub roles: BTreeMap<String, String>,
}

/// `[console]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsoleDraft {
    /// `[console.identity_provider]`; its roles are `auditor` and `operator`.
    pub identity_provider: IdentityProviderDraft,
}

/// `[[partners.delegations]]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DelegationDraft {
    /// OIN of the supplier.
    pub supplier: String,
    /// `answer`, `query`, `register`.
    pub scopes: Vec<String>,
    /// A term of the calendar.
    pub max_term: String,
}

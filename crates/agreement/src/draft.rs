//! Writes agreement files: the fields of `agreement.toml` as plain, public data.
//!
//! A draft promises nothing: it may hold any text, wrong ones too. Only [`Agreement::parse`](crate::Agreement::parse)
//! over [`AgreementDraft::to_toml`] says whether it is an agreement. Tools use it to fill in what they generate
//! (endpoints, OINs, keys), usually starting from a file in `examples/chains/`.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_domain::{Epoch, KeyUse};
use serde::{Deserialize, Serialize};

use crate::Localised;

mod authority;
mod ledger;
mod partner;
mod representation;

pub use authority::{
    AlarmsDraft, ConsentDraft, FeedbackDraft, MatchingDraft, OperatorDraft, PolicyDraft, ReviewDraft,
    SupplierDraft,
};
pub use ledger::{AuditorDraft, LedgerDraft, OfficeHoursDraft, RetentionDraft, SubjectAccessDraft};
pub use partner::{ConsoleDraft, ContactDraft, DelegationDraft, IdentityProviderDraft, PartnerDraft};
pub use representation::{AgeBandDraft, MandateDraft, RepresentationDraft, StatementProviderDraft};

/// A whole file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementDraft {
    /// The layout of the file: 1.
    pub format: u64,
    /// `[chain]`.
    pub chain: ChainDraft,
    /// `[switchboard]`.
    pub switchboard: ServiceDraft,
    /// `[pseudonymiser]`.
    pub pseudonymiser: PseudonymiserDraft,
    /// `[budgets]`, for the whole chain.
    #[serde(default, skip_serializing_if = "BudgetsDraft::is_empty")]
    pub budgets: BudgetsDraft,
    /// `[definitions.NAME]`: JSON Schemas that those of the categories refer to.
    #[serde(default, skip_serializing_if = "toml::Table::is_empty")]
    pub definitions: toml::Table,
    /// `[categories.NAME]`.
    pub categories: BTreeMap<String, CategoryDraft>,
    /// `[roles.NAME]`.
    pub roles: BTreeMap<String, RoleDraft>,
    /// `[purposes.NAME]`.
    pub purposes: BTreeMap<String, PurposeDraft>,
    /// `[[partners]]`.
    pub partners: Vec<PartnerDraft>,
    /// `[shared_attributes.NAME]`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shared_attributes: BTreeMap<String, SharedAttributeDraft>,
    /// `[ledger]`.
    #[serde(default, skip_serializing_if = "LedgerDraft::is_empty")]
    pub ledger: LedgerDraft,
    /// `[subject_access]`.
    #[serde(default, skip_serializing_if = "SubjectAccessDraft::is_empty")]
    pub subject_access: SubjectAccessDraft,
    /// `[[auditors]]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub auditors: Vec<AuditorDraft>,
    /// `[[suppliers]]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suppliers: Vec<SupplierDraft>,
    /// `[[operators]]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operators: Vec<OperatorDraft>,
    /// `[review]`.
    #[serde(default, skip_serializing_if = "ReviewDraft::is_empty")]
    pub review: ReviewDraft,
    /// `[consent]`.
    #[serde(default, skip_serializing_if = "ConsentDraft::is_empty")]
    pub consent: ConsentDraft,
    /// `[representation]`.
    #[serde(default, skip_serializing_if = "RepresentationDraft::is_empty")]
    pub representation: RepresentationDraft,
    /// `[alarms]`.
    #[serde(default, skip_serializing_if = "AlarmsDraft::is_empty")]
    pub alarms: AlarmsDraft,
    /// `[match]`.
    #[serde(default, rename = "match", skip_serializing_if = "MatchingDraft::is_empty")]
    pub matching: MatchingDraft,
    /// `[feedback]`.
    #[serde(default, skip_serializing_if = "FeedbackDraft::is_empty")]
    pub feedback: FeedbackDraft,
    /// `[policy]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyDraft>,
    /// `[console]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub console: Option<Box<ConsoleDraft>>,
}

impl AgreementDraft {
    /// Reads a file by its shape only.
    pub fn parse(text: &str) -> Result<Self, DraftError> {
        toml::from_str(text).map_err(|_| DraftError::Shape)
    }

    /// Writes the file.
    pub fn to_toml(&self) -> Result<String, DraftError> {
        toml::to_string(self).map_err(|_| DraftError::Unwritable)
    }

    /// The entry of one partner, to fill in or change.
    pub fn partner_mut(&mut self, oin: &str) -> Option<&mut PartnerDraft> {
        self.partners.iter_mut().find(|partner| partner.oin == oin)
    }
}

/// `[chain]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainDraft {
    /// The chain's name, kebab-case.
    pub name: String,
    /// Its name for people.
    pub title: Localised,
    /// The version that was signed off.
    pub version: String,
    /// `test` or `production`.
    pub environment: String,
    /// `nl`, `en`; the first is the default.
    pub languages: Vec<String>,
    /// A length of time: `P30D`.
    pub lease_term: String,
}

/// `[switchboard]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceDraft {
    /// The operator's OIN.
    pub oin: String,
    /// The operator's name.
    pub name: String,
    /// https address of the service.
    pub endpoint: String,
    /// https address of its public pages.
    pub public_endpoint: String,
    /// The origin of its log.
    pub log_origin: String,
    /// The public key of its log: 32 bytes in unpadded base64url.
    pub log_key: String,
    /// Its public key as a witness, in the same form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness_key: Option<String>,
}

/// `[pseudonymiser]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PseudonymiserDraft {
    /// The operator's OIN.
    pub oin: String,
    /// The operator's name.
    pub name: String,
    /// https address of the service.
    pub endpoint: String,
    /// https address of its public pages.
    pub public_endpoint: String,
    /// The origin of its log.
    pub log_origin: String,
    /// The public key of its log: 32 bytes in unpadded base64url.
    pub log_key: String,
    /// `[[pseudonymiser.keys]]`.
    pub keys: Vec<KeyDraft>,
}

/// A public key as it stands in an agreement: unpadded base64url.
pub fn key_text(public_key: &[u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(public_key)
}

/// One public key of the pseudonymiser.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyDraft {
    /// `index` or `binding`.
    #[serde(rename = "use")]
    pub key_use: String,
    /// The generation, from 1.
    pub epoch: u32,
    /// 32 bytes in unpadded base64url.
    pub public_key: String,
}

impl KeyDraft {
    /// The entry of a key at hand.
    pub fn new(key_use: KeyUse, epoch: Epoch, public_key: &[u8; 32]) -> Self {
        Self { key_use: key_use.as_str().to_owned(), epoch: epoch.0, public_key: key_text(public_key) }
    }
}

/// `[budgets]`, or `budgets` of a partner.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetsDraft {
    /// Evaluations for asking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<BudgetDraft>,
    /// Evaluations for registering.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub register: Option<BudgetDraft>,
    /// Evaluations for refreshing bindings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<BudgetDraft>,
    /// Queries at the switchboard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switchboard_query: Option<BudgetDraft>,
}

impl BudgetsDraft {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetDraft {
    /// At once.
    pub burst: u64,
    /// In an hour.
    pub hour: u64,
    /// In a day.
    pub day: u64,
}

/// `[categories.NAME]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryDraft {
    /// Its name for people.
    pub title: Localised,
    /// `ordinary`, `confidential` or `special`.
    pub sensitivity: String,
    /// A term of the calendar: `P2Y`.
    pub max_validity: String,
    /// A term of the calendar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<String>,
    /// A term of the calendar.
    pub tombstone: String,
    /// Years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_limit: Option<u32>,
    /// Whether each pull must prove the birth date.
    #[serde(default, skip_serializing_if = "is_false")]
    pub birth_date_required: bool,
    /// Whether access reports leave it out.
    #[serde(default, skip_serializing_if = "is_false")]
    pub withheld_from_subject: bool,
    /// `statutory`, `opt-in`, `opt-out`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<String>,
    /// `[categories.NAME.match]`.
    #[serde(rename = "match", default, skip_serializing_if = "Option::is_none")]
    pub matching: Option<MatchDraft>,
    /// JSON Schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<toml::Table>,
}

/// `[categories.NAME.match]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatchDraft {
    /// The law that says so.
    pub legal_basis: String,
    /// Whether relations between persons count as well.
    #[serde(default, skip_serializing_if = "is_false")]
    pub family: bool,
}

/// `[roles.NAME]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleDraft {
    /// Its name for people.
    pub title: Localised,
    /// The kinds of partner where it exists.
    pub kinds: Vec<String>,
}

/// `[purposes.NAME]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurposeDraft {
    /// Its name for people.
    pub title: Localised,
    /// The article of law.
    pub legal_basis: String,
    /// URI of the processing activity.
    pub processing_activity: String,
    /// `listed`, `motivated`, `emergency`.
    pub relation_bases: Vec<String>,
    /// Whether each pull must prove the birth date.
    #[serde(default, skip_serializing_if = "is_false")]
    pub birth_date_required: bool,
    /// Whether the actor must be proven.
    #[serde(default, skip_serializing_if = "is_false")]
    pub actor_must_be_proven: bool,
    /// Whether access reports leave it out.
    #[serde(default, skip_serializing_if = "is_false")]
    pub withheld_from_subject: bool,
    /// Whether a representative may ask.
    #[serde(default, skip_serializing_if = "is_false")]
    pub representation: bool,
    /// `as-nothing-found` or `told`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denials: Option<String>,
    /// Role → categories.
    pub roles: BTreeMap<String, Vec<String>>,
}

/// `[shared_attributes.NAME]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedAttributeDraft {
    /// Its name for people.
    pub title: Localised,
    /// OIN of the leading holder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authoritative: Option<String>,
    /// Category → JSON Pointer.
    pub values: BTreeMap<String, String>,
}

/// Why a draft could not be read or written, always by the one who made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// The text is not TOML or has other fields than an agreement.
    #[error("this has not the shape of an agreement: `ketenwijzer agreement check` names every mistake")]
    Shape,
    /// A value has no form in TOML.
    #[error(
        "a value of the draft cannot be written as TOML: check the schemas for null and numbers above 2^63"
    )]
    Unwritable,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

fn is_default<T: Default + PartialEq>(draft: &T) -> bool {
    *draft == T::default()
}

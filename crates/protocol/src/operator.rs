//! What an operator reads of a switchboard, and the approvals that they hand in. Nothing in here is about a person whose data
//! the chain has: parties, counts, times and keys.

use kw_domain::{Instant, Oin};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The state of a switchboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OperatorState {
    /// When this was so.
    #[schema(value_type = String, format = DateTime)]
    pub at: Instant,
    /// The chain.
    pub chain: String,
    /// The keys of the index and how far their rotation is.
    pub generations: Vec<KeyGeneration>,
    /// The log.
    pub log: LogState,
    /// Every partner of the agreement, by OIN.
    pub partners: Vec<PartnerState>,
    /// Signals that go to subscribers.
    pub signals: SignalsState,
    /// How many subjects the index has.
    pub subjects: u64,
    /// The switchboard's own certificate and revocation lists.
    pub tls: TlsState,
}

/// One partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PartnerState {
    /// The certificate with which it came last, if it came since the switchboard started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<SeenCertificate>,
    /// What kind of organisation it is.
    pub kind: String,
    /// Until when its lease runs; nothing when it never registered anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub lease_until: Option<Instant>,
    /// Its name.
    pub name: String,
    /// Who.
    #[schema(value_type = String)]
    pub oin: Oin,
    /// How many pointers it has that can be found.
    pub pointers: u64,
    /// What it used of what it may ask, by minute, hour and day.
    pub quota: Vec<QuotaState>,
    /// Whether the agreement suspends it.
    pub suspended: bool,
}

/// A certificate that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeenCertificate {
    /// When it, or one above it, expires.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Instant,
    /// When it was seen last.
    #[schema(value_type = String, format = DateTime)]
    pub seen_at: Instant,
    /// SHA-256 of its DER, in lower-case hexadecimal.
    pub sha256: String,
}

/// What was used of one span of a quota.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuotaState {
    /// How many may be asked in it.
    pub limit: u64,
    /// `minute`, `hour` or `day`.
    pub span: String,
    /// How many were, since the switchboard started.
    pub used: u64,
}

/// How far signals are delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignalsState {
    /// Signals that were given up.
    pub dead_letters: u64,
    /// Subscriptions whose address does not take them now.
    pub failing: u64,
    /// For how many seconds the oldest one waits that was not delivered; measured by the process that delivers.
    pub oldest_seconds: u64,
    /// Live subscriptions.
    pub subscriptions: u64,
}

/// The log: how far it is published and witnessed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogState {
    /// When the newest checkpoint was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub published_at: Option<Instant>,
    /// How many entries it has.
    pub published_size: u64,
    /// Since when an entry waits to be in a signed checkpoint; nothing while none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub unpublished_since: Option<Instant>,
    /// Since when an entry waits for enough cosignatures; nothing while none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub unwitnessed_since: Option<Instant>,
    /// How many witnesses the agreement demands.
    pub quorum: u64,
    /// When the newest checkpoint was signed that has so many cosignatures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub witnessed_at: Option<Instant>,
    /// How many entries that one has.
    pub witnessed_size: u64,
    /// Every witness of the agreement.
    pub witnesses: Vec<WitnessState>,
}

/// One witness.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WitnessState {
    /// When it cosigned last, of the newest checkpoint and the newest with enough cosignatures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub cosigned_at: Option<Instant>,
    /// How many entries it cosigned then.
    pub cosigned_size: u64,
    /// Its organisation's name.
    pub name: String,
    /// Who.
    #[schema(value_type = String)]
    pub oin: Oin,
}

/// One generation of the index keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyGeneration {
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub began_at: Instant,
    /// How many subjects have it.
    pub converted: u64,
    /// Counted from 1.
    pub generation: u32,
    /// Which key of the index.
    pub index_epoch: u32,
    /// `live`, `filling`, `closing` or `retired`.
    pub phase: String,
    /// Which key of the pseudonymiser.
    pub pseudonymiser_epoch: u32,
}

/// The switchboard's own certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TlsState {
    /// When it expires.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Instant,
    /// When the first revocation list expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revocation_lists_until: Option<Instant>,
}

/// The agreement in force, and what the file holds that is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OperatorAgreement {
    /// Who approved it before it came into force; nobody for one that needed nobody.
    pub approved_by: Vec<String>,
    /// SHA-256 of the text in force, in lower-case hexadecimal.
    pub hash: String,
    /// What waits for approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<NextAgreement>,
    /// Who may approve the next one.
    pub operators: Vec<String>,
    /// The version in force.
    pub version: String,
}

/// An agreement that waits for approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NextAgreement {
    /// Who approved it.
    pub approved_by: Vec<String>,
    /// What changes, widenings first.
    pub changes: Vec<AgreementChange>,
    /// SHA-256 of its text, in lower-case hexadecimal.
    pub hash: String,
    /// How many more have to approve it.
    pub missing: u64,
    /// Its version.
    pub version: String,
}

/// The versions of the agreement: what waits, what is in force, and what was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgreementVersions {
    /// Newest first; at most 100.
    pub versions: Vec<AgreementVersion>,
}

/// One version of the agreement, as the log says when it came into force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgreementVersion {
    /// Who approved it.
    pub approvals: Vec<AgreementApproval>,
    /// SHA-256 of its text, in lower-case hexadecimal.
    pub hash: String,
    /// Since when it is or was in force; nothing for one that waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub in_force_from: Option<Instant>,
    /// When the next one came into force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub in_force_until: Option<Instant>,
    /// Its address: `next` for what waits, else the number of the log's entry that says that it came into force.
    pub place: String,
    /// What it calls itself; nothing when its text was not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// An operator's approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgreementApproval {
    /// Whose.
    pub operator: String,
    /// When the switchboard first saw it, where that was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub seen_at: Option<Instant>,
}

/// One version with its text, and what it changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgreementVersionText {
    /// What was in force before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<AgreementVersion>,
    /// What changed with it, widenings first; nothing when one of the two texts was not kept, or is of another form than this
    /// switchboard reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<Vec<AgreementChange>>,
    /// Its text, if it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Which.
    pub version: AgreementVersion,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgreementChange {
    /// `widening`, `narrowing` or `neutral`.
    pub direction: String,
    /// What it is about.
    pub path: String,
    /// In a sentence, in English.
    pub sentence: String,
}

/// An operator's approval of the agreement that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HandInApproval {
    /// The five lines that `ketenwijzer agreement approve` wrote.
    pub approval: String,
}

//! The pull at the holder: `POST /v1/pulls`.

use std::fmt;

use kw_domain::{Category, Instant, Oin, SourceName, TransactionId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::query::Actor;
use crate::{Bytes16, SecretBytes32};

/// Pulls one document under one grant.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pull {
    /// The grant as it was issued.
    pub grant: String,
    /// Who asks, so that the holder's own record names the person.
    pub actor: Actor,
    /// The salt of the grant's `actor_hash`.
    #[schema(value_type = String)]
    pub actor_salt: Bytes16,
    /// "I mean the person behind this handle, and I know the BSN" (docs/pseudonym.md §6), one per live epoch.
    #[schema(value_type = Vec<String>)]
    pub subject_proofs: Vec<EpochProof>,
    /// "That person was born then" (docs/pseudonym.md §7).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub birth_date_proofs: Vec<EpochBirthDateProof>,
}

/// A proof made with the binding of one epoch.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EpochProof {
    /// The generation of `k_p[binding]`.
    pub epoch: u32,
    /// The proof.
    #[schema(value_type = String)]
    pub proof: SecretBytes32,
}

/// Birth-date proofs made with the binding of one epoch, as precise as the asker can.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EpochBirthDateProof {
    /// The generation of `k_p[binding]`.
    pub epoch: u32,
    /// Over `YYYYMMDD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub day: Option<SecretBytes32>,
    /// Over `YYYYMM00`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub month: Option<SecretBytes32>,
    /// Over `YYYY0000`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub year: Option<SecretBytes32>,
}

/// What the holder delivers.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pulled {
    /// The holder.
    #[schema(value_type = String)]
    pub holder: Oin,
    /// The category delivered.
    #[schema(value_type = String)]
    pub category: Category,
    /// The transaction id of the grant.
    #[schema(value_type = String)]
    pub transaction: TransactionId,
    /// The document at the source, now; absent when there is nothing any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub document: Option<serde_json::Value>,
    /// Where it comes from.
    pub provenance: Provenance,
    /// At which precision the birth date was compared, when it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date_compared: Option<ComparedPrecision>,
}

impl fmt::Debug for Pulled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A document never reaches a log by way of `{:?}`.
        f.debug_struct("Pulled").field("transaction", &self.transaction).finish_non_exhaustive()
    }
}

/// Where a document comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    /// The software installation.
    #[schema(value_type = String)]
    pub source: SourceName,
    /// The document is true as of then.
    #[schema(value_type = String)]
    pub as_of: Instant,
    /// JSON pointers (RFC 6901) to values that the holder has under investigation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub under_investigation: Vec<String>,
}

/// The precision at which two birth dates were compared and found the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ComparedPrecision {
    /// To the day.
    Day,
    /// To the month: one side knows no more.
    Month,
    /// Not at all, because it is unknown; two people of the holder confirmed that it is the same person.
    #[serde(rename = "two-people")]
    TwoPeople,
}

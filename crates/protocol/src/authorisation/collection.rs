//! `POST /v1/collections`: one document under a token, at the source, with proofs of whom it is about.

use std::fmt;

use kw_domain::{Category, CollectionId, Oin, SourceName, TransactionId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::pull::{EpochBirthDateProof, EpochProof, Provenance};

/// Collects one category. The token stands in the `Authorization` header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CollectionRequest {
    /// One of the token's categories.
    #[schema(value_type = String)]
    pub category: Category,
    /// One of the holder's sources, where an earlier answer named more of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub source: Option<SourceName>,
}

/// What the holder delivers.
///
/// The proofs are the holder's: made with the *recipient's* pairwise binding of the person, over the access token as it
/// was sent. A personal environment verifies them with the binding of the dossier that it is about to store the document
/// in, and refuses what does not fit: no document of one person in the dossier of another.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Collected {
    /// This collection.
    #[schema(value_type = String)]
    pub id: CollectionId,
    /// The holder.
    #[schema(value_type = String)]
    pub holder: Oin,
    /// The category delivered.
    #[schema(value_type = String)]
    pub category: Category,
    /// The transaction id of this exchange, in both parties' logs.
    #[schema(value_type = String)]
    pub transaction: TransactionId,
    /// The document at the source, now; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub document: Option<serde_json::Value>,
    /// Where it comes from; absent when there is no document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// Further sources of the holder that have a record in this category. Each is collected by its name; without them the
    /// category is not complete.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub other_sources: Vec<SourceName>,
    /// "This is about the person of your dossier", one per live epoch (docs/pseudonym.md §6).
    #[schema(value_type = Vec<String>)]
    pub subject_proofs: Vec<EpochProof>,
    /// "Who was born then" (docs/pseudonym.md §7), as precise as the source is; empty when there is no document, or the
    /// source knows no birth date.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub birth_date_proofs: Vec<EpochBirthDateProof>,
    /// How much of the birth date the source knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date_precision: Option<BirthDatePrecision>,
}

impl fmt::Debug for Collected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A document never reaches a log by way of `{:?}`.
        f.debug_struct("Collected").field("transaction", &self.transaction).finish_non_exhaustive()
    }
}

/// How much of a birth date is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BirthDatePrecision {
    /// The year.
    Year,
    /// Year and month.
    Month,
    /// Year, month and day.
    Day,
}

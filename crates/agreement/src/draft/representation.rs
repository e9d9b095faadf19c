//! The drafts of who may act for whom.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::is_default;

/// `[representation]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepresentationDraft {
    /// `[representation.provider]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<StatementProviderDraft>,
    /// `[representation.kinds.KIND]`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub kinds: BTreeMap<String, MandateDraft>,
}

impl RepresentationDraft {
    pub(super) fn is_empty(&self) -> bool {
        is_default(self)
    }
}

/// `[representation.provider]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementProviderDraft {
    /// The partner that runs it.
    pub oin: String,
    /// Its issuer identifier.
    pub issuer: String,
    /// URIs, the weakest first.
    pub assurance_levels: Vec<String>,
}

/// `[representation.kinds.KIND]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MandateDraft {
    /// OINs of partners.
    pub registrars: Vec<String>,
    /// The widest scope.
    pub categories: Vec<String>,
    /// `view`, `feedback`, `object`.
    pub acts: Vec<String>,
    /// A term of the calendar.
    pub max_term: String,
    /// `[[representation.kinds.KIND.ages]]`.
    pub ages: Vec<AgeBandDraft>,
}

/// `[[representation.kinds.KIND.ages]]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgeBandDraft {
    /// Kebab-case.
    pub name: String,
    /// Years.
    pub from: u32,
    /// Years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<u32>,
    /// `representative`, `represented`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub confirmed_by: Vec<String>,
}

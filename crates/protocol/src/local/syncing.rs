//! How keeping the index in line goes.

use kw_domain::{Category, Instant, SourceName};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How the comparison of one source with the switchboard went, by digests of buckets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Reconciliation {
    /// When it began.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub began_at: Option<Instant>,
    /// When it was done; absent while it goes on, and when it was cut off.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Instant>,
    /// Records that are registered as far as is known here.
    pub here: u64,
    /// Pointers that the switchboard has.
    pub there: u64,
    /// Records whose pointer the switchboard does not have: they are registered again.
    pub registered_again: u64,
    /// Pointers that nothing here stands for: they are withdrawn.
    pub withdrawn: u64,
    /// Records of which something else was known here than there.
    pub mended: u64,
    /// Pointers that nothing here stands for, and that are suspiciously many: they stay until somebody confirms.
    pub held: u64,
    /// Pointers that nothing here stands for yet: a source was not read to its end, or registrations wait.
    pub waiting: u64,
    /// Requests to the switchboard.
    pub requests: u64,
    /// Comparisons in a row that could not be finished.
    pub failures: u32,
    /// Why it could not be finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Messages to the switchboard that wait.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OutboxStatus {
    /// How many.
    pub waiting: u64,
    /// When the oldest was queued.
    #[schema(value_type = Option<String>)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_at: Option<Instant>,
    /// Messages that were refused, and are tried again seldom until somebody mends what is wrong; by reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parked: Vec<ParkedMessages>,
}

/// Messages that were refused for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ParkedMessages {
    /// The source of the records.
    #[schema(value_type = String)]
    pub source: SourceName,
    /// Their category.
    #[schema(value_type = String)]
    pub category: Category,
    /// A problem code, or `left-the-chain`, `same-person-twice`, `sealed-value-damaged`.
    pub reason: String,
    /// How many.
    pub count: u64,
    /// When the first of them is tried again.
    #[schema(value_type = String)]
    pub next_at: Instant,
}

//! A person's own recent accesses: what the partner's own log says that they did.

use kw_domain::{CaseReference, Category, Instant, Purpose, Role, TransactionId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::dossier::Party;
use crate::query::{Actor, RelationBasis};

/// Most accesses of one page.
pub const LARGEST_PAGE: u32 = 200;
/// Accesses of one page when nothing else is asked.
pub const PAGE: u32 = 50;

/// Asks for what somebody did: `POST /v1/accesses/_search`. Nobody can ask about another person.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OwnAccessSearch {
    /// Who asks about themselves.
    pub actor: Actor,
    /// What the page before gave as `nextCursor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// At most so many, 1 to 200; 50 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// One page, newest first. It may have fewer than were asked for, even none, before all was looked at: go on while there is a
/// `nextCursor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnAccesses {
    /// The accesses.
    pub accesses: Vec<OwnAccess>,
    /// For the next page; nothing when this was the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// One record. A question and its answer share their `transaction`. Nothing says whom it was about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnAccess {
    /// When.
    #[schema(value_type = String)]
    pub at: Instant,
    /// What happened: an event of docs/logging.md.
    pub event: String,
    /// As what they acted.
    #[schema(value_type = String)]
    pub role: Role,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub purpose: Option<Purpose>,
    /// For which case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub case: Option<CaseReference>,
    /// On what ground.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<RelationBasis>,
    /// The ground in their own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Which kinds of data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub categories: Vec<Category>,
    /// Who was involved as holder.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holders: Vec<Party>,
    /// How it ended: `success`, `refused` or `error`.
    pub result: String,
    /// The exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub transaction: Option<TransactionId>,
}

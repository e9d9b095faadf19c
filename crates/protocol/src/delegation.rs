//! Mandates of software suppliers: `/v1/delegations`. A supplier acts for a partner under its own certificate, within what
//! the agreement lets that partner delegate, and only after two people of the partner approved.

use kw_domain::{DelegationId, Instant, Oin};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::query::Actor;

/// What a supplier may do for a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DelegationScope {
    /// Answer at the partner's endpoint, with the supplier's own certificate.
    Answer,
    /// Ask who holds what, and pull it.
    Query,
    /// Register, renew and withdraw pointers.
    Register,
}

impl DelegationScope {
    /// All of them, in alphabetical order.
    pub const ALL: [Self; 3] = [Self::Answer, Self::Query, Self::Register];

    /// The scope as it stands in the agreement, messages and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Query => "query",
            Self::Register => "register",
        }
    }

    /// The scope with this word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// A partner asks that a supplier may act for it: `POST /v1/delegations`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestDelegation {
    /// Which supplier.
    #[schema(value_type = String)]
    pub supplier: Oin,
    /// What it may do; at least one thing.
    pub scopes: Vec<DelegationScope>,
    /// Until then. No later than the agreement lets the partner delegate.
    #[schema(value_type = String)]
    pub valid_until: Instant,
    /// Who asks.
    pub actor: Actor,
}

/// A member of the partner's staff approves: `POST /v1/delegations/{id}/approvals`. Two different people must.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApproveDelegation {
    /// Who approves.
    pub actor: Actor,
}

/// Partner or supplier ends it, at once: `POST /v1/delegations/{id}/end`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndDelegation {
    /// Who ends it.
    pub actor: Actor,
}

/// Where a mandate of a supplier is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DelegationStatus {
    /// Two people approved, and its time has not run out.
    Active,
    /// Partner or supplier ended it.
    Ended,
    /// Its time has run out.
    Expired,
    /// An approval is missing.
    Requested,
}

/// A supplier's mandate to act for a partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Delegation {
    /// This mandate.
    #[schema(value_type = String)]
    pub id: DelegationId,
    /// For whom.
    #[schema(value_type = String)]
    pub principal: Oin,
    /// Who.
    #[schema(value_type = String)]
    pub supplier: Oin,
    /// What.
    pub scopes: Vec<DelegationScope>,
    /// Whether it counts now.
    pub status: DelegationStatus,
    /// How many people approved: 0, 1 or 2.
    pub approvals: u8,
    /// When it was asked for.
    #[schema(value_type = String)]
    pub requested_at: Instant,
    /// Until then.
    #[schema(value_type = String)]
    pub valid_until: Instant,
}

/// The mandates of one partner or supplier, newest first, at most 500.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Delegations {
    /// The mandates.
    pub delegations: Vec<Delegation>,
}

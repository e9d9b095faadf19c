//! Departures: `/v1/departures`. A partner leaves the chain and takes its pointers back, or another one takes its work over; and a
//! partner that vanished is told of.

use kw_domain::{ActorId, Category, DepartureId, Instant, Oin};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::query::Actor;

/// A partner asks to leave: `POST /v1/departures`. Two of its people approve; a successor consents.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestDeparture {
    /// Who takes the work over. Without one, every pointer is withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub successor: Option<Oin>,
    /// Who asks.
    pub actor: Actor,
}

/// Somebody approves, consents, finishes or ends a departure.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DepartureAct {
    /// Who.
    pub actor: Actor,
}

/// What kind of departure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DepartureKind {
    /// A successor takes the work over.
    Transfer,
    /// The partner gave no sign of life for a whole lease.
    Vanished,
    /// The partner leaves, and nobody takes its work over.
    Withdrawal,
}

impl DepartureKind {
    /// The kind as messages have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transfer => "transfer",
            Self::Vanished => "vanished",
            Self::Withdrawal => "withdrawal",
        }
    }
}

/// How far a departure has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DepartureStatus {
    /// It was called off, or the partner is back.
    Ended,
    /// The partner has left: it has no pointers any more.
    Finished,
    /// An approval or the successor's consent is missing.
    Requested,
    /// Pointers are being withdrawn or handed over.
    Running,
}

impl DepartureStatus {
    /// The status as messages have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ended => "ended",
            Self::Finished => "finished",
            Self::Requested => "requested",
            Self::Running => "running",
        }
    }
}

/// One departure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Departure {
    /// This departure.
    #[schema(value_type = String)]
    pub id: DepartureId,
    /// Who leaves.
    #[schema(value_type = String)]
    pub party: Oin,
    /// Who takes its work over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub successor: Option<Oin>,
    /// What kind it is.
    pub kind: DepartureKind,
    /// How far it has come.
    pub status: DepartureStatus,
    /// When it was asked for, or noticed.
    #[schema(value_type = String)]
    pub requested_at: Instant,
    /// Since when the partner may register nothing more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub effective_at: Option<Instant>,
    /// When the last pointer was gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub finished_at: Option<Instant>,
    /// When it was called off, or the partner came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub ended_at: Option<Instant>,
    /// For the partner that leaves, its successor, auditors and the switchboard's operator only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<DepartureReport>,
}

/// Who decided, and what became of the pointers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DepartureReport {
    /// Who asked; absent when the partner vanished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub requested_by: Option<ActorId>,
    /// Who approved and consented, in the order of time.
    pub approvals: Vec<DepartureApproval>,
    /// By category, in alphabetical order.
    pub categories: Vec<DepartureCategory>,
}

/// One person's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DepartureApproval {
    /// For which party.
    #[schema(value_type = String)]
    pub party: Oin,
    /// Who.
    #[schema(value_type = String)]
    pub actor: ActorId,
    /// When.
    #[schema(value_type = String)]
    pub at: Instant,
}

/// What became of the pointers in one category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DepartureCategory {
    /// Which category.
    #[schema(value_type = String)]
    pub category: Category,
    /// Active pointers when the departure took effect; absent before, and where that was not counted. It is the sum of the
    /// other numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<u64>,
    /// Pointers that ended because the successor has one about the same person.
    pub transferred: u64,
    /// Pointers that were withdrawn, or lapsed, and nobody took over.
    pub withdrawn: u64,
    /// Active pointers that are still there.
    pub remaining: u64,
    /// Those of `held` that ended in another way meanwhile: the partner withdrew them itself, or their own time was up. Absent
    /// when the departure was called off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<u64>,
}

/// Departures, newest first, at most 500.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Departures {
    /// The departures.
    pub departures: Vec<Departure>,
}

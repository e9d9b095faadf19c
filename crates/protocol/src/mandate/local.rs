//! The register of mandates at the partner's local API: people by their numbers, which never leave the process. These types
//! have no `Debug`.

use kw_domain::{Category, Instant, MandateId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{MandateAct, MandateKind, Side};

/// Registers a mandate: `POST /v1/mandates`. Answered with [`RegisteredMandate`](super::RegisteredMandate).
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MandateRequest {
    /// Who acts, in the canonical form (`nl.bsn:…`).
    pub representative: String,
    /// For whom, in the canonical form.
    pub represented: String,
    /// Why.
    pub kind: MandateKind,
    /// The represented person's birth date: the age band, and the day on which it ends, follow from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<String>,
    /// The age band, where no birth date is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_band: Option<String>,
    /// For which kinds of data.
    #[schema(value_type = Vec<String>)]
    pub categories: Vec<Category>,
    /// For which acts.
    pub acts: Vec<MandateAct>,
    /// It ends then; as late as the kind's term and the age band allow when left out, which needs the birth date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub valid_until: Option<Instant>,
}

/// Confirms a mandate for somebody who was identified: `POST /v1/mandates/_confirm`. Answered with
/// [`Mandate`](super::Mandate).
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConfirmationRequest {
    /// Which mandate.
    #[schema(value_type = String)]
    pub mandate: MandateId,
    /// Which side the person is.
    pub side: Side,
    /// The person, in the canonical form (`nl.bsn:…`).
    pub subject: String,
}

/// Takes a mandate back: `POST /v1/mandates/_withdraw`. Answered with [`Mandate`](super::Mandate).
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MandateWithdrawalRequest {
    /// Which mandate.
    #[schema(value_type = String)]
    pub mandate: MandateId,
    /// Which side the person is; left out when this organisation itself takes it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<Side>,
    /// The person, in the canonical form; left out likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

/// Asks for the mandates of one person: `POST /v1/mandates/_search`. Answered with [`Mandates`](super::Mandates).
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MandateSearch {
    /// The person, in the canonical form (`nl.bsn:…`).
    pub subject: String,
    /// Which side the person is.
    pub side: Side,
}

//! Choices and objections at the local API. These messages hold a subject, so they have no `Debug`.

use kw_domain::{Category, Instant, MandateId, ObjectionId, Oin};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::consent::{ConsentChoice, GivenBy};
use crate::objection::{ObjectionReason, ObjectionVerdict};
use crate::query::Actor;

/// Who makes something known about a person, and in which capacity.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LocalDeclaration {
    /// In which capacity.
    pub given_by: GivenBy,
    /// The mandate of the representative; not for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub mandate: Option<MandateId>,
    /// The representative in the canonical form (`nl.bsn:…`); not for others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub representative: Option<String>,
    /// Who recorded it; required of a professional.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
}

/// Records a choice: `POST /v1/consents`. Left out means all.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConsentRequest {
    /// Whose choice it is, in the canonical form (`nl.bsn:…`).
    pub subject: String,
    /// What was chosen.
    pub verdict: ConsentChoice,
    /// About this holder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub holder: Option<Oin>,
    /// About holders of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder_kind: Option<String>,
    /// About this kind of data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub category: Option<Category>,
    /// To this requester.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub requester: Option<Oin>,
    /// To requesters of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester_kind: Option<String>,
    /// Who made it known.
    pub declared: LocalDeclaration,
    /// Where it is laid down. Never any personal data.
    pub evidence: String,
    /// It counts until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub valid_until: Option<Instant>,
}

/// Takes a choice back: `POST /v1/consents/{id}/withdrawal`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConsentWithdrawalRequest {
    /// Whose choice it is, in the canonical form.
    pub subject: String,
    /// Who made it known.
    pub declared: LocalDeclaration,
}

/// Asks for a person's choices: `POST /v1/consents/_search`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConsentSearchRequest {
    /// The person, in the canonical form.
    pub subject: String,
    /// Who asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
}

/// Passes an objection on: `POST /v1/objections`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectionRequest {
    /// Who objects, in the canonical form.
    pub subject: String,
    /// To being found at this holder.
    #[schema(value_type = String)]
    pub holder: Oin,
    /// In this kind of data.
    #[schema(value_type = String)]
    pub category: Category,
    /// Who made it known.
    pub declared: LocalDeclaration,
    /// Why.
    pub reason: ObjectionReason,
}

/// Asks for objections: `POST /v1/objections/_search`.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectionSearchRequest {
    /// Those of this person, in the canonical form; those to the own registrations when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Those that are decided as well.
    #[serde(default)]
    pub decided: bool,
    /// Only those after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub after: Option<ObjectionId>,
}

/// Decides on an objection to a registration of one's own: `POST /v1/objections/{id}/decision`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectionDecisionRequest {
    /// What was decided.
    pub verdict: ObjectionVerdict,
    /// Why, in words for the person. Never any data about the person.
    pub reasons: String,
    /// Who decided.
    pub actor: Actor,
}

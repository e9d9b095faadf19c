//! A question as the rules see it and as records keep it: canonical JSON (fields in alphabetical order).

use std::borrow::Cow;
use std::collections::BTreeSet;

use kw_domain::{Category, Instant, Oin, Purpose, Role};
use kw_protocol::query::{Assurance, RelationBasis};
use serde::{Deserialize, Serialize};

use super::base_hash;
use crate::{DecisionInput, DisclosureInput, MandateAct, MandateKind, RepresentationInput};

/// `policy/decision-input.schema.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecisionDocument {
    assurance: Assurance,
    at: Instant,
    categories: BTreeSet<Category>,
    /// The base policy.
    policy: String,
    purpose: Purpose,
    relation: RelationBasis,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    representation: Option<RepresentationDocument>,
    requester: Oin,
    role: Role,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    supplier: Option<Oin>,
}

impl DecisionDocument {
    pub(crate) fn of(input: &DecisionInput<'_>) -> Self {
        Self {
            assurance: input.assurance,
            at: input.at,
            categories: input.categories.iter().cloned().collect(),
            policy: base_hash().to_owned(),
            purpose: input.purpose.clone(),
            relation: input.relation,
            representation: input.representation.as_ref().map(RepresentationDocument::of),
            requester: input.requester,
            role: input.role.clone(),
            supplier: input.supplier,
        }
    }

    /// The text, as records keep it; for rules that do not look at the time, the same at any time.
    pub(crate) fn canonical(&self, with_time: bool) -> String {
        if with_time {
            return serde_json::to_string(self).unwrap_or_default();
        }
        serde_json::to_string(&Self { at: ANY_TIME, ..self.clone() }).unwrap_or_default()
    }

    pub(crate) fn purpose(&self) -> &Purpose {
        &self.purpose
    }

    pub(crate) fn is_of_this_base(&self) -> bool {
        self.policy == base_hash()
    }

    /// The question about pointers that belongs to it, for pointers that the person consented to.
    pub(crate) fn disclosure(&self, pointers: Vec<PointerDocument>) -> DisclosureDocument {
        DisclosureDocument {
            at: self.at,
            pointers,
            purpose: self.purpose.clone(),
            representation: self.representation.clone(),
            requester: self.requester,
            role: self.role.clone(),
        }
    }
}

/// `policy/disclosure-input.schema.json`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct DisclosureDocument {
    at: Instant,
    pointers: Vec<PointerDocument>,
    purpose: Purpose,
    #[serde(skip_serializing_if = "Option::is_none")]
    representation: Option<RepresentationDocument>,
    requester: Oin,
    role: Role,
}

impl DisclosureDocument {
    pub(crate) fn of(input: &DisclosureInput<'_>) -> Self {
        let pointer = |pointer: &crate::PointerInput<'_>| PointerDocument {
            category: pointer.category.clone(),
            consent: pointer.consent.as_str(),
            holder: pointer.holder,
        };
        Self {
            at: input.at,
            pointers: input.pointers.iter().map(pointer).collect(),
            purpose: input.purpose.clone(),
            representation: input.representation.as_ref().map(RepresentationDocument::of),
            requester: input.requester,
            role: input.role.clone(),
        }
    }

    /// As [`DecisionDocument::canonical`].
    pub(crate) fn canonical(&self, with_time: bool) -> String {
        if with_time {
            return serde_json::to_string(self).unwrap_or_default();
        }
        serde_json::to_string(&Self { at: ANY_TIME, ..self.clone() }).unwrap_or_default()
    }

    /// How many pointers it is about.
    pub(crate) fn count(&self) -> usize {
        self.pointers.len()
    }
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct PointerDocument {
    pub(crate) category: Category,
    pub(crate) consent: &'static str,
    pub(crate) holder: Oin,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "UncheckedRepresentation", deny_unknown_fields)]
struct RepresentationDocument {
    act: Cow<'static, str>,
    categories: BTreeSet<Category>,
    kind: Cow<'static, str>,
}

impl RepresentationDocument {
    fn of(input: &RepresentationInput) -> Self {
        Self {
            act: input.act.as_str().into(),
            categories: input.categories.clone(),
            kind: input.kind.as_str().into(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UncheckedRepresentation {
    act: String,
    categories: BTreeSet<Category>,
    kind: String,
}

impl TryFrom<UncheckedRepresentation> for RepresentationDocument {
    type Error = &'static str;

    fn try_from(text: UncheckedRepresentation) -> Result<Self, Self::Error> {
        let act = MandateAct::parse(&text.act).ok_or("no act of a mandate")?;
        let kind = MandateKind::parse(&text.kind).ok_or("no kind of mandate")?;
        Ok(Self { act: act.as_str().into(), categories: text.categories, kind: kind.as_str().into() })
    }
}

/// What rules are told that do not look at the time.
const ANY_TIME: Instant = Instant::from_millis(0);

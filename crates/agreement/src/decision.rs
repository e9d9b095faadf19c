//! The decision: may this person ask this, for this purpose? What the agreement does not allow is denied.

use std::collections::BTreeSet;

use kw_domain::{Category, Oin, Purpose, Role};
use kw_protocol::query::{Assurance, RelationBasis};

use crate::Agreement;

/// What a decision is about.
#[derive(Debug, Clone, Copy)]
pub struct DecisionInput<'a> {
    /// The party that asks, from its certificate.
    pub requester: Oin,
    /// Why it asks.
    pub purpose: &'a Purpose,
    /// What the person who asks is to that party.
    pub role: &'a Role,
    /// Which categories are asked; all that purpose and role allow when empty.
    pub categories: &'a [Category],
    /// On what ground it asks about this person.
    pub relation: RelationBasis,
    /// How strongly the person who asks is vouched for.
    pub assurance: Assurance,
}

/// The outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// What was asked may be searched.
    Allowed(Allowed),
    /// Nothing may be searched.
    Denied(DenialReason),
}

/// What may be searched, and on what ground.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    /// The categories. Never empty.
    pub categories: BTreeSet<Category>,
    /// The article of law.
    pub legal_basis: String,
    /// URI of the processing activity.
    pub processing_activity: String,
}

/// Why nothing may be searched. Every reason but the first two is a mistake or an excess of the asking party.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DenialReason {
    /// The party is not in the agreement.
    RequesterUnknown,
    /// The party is suspended.
    RequesterSuspended,
    /// The agreement has no such purpose.
    UnknownPurpose,
    /// The role may not ask for this purpose, or does not exist at this kind of partner.
    RoleNotAllowed,
    /// A category was asked that this role may not see for this purpose.
    CategoryOutsidePurpose,
    /// The purpose does not admit this ground.
    RelationBasisNotAllowed,
    /// The purpose demands proof of who asks, and there is only the party's word.
    ActorMustBeProven,
}

impl DenialReason {
    /// All reasons, in the order in which they are looked for.
    pub const ALL: [Self; 7] = [
        Self::RequesterUnknown,
        Self::RequesterSuspended,
        Self::UnknownPurpose,
        Self::RoleNotAllowed,
        Self::CategoryOutsidePurpose,
        Self::RelationBasisNotAllowed,
        Self::ActorMustBeProven,
    ];

    /// The reason as it stands in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RequesterUnknown => "requester-unknown",
            Self::RequesterSuspended => "requester-suspended",
            Self::UnknownPurpose => "unknown-purpose",
            Self::RoleNotAllowed => "role-not-allowed",
            Self::CategoryOutsidePurpose => "category-outside-purpose",
            Self::RelationBasisNotAllowed => "relation-basis-not-allowed",
            Self::ActorMustBeProven => "actor-must-be-proven",
        }
    }
}

impl Agreement {
    /// Decides by the table role × purpose × category. A request that goes beyond it in one category is denied whole:
    /// the asker corrects it, rather than getting less than it believes.
    pub fn decide(&self, input: &DecisionInput<'_>) -> Decision {
        self.allow(input).map_or_else(Decision::Denied, Decision::Allowed)
    }

    fn allow(&self, input: &DecisionInput<'_>) -> Result<Allowed, DenialReason> {
        let requester = self.partner(input.requester).ok_or(DenialReason::RequesterUnknown)?;
        if requester.suspended {
            return Err(DenialReason::RequesterSuspended);
        }
        let rules = self.purpose(input.purpose).ok_or(DenialReason::UnknownPurpose)?;
        let allowed = rules.roles.get(input.role).ok_or(DenialReason::RoleNotAllowed)?;
        if !self.role(input.role).is_some_and(|role| role.kinds.contains(&requester.kind)) {
            return Err(DenialReason::RoleNotAllowed);
        }
        let asked: BTreeSet<Category> = input.categories.iter().cloned().collect();
        if !asked.is_subset(allowed) {
            return Err(DenialReason::CategoryOutsidePurpose);
        }
        if !rules.relation_bases.contains(&input.relation) {
            return Err(DenialReason::RelationBasisNotAllowed);
        }
        if rules.actor_must_be_proven && input.assurance != Assurance::Proven {
            return Err(DenialReason::ActorMustBeProven);
        }
        Ok(Allowed {
            categories: if asked.is_empty() { allowed.clone() } else { asked },
            legal_basis: rules.legal_basis.clone(),
            processing_activity: rules.processing_activity.clone(),
        })
    }
}

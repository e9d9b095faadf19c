//! The decision: may this person ask this, for this purpose? And of what is found: what may they hear of? What the
//! agreement does not allow is denied.

mod denial;
mod disclosure;

use std::collections::BTreeSet;

use kw_domain::{Category, Instant, Oin, Purpose, Role};
use kw_protocol::query::{Assurance, RelationBasis};

use crate::{Agreement, DelegationScope, MandateAct, MandateKind};

pub use denial::DenialReason;
pub use disclosure::{ConsentVerdict, DisclosureInput, PointerInput};

/// What a decision is about. Nothing in it identifies the subject.
#[derive(Debug, Clone)]
pub struct DecisionInput<'a> {
    /// The party that asks, from its certificate or from the mandate of the supplier that acts for it.
    pub requester: Oin,
    /// The supplier whose certificate it is, when the party lets one ask. That the party approved it, and that it counts
    /// now, the switchboard's register says before.
    pub supplier: Option<Oin>,
    /// Why it asks.
    pub purpose: &'a Purpose,
    /// What the person who asks is to that party.
    pub role: &'a Role,
    /// Which categories are asked; all that purpose, role and mandate allow when empty.
    pub categories: &'a [Category],
    /// On what ground it asks about this person.
    pub relation: RelationBasis,
    /// How strongly the person who asks is vouched for.
    pub assurance: Assurance,
    /// The mandate under which the person acts for the subject; `None` when it acts for itself or for its organisation.
    pub representation: Option<RepresentationInput>,
    /// When.
    pub at: Instant,
}

/// A mandate that is active now. Its absence where one is claimed never gets this far:
/// [`DenialReason::MandateMissing`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepresentationInput {
    /// Of which kind.
    pub kind: MandateKind,
    /// What the representative does with it now.
    pub act: MandateAct,
    /// The categories that it covers.
    pub categories: BTreeSet<Category>,
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

impl Agreement {
    /// Decides by the table role × purpose × category. A request that goes beyond it in one category is denied whole:
    /// the asker corrects it, rather than getting less than it believes. A mandate is another matter: what it does not
    /// cover is left out, and the answer says which categories were searched.
    pub fn decide(&self, input: &DecisionInput<'_>) -> Decision {
        self.allow(input).map_or_else(Decision::Denied, Decision::Allowed)
    }

    fn allow(&self, input: &DecisionInput<'_>) -> Result<Allowed, DenialReason> {
        let requester = self.partner(input.requester).ok_or(DenialReason::RequesterUnknown)?;
        if requester.suspended {
            return Err(DenialReason::RequesterSuspended);
        }
        let may_ask_for = |supplier| self.may_delegate(input.requester, supplier, DelegationScope::Query);
        if !input.supplier.is_none_or(may_ask_for) {
            return Err(DenialReason::SupplierNotAllowed);
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
        let mut categories = if asked.is_empty() { allowed.clone() } else { asked };
        if let Some(representation) = &input.representation {
            if !rules.representation {
                return Err(DenialReason::RepresentationNotAdmitted);
            }
            categories.retain(|category| self.is_mandated(representation, category));
            if categories.is_empty() {
                return Err(DenialReason::OutsideMandate);
            }
        }
        Ok(Allowed {
            categories,
            legal_basis: rules.legal_basis.clone(),
            processing_activity: rules.processing_activity.clone(),
        })
    }

    /// Whether a representative may see this category. The agreement may have become narrower than a mandate is.
    fn is_mandated(&self, representation: &RepresentationInput, category: &Category) -> bool {
        representation.act == MandateAct::View
            && representation.categories.contains(category)
            && self.representation().kinds.get(&representation.kind).is_some_and(|rules| {
                rules.acts.contains(&representation.act) && rules.categories.contains(category)
            })
    }
}

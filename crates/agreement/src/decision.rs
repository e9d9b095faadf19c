//! The decision: may this person ask this, for this purpose? And of what is found: what may they hear of? What the
//! agreement does not allow is denied.

mod denial;
mod disclosure;
mod replay;

use std::collections::BTreeSet;

use kw_domain::{Category, Instant, Oin, Purpose, Role};
use kw_protocol::query::{Assurance, RelationBasis};

use crate::policy::DecisionDocument;
use crate::{Agreement, MandateAct, MandateKind};

pub use denial::DenialReason;
pub use disclosure::{ConsentVerdict, DisclosureInput, PointerInput};
pub use replay::{ReplayError, Replayed};

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

impl DecisionInput<'_> {
    /// Canonical JSON of what the rules see, for the record: with it, and with the agreement of the recorded hash, the
    /// decision can be made again ([`Agreement::replay`]).
    pub fn canonical(&self) -> String {
        DecisionDocument::of(self).canonical(true)
    }
}

impl Agreement {
    /// Decides by the rules in Rego: default deny. A request that goes beyond the table in one category is denied whole:
    /// the asker corrects it, rather than getting less than it believes. A mandate is another matter: what it does not
    /// cover is left out, and the answer says which categories were searched.
    pub fn decide(&self, input: &DecisionInput<'_>) -> Decision {
        self.decide_document(&DecisionDocument::of(input))
    }

    fn decide_document(&self, document: &DecisionDocument) -> Decision {
        self.allow(document).map_or_else(Decision::Denied, Decision::Allowed)
    }

    fn allow(&self, document: &DecisionDocument) -> Result<Allowed, DenialReason> {
        let categories = self.rules.decide(document)?;
        let rules = self.purpose(document.purpose()).ok_or(DenialReason::PolicyFailed)?;
        Ok(Allowed {
            categories: categories
                .iter()
                .map(|category| Category::parse(category).map_err(|_| DenialReason::PolicyFailed))
                .collect::<Result<_, _>>()?,
            legal_basis: rules.legal_basis.clone(),
            processing_activity: rules.processing_activity.clone(),
        })
    }
}

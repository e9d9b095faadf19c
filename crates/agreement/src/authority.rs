//! What the agreement says about authority, beside its table of purposes.

use std::collections::{BTreeMap, BTreeSet};

use kw_domain::Oin;

use crate::{
    Agreement, AlarmRules, ConsentRules, DelegationFrame, DelegationScope, FeedbackRules, IdentityProvider,
    MatchRules, Operator, RepresentationRules, ReviewRules, Supplier,
};

#[derive(Debug, Default)]
pub(crate) struct Authority {
    pub(crate) suppliers: BTreeMap<Oin, Supplier>,
    pub(crate) operators: Vec<Operator>,
    pub(crate) review: ReviewRules,
    pub(crate) representation: RepresentationRules,
    pub(crate) consent: ConsentRules,
    pub(crate) alarms: AlarmRules,
    pub(crate) matching: MatchRules,
    pub(crate) feedback: FeedbackRules,
    pub(crate) policy: Option<String>,
    pub(crate) console: Option<IdentityProvider>,
}

impl Agreement {
    /// One supplier.
    pub fn supplier(&self, oin: Oin) -> Option<&Supplier> {
        self.authority.suppliers.get(&oin)
    }

    /// All suppliers by OIN.
    pub fn suppliers(&self) -> impl Iterator<Item = &Supplier> {
        self.authority.suppliers.values()
    }

    /// What this partner may delegate to this supplier, if anything.
    pub fn delegation_frame(&self, principal: Oin, supplier: Oin) -> Option<&DelegationFrame> {
        self.partner(principal)?.delegations.iter().find(|frame| frame.supplier == supplier)
    }

    /// Whether this partner may delegate this to this supplier. Whether it did, says the switchboard's register.
    pub fn may_delegate(&self, principal: Oin, supplier: Oin, scope: DelegationScope) -> bool {
        self.delegation_frame(principal, supplier).is_some_and(|frame| frame.scopes.contains(&scope))
    }

    /// By partner: the suppliers that may answer at its address with their own certificate.
    pub fn stand_ins(&self) -> BTreeMap<Oin, BTreeSet<Oin>> {
        let answers = |frame: &&DelegationFrame| frame.scopes.contains(&DelegationScope::Answer);
        self.partners()
            .map(|partner| {
                (
                    partner.oin,
                    partner.delegations.iter().filter(answers).map(|frame| frame.supplier).collect(),
                )
            })
            .filter(|(_, suppliers): &(Oin, BTreeSet<Oin>)| !suppliers.is_empty())
            .collect()
    }

    /// The people who may put a wider agreement in force, two at a time.
    pub fn operators(&self) -> &[Operator] {
        &self.authority.operators
    }

    /// How motivated and emergency questions are reviewed.
    pub fn review(&self) -> &ReviewRules {
        &self.authority.review
    }

    /// Who may act for whom.
    pub fn representation(&self) -> &RepresentationRules {
        &self.authority.representation
    }

    /// Who may record consent and objection.
    pub fn consent(&self) -> &ConsentRules {
        &self.authority.consent
    }

    /// When questions look like a search through all numbers.
    pub fn alarms(&self) -> &AlarmRules {
        &self.authority.alarms
    }

    /// What follows when several holders have live pointers about the same person.
    pub fn matching(&self) -> &MatchRules {
        &self.authority.matching
    }

    /// What follows when somebody doubts a value.
    pub fn feedback(&self) -> FeedbackRules {
        self.authority.feedback
    }

    /// Where auditors and operators sign in for the pages of the switchboard's console.
    pub fn console_provider(&self) -> Option<&IdentityProvider> {
        self.authority.console.as_ref()
    }

    /// The chain's own rules in Rego. They can only narrow.
    pub fn policy(&self) -> Option<&str> {
        self.authority.policy.as_deref()
    }
}

//! Representation: who may act for whom, registered by whom, confirmed by whom, at which ages (MedMij RFC0030, RFC0055).

use std::collections::{BTreeMap, BTreeSet};

use kw_domain::{Category, Oin};
pub use kw_protocol::mandate::{MandateAct, MandateKind, Side};

use crate::Term;

/// `[representation]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RepresentationRules {
    /// The kinds of mandate that the chain knows. None: nobody can represent anybody.
    pub kinds: BTreeMap<MandateKind, MandateRules>,
    /// The provider whose statements say who acts and for whom.
    pub provider: Option<StatementProvider>,
}

/// The rules of one kind: `[representation.kinds.NAME]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MandateRules {
    /// The partners that may register it.
    pub registrars: BTreeSet<Oin>,
    /// The widest scope: categories.
    pub categories: BTreeSet<Category>,
    /// The widest scope: acts.
    pub acts: BTreeSet<MandateAct>,
    /// A mandate lasts no longer; an age band may end it sooner.
    pub max_term: Term,
    /// At which ages of the represented person it exists, and who confirms it then. Bands do not overlap; an age outside
    /// all of them has no mandate of this kind.
    pub ages: Vec<AgeBand>,
}

impl MandateRules {
    /// The band with this name.
    pub fn band(&self, name: &str) -> Option<&AgeBand> {
        self.ages.iter().find(|band| band.name == name)
    }

    /// The band of this age in whole years.
    pub fn band_at(&self, age: u32) -> Option<&AgeBand> {
        self.ages.iter().find(|band| band.holds(age))
    }
}

/// Ages of a represented person that have the same rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgeBand {
    /// Its name in messages and grants (kebab-case): `under-12`.
    pub name: String,
    /// From this age, in whole years.
    pub from: u32,
    /// Until the day before this age; `None` without end.
    pub below: Option<u32>,
    /// Whose confirmation makes it active. Empty: the registrar's word is enough (a court's decision, the population
    /// register).
    pub confirmed_by: BTreeSet<Side>,
}

impl AgeBand {
    /// Whether it holds this age.
    pub fn holds(&self, age: u32) -> bool {
        age >= self.from && self.below.is_none_or(|below| age < below)
    }
}

/// `[representation.provider]`: a DigiD-shaped OpenID provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementProvider {
    /// The chain party that runs it: a partner, because it asks the register of mandates.
    pub oin: Oin,
    /// Its issuer identifier.
    pub issuer: String,
    /// The weakest level of assurance that the chain accepts, as a URI, and the stronger ones: weakest first.
    pub assurance_levels: Vec<String>,
}

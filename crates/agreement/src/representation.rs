//! Representation: who may act for whom, registered by whom, confirmed by whom, at which ages (MedMij RFC0030, RFC0055).

use std::collections::{BTreeMap, BTreeSet};

use kw_domain::{Category, Oin};

use crate::Term;

/// `[representation]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RepresentationRules {
    /// The kinds of mandate that the chain knows. None: nobody can represent anybody.
    pub kinds: BTreeMap<MandateKind, MandateRules>,
    /// The provider whose statements say who acts and for whom.
    pub provider: Option<StatementProvider>,
}

/// Why somebody may act for another person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MandateKind {
    /// Property is administered by another (bewind, BW 1:431).
    Administration,
    /// A court appointed a guardian for an adult (curatele, BW 1:378).
    Guardianship,
    /// A court appointed a mentor for care (mentorschap, BW 1:450).
    Mentorship,
    /// Of a minor (ouderlijk gezag, BW 1:245).
    ParentalAuthority,
    /// Given by the person (vrijwillige machtiging).
    Voluntary,
}

impl MandateKind {
    /// All of them, in alphabetical order.
    pub const ALL: [Self; 5] = [
        Self::Administration,
        Self::Guardianship,
        Self::Mentorship,
        Self::ParentalAuthority,
        Self::Voluntary,
    ];

    /// The kind as it stands in the agreement, messages, grants and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Administration => "administration",
            Self::Guardianship => "guardianship",
            Self::Mentorship => "mentorship",
            Self::ParentalAuthority => "parental-authority",
            Self::Voluntary => "voluntary",
        }
    }

    /// The kind with this word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
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

/// One side of a mandate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Who acts (vertegenwoordiger).
    Representative,
    /// For whom (vertegenwoordigde).
    Represented,
}

impl Side {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Representative, Self::Represented];

    /// The side as it stands in the agreement, messages and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Representative => "representative",
            Self::Represented => "represented",
        }
    }
}

/// What a representative may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MandateAct {
    /// Report a mistake to a holder (terugmelding).
    Feedback,
    /// Object, or give and take back consent.
    Object,
    /// See what there is.
    View,
}

impl MandateAct {
    /// All of them, in alphabetical order.
    pub const ALL: [Self; 3] = [Self::Feedback, Self::Object, Self::View];

    /// The act as it stands in the agreement, messages and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Feedback => "feedback",
            Self::Object => "object",
            Self::View => "view",
        }
    }

    /// The act with this word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.as_str() == text)
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

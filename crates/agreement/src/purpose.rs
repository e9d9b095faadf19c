//! Why somebody may ask, and as what.

use std::collections::{BTreeMap, BTreeSet};

use kw_domain::{Category, Role};
use kw_protocol::query::RelationBasis;

use crate::{Localised, PartnerKind};

/// The rules of one purpose (doelbinding).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurposeRules {
    /// Its name for people.
    pub title: Localised,
    /// The article of law, as it is shown to the citizen and written in every record.
    pub legal_basis: String,
    /// URI of the processing activity in the register (GDPR art. 30).
    pub processing_activity: String,
    /// What is told to an asker who may not know something about a subject.
    pub denials: Denials,
    /// Whether a representative may ask for this purpose, on a mandate.
    pub representation: bool,
    /// Which roles may ask for which categories. What is not here is denied.
    pub roles: BTreeMap<Role, BTreeSet<Category>>,
    /// The grounds on which one may ask about a person.
    pub relation_bases: BTreeSet<RelationBasis>,
    /// Every pull must prove the birth date.
    pub birth_date_required: bool,
    /// The person who asks must be proven by an ID token; the partner's word is not enough.
    pub actor_must_be_proven: bool,
    /// A person's access report leaves accesses for this purpose out.
    pub withheld_from_subject: bool,
}

/// What a role means, and where it exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleRules {
    /// Its name for people.
    pub title: Localised,
    /// The kinds of partner whose people may have this role: a school cannot call somebody a youth doctor.
    pub kinds: BTreeSet<PartnerKind>,
}

/// What is told when consent, a mandate or a policy about the subject stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Denials {
    /// The same as when nothing is found, in shape and in time.
    #[default]
    AsNothingFound,
    /// That something was withheld.
    Told,
}

impl Denials {
    /// Both.
    pub const ALL: [Self; 2] = [Self::AsNothingFound, Self::Told];

    /// The choice as it stands in the agreement.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AsNothingFound => "as-nothing-found",
            Self::Told => "told",
        }
    }
}

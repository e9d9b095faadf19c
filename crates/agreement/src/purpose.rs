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

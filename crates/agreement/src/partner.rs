//! The parties that take part in the chain.

use std::collections::BTreeSet;
use std::fmt;

use kw_domain::{Category, Oin};

use crate::budget::BudgetOverrides;
use crate::{DelegationFrame, IdentityProvider};

/// A chain partner (ketenpartner): it registers, asks and answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner {
    /// Who, as its certificate says.
    pub oin: Oin,
    /// Its name as people know it.
    pub name: String,
    /// What kind of organisation it is; roles are tied to kinds.
    pub kind: PartnerKind,
    /// Where its partner process answers, without a trailing slash.
    pub endpoint: String,
    /// How many people it has files on. Its budgets for registering and refreshing follow from it.
    pub population: u64,
    /// Where its coordinator can be reached.
    pub contact: String,
    /// Where particular people of the organisation can be reached.
    pub contacts: Vec<ContactPoint>,
    /// Where a citizen's browser reaches its authorisation server, without a trailing slash; `None` when it has none.
    pub authorisation_endpoint: Option<String>,
    /// Where its staff sign in; `None` when actors can only be asserted.
    pub identity_provider: Option<IdentityProvider>,
    /// What it may delegate, and to whom.
    pub delegations: Vec<DelegationFrame>,
    /// Suspended: it may not register, ask or answer.
    pub suspended: bool,
    /// The categories it may register pointers in. Empty for a party that only asks.
    pub registers: BTreeSet<Category>,
    /// The name of its transparency log (C2SP tlog-checkpoint origin).
    pub log_origin: String,
    /// The public key (Ed25519) of that log.
    pub log_key: [u8; 32],
    /// The public key (Ed25519) under which it cosigns the switchboard's log; `None` for a partner that does not.
    pub witness_key: Option<[u8; 32]>,
    pub(crate) budgets: BudgetOverrides,
}

/// Where particular people of a partner can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactPoint {
    /// For what.
    pub role: ContactRole,
    /// An e-mail address or telephone number.
    pub address: String,
}

/// What a contact point is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContactRole {
    /// Coordinates help around a person.
    Coordination,
    /// The data protection officer (functionaris gegevensbescherming).
    DataProtection,
    /// Incidents.
    Security,
    /// The system.
    Technical,
}

impl ContactRole {
    /// All of them, in alphabetical order.
    pub const ALL: [Self; 4] = [Self::Coordination, Self::DataProtection, Self::Security, Self::Technical];

    /// The role as it stands in the agreement.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Coordination => "coordination",
            Self::DataProtection => "data-protection",
            Self::Security => "security",
            Self::Technical => "technical",
        }
    }
}

/// A kind of organisation, in the chain's own words (kebab-case).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartnerKind(Box<str>);

impl PartnerKind {
    /// Parses a kind; whether the agreement has partners of that kind is another matter.
    pub fn parse(text: &str) -> Result<Self, PartnerKindError> {
        // A kind is written like a category; the error must not call it one.
        Category::parse(text).map(|_| Self(text.into())).map_err(|_| PartnerKindError)
    }

    /// The kind as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PartnerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PartnerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PartnerKind({self})")
    }
}

/// The author of the agreement wrote a kind in another form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a kind of partner has 1 to 64 lower-case letters, digits and hyphens, and begins with a letter")]
pub struct PartnerKindError;

//! The parties that take part in the chain.

use std::collections::BTreeSet;
use std::fmt;

use kw_domain::{Category, Oin};

use crate::budget::BudgetOverrides;

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

/// A kind of organisation, in the chain's own words (kebab-case).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartnerKind(Box<str>);

impl PartnerKind {
    pub(crate) fn parse(text: &str) -> Result<Self, PartnerKindError> {
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
pub(crate) struct PartnerKindError;

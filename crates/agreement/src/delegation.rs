//! Software suppliers (leveranciers) that act for partners: what may be delegated. What *is* delegated, and until when, stands
//! in the switchboard's register.

use std::collections::BTreeSet;

use kw_domain::Oin;

use crate::Term;

/// An organisation that may act for partners under its own certificate, and takes no other part in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supplier {
    /// Who, as its certificate says.
    pub oin: Oin,
    /// Its name.
    pub name: String,
    /// Where it can be reached.
    pub contact: String,
}

/// What one partner may delegate to one supplier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DelegationFrame {
    /// To whom.
    pub supplier: Oin,
    /// Which acts.
    pub scopes: BTreeSet<DelegationScope>,
    /// A mandate lasts no longer.
    pub max_term: Term,
}

/// What a supplier may do for a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DelegationScope {
    /// Answer pulls at the partner's endpoint.
    Answer,
    /// Ask who holds what, and pull it.
    Query,
    /// Register, renew and withdraw pointers.
    Register,
}

impl DelegationScope {
    /// All of them, in alphabetical order.
    pub const ALL: [Self; 3] = [Self::Answer, Self::Query, Self::Register];

    /// The scope as it stands in the agreement, messages and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Query => "query",
            Self::Register => "register",
        }
    }

    /// The scope with this word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

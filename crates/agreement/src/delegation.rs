//! Software suppliers (leveranciers) that act for partners: what may be delegated. What *is* delegated, and until when, stands
//! in the switchboard's register.

use std::collections::BTreeSet;

use kw_domain::Oin;
pub use kw_protocol::delegation::DelegationScope;

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

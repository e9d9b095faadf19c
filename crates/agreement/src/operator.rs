//! Who may put a wider agreement in force.

/// One person who signs for the chain. It takes two to widen access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// Who, in a word that records can hold (kebab-case).
    pub name: String,
    /// The public key (Ed25519) of their approvals.
    pub key: [u8; 32],
}

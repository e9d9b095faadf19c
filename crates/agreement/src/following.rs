//! What follows from what partners tell each other: matches and feedback reports.

use std::collections::BTreeSet;

use kw_domain::Oin;

/// `[match]`: what follows when several holders have live pointers about the same person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchRules {
    /// The partners that see every match of the chain and coordinate (regievoerders).
    pub coordinators: BTreeSet<Oin>,
    /// The holders make contact within so many working days; then it is escalated.
    pub contact_within: u32,
    /// The partners that may declare that two persons belong together, for family match.
    pub registrars: BTreeSet<Oin>,
}

/// `[feedback]`: what follows when somebody doubts a value (terugmelding).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedbackRules {
    /// A holder takes a report up or settles it within so many working days.
    pub take_up_within: u32,
}

impl Default for MatchRules {
    fn default() -> Self {
        Self { coordinators: BTreeSet::new(), contact_within: 5, registrars: BTreeSet::new() }
    }
}

impl Default for FeedbackRules {
    fn default() -> Self {
        Self { take_up_within: 5 }
    }
}

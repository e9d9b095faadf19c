//! Questions on a motivated or emergency ground are looked at afterwards.

use std::collections::BTreeSet;
use std::time::Duration;

use kw_domain::Role;

/// `[review]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewRules {
    /// The roles whose bearers review the questions of their own organisation. Nobody reviews their own question.
    pub reviewers: BTreeSet<Role>,
    /// A motivated question is reviewed within this time.
    pub motivated_within: Duration,
    /// A question in need is reviewed within this time.
    pub emergency_within: Duration,
}

impl Default for ReviewRules {
    fn default() -> Self {
        Self {
            reviewers: BTreeSet::new(),
            motivated_within: Duration::from_hours(14 * 24),
            emergency_within: Duration::from_hours(3 * 24),
        }
    }
}

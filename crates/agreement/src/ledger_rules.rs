//! `[ledger]`: who may read the logs, how many witnesses count, how long records stay.

use crate::{OfficeHours, Term};

/// What the chain agrees about its ledgers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LedgerRules {
    pub(crate) witness_quorum: usize,
    pub(crate) log_access: LogAccess,
    pub(crate) access: Term,
    pub(crate) keys: Term,
    pub(crate) agreement: Term,
    pub(crate) office_hours: OfficeHours,
}

impl Default for LedgerRules {
    fn default() -> Self {
        Self {
            witness_quorum: 0,
            log_access: LogAccess::Chain,
            access: Term::years(5),
            keys: Term::years(20),
            agreement: Term::years(20),
            office_hours: OfficeHours::default(),
        }
    }
}

impl LedgerRules {
    pub(crate) fn retention(&self, class: RetentionClass) -> Term {
        match class {
            RetentionClass::Access => self.access,
            RetentionClass::Agreement => self.agreement,
            RetentionClass::Key => self.keys,
        }
    }
}

/// Who may read checkpoints, tiles and entries. They tell nothing about persons, only how much happens and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogAccess {
    /// Parties of the chain and its auditors.
    Chain,
    /// Everybody.
    Anyone,
}

impl LogAccess {
    /// Both answers.
    pub const ALL: [Self; 2] = [Self::Chain, Self::Anyone];

    /// The answer as it stands in the agreement.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chain => "chain",
            Self::Anyone => "anyone",
        }
    }
}

/// Records that are kept equally long. Leaves are kept for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RetentionClass {
    /// Accesses, changes and grants.
    Access,
    /// Versions of the agreement.
    Agreement,
    /// Changes of keys.
    Key,
}

impl RetentionClass {
    /// All classes, in alphabetical order.
    pub const ALL: [Self; 3] = [Self::Access, Self::Agreement, Self::Key];

    /// The class as it stands in the record of an erasure.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Agreement => "agreement",
            Self::Key => "key",
        }
    }
}

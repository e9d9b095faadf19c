//! Why a party does not tell what its log says.

use kw_domain::{Oin, TransactionId};
use kw_ledger::{AccessRecord, Outcome};
use kw_protocol::problem::ProblemCode;
use kw_runtime::Refusal;

use crate::events::{StatementFailed, StatementRefused};
use crate::pulls::refusal::PullRefusal;

/// Why a party does not tell what its log says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StatementRefusal {
    /// What a record says is not what was committed: somebody changed the database past the service.
    Damaged,
    /// This party's own agreement does not list the caller.
    NotListed,
    /// For a reason that pulls have as well.
    Pull(PullRefusal),
    /// The records that are asked for are not those that the grant commits to.
    Scope,
    /// More than fits one statement.
    TooMuch,
}

impl From<PullRefusal> for StatementRefusal {
    fn from(refusal: PullRefusal) -> Self {
        Self::Pull(refusal)
    }
}

impl StatementRefusal {
    fn code(&self) -> ProblemCode {
        match self {
            Self::Damaged => ProblemCode::Fault,
            Self::NotListed => ProblemCode::Denied,
            Self::Pull(refusal) => refusal.code(),
            Self::Scope => ProblemCode::GrantRefused,
            Self::TooMuch => ProblemCode::TooLarge,
        }
    }

    /// The reason as it stands in the record.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::Damaged => "record-damaged",
            Self::NotListed => "subject-access-not-listed",
            Self::Pull(refusal) => refusal.reason(),
            Self::Scope => "scope-not-granted",
            Self::TooMuch => "too-large",
        }
    }

    /// Whether the grant is not used up by this refusal: nothing about the person was tried with it.
    pub(super) fn keeps_the_grant(&self) -> bool {
        match self {
            Self::Pull(refusal) => refusal.keeps_the_grant(),
            Self::NotListed | Self::Scope => true,
            Self::Damaged | Self::TooMuch => false,
        }
    }

    /// The record of what was refused.
    pub(super) fn record(&self, record: AccessRecord) -> AccessRecord {
        let mut record = record.denied(self.reason());
        if self.is_failure() {
            record.result = Outcome::Error;
        }
        record
    }

    /// What the caller is told, with a line in the log where the operator or the security officer must know.
    pub(super) fn tell(&self, caller: Oin, transaction: Option<TransactionId>) -> Refusal {
        let reason = self.reason();
        if self.is_failure() {
            StatementFailed { caller, transaction, reason }.log();
        } else if self.is_security_event() {
            StatementRefused { caller, transaction, reason }.log();
        }
        let detail = match self {
            Self::Damaged => return Refusal::fault("a stored record does not fit its leaf"),
            Self::NotListed => {
                "This party's own agreement does not list your organisation among those that ask for people. Compare the \
                 agreements of both sides."
            }
            Self::Pull(refusal) => return refusal.told(),
            Self::Scope => {
                "The records that you ask for are not those of the grant. Send the scope that the switchboard gave with it."
            }
            Self::TooMuch => {
                "There is more about this person than fits one report. Ask for one period after the other."
            }
        };
        Refusal::new(self.code(), detail)
    }

    fn is_failure(&self) -> bool {
        match self {
            Self::Damaged => true,
            Self::Pull(refusal) => refusal.is_failure(),
            Self::NotListed | Self::Scope | Self::TooMuch => false,
        }
    }

    fn is_security_event(&self) -> bool {
        match self {
            Self::NotListed | Self::Scope => true,
            Self::Pull(refusal) => refusal.is_security_event(),
            Self::Damaged | Self::TooMuch => false,
        }
    }
}

//! Why a report is not taken.

use kw_domain::{Oin, TransactionId};
use kw_ledger::{AccessRecord, Outcome};
use kw_protocol::feedback::Mistake;
use kw_protocol::problem::ProblemCode;
use kw_runtime::Refusal;

use crate::events::{FeedbackFailed, FeedbackRefused};
use crate::pulls::refusal::PullRefusal;

/// Why a report is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FeedbackRefusal {
    /// Another report has this id.
    Known,
    /// It is not well formed.
    Mistakes(Vec<Mistake>),
    /// The holder has nothing there any more, or the person's choice is that the asker does not hear of it.
    Nothing {
        /// The code for the record.
        reason: &'static str,
    },
    /// For a reason that pulls have as well.
    Pull(PullRefusal),
    /// The reporter has as many open reports about this record as one may have.
    TooMany,
    /// The reporter has as many bytes of files here as one may have.
    TooMuch,
}

impl From<PullRefusal> for FeedbackRefusal {
    fn from(refusal: PullRefusal) -> Self {
        Self::Pull(refusal)
    }
}

impl FeedbackRefusal {
    /// The reason as it stands in the record.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::Known => "report-known",
            Self::Mistakes(_) => "report-invalid",
            Self::Nothing { reason } => reason,
            Self::Pull(refusal) => refusal.reason(),
            Self::TooMany => "too-many-open",
            Self::TooMuch => "too-many-bytes",
        }
    }

    /// Whether the grant is not used up by this refusal: nothing about the subject was tried with it.
    pub(super) fn keeps_the_grant(&self) -> bool {
        match self {
            Self::Mistakes(_) => true,
            Self::Pull(refusal) => refusal.keeps_the_grant(),
            Self::Known | Self::Nothing { .. } | Self::TooMany | Self::TooMuch => false,
        }
    }

    /// The record of what was refused.
    pub(super) fn record(&self, record: AccessRecord) -> AccessRecord {
        let mut record = record.denied(self.reason());
        if matches!(self, Self::Pull(refusal) if refusal.is_failure()) {
            record.result = Outcome::Error;
        }
        record
    }

    /// What the caller is told, with a line in the log where the operator or the security officer must know.
    pub(super) fn tell(&self, caller: Oin, transaction: Option<TransactionId>) -> Refusal {
        let reason = self.reason();
        if let Self::Pull(refusal) = self {
            if refusal.is_failure() {
                FeedbackFailed { caller, transaction, reason }.log();
            } else if refusal.is_security_event() {
                FeedbackRefused { caller, transaction, reason }.log();
            }
        }
        match self {
            Self::Known => {
                let detail = "There is another report with this id. Give each report an id of its own.";
                Refusal::new(ProblemCode::Conflict, detail)
            }
            Self::Mistakes(mistakes) => mistaken(
                Refusal::new(
                    ProblemCode::Invalid,
                    "The report cannot be taken in. Correct it and send it again.",
                ),
                "/report",
                mistakes,
            ),
            Self::Nothing { .. } => {
                let detail = "The holder has nothing there any more that could be wrong.";
                Refusal::new(ProblemCode::NotFound, detail)
            }
            Self::Pull(refusal) => refusal.told(),
            Self::TooMany => {
                let detail = "Your organisation has as many open reports about this record as it may have. Wait until the \
                              holder has settled some, or take some back.";
                Refusal::new(ProblemCode::TooMany, detail)
            }
            Self::TooMuch => {
                let detail = "Your organisation has as many bytes of files here as it may have. Report without files, or wait until \
                              earlier reports have ended.";
                Refusal::new(ProblemCode::TooMany, detail)
            }
        }
    }
}

/// Puts mistakes under one place of a body.
pub(super) fn mistaken(refusal: Refusal, below: &str, mistakes: &[Mistake]) -> Refusal {
    mistakes.iter().fold(refusal, |refusal, mistake| {
        refusal.field(format!("{below}{}", mistake.pointer), mistake.expected.clone())
    })
}

//! Why there is no answer at all.

use kw_client::{ClientError, PseudonymError};

use crate::RecordError;

/// Why a question has no answer. None of the variants holds anything of the subject or the question.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The pseudonymiser gave no pseudonym: its operator's to mend, unless the budget is used up.
    #[error(transparent)]
    Pseudonym(#[from] PseudonymError),
    /// The switchboard gave no answer. That says nothing about who holds what.
    #[error("the switchboard: {0}")]
    Index(#[from] ClientError),
    /// The whole deadline passed before the switchboard had answered.
    #[error("there was no answer from pseudonymiser and switchboard in time: try again")]
    TimedOut,
    /// The own access log did not take the event, so nothing is asked or handed out: the own operator's to mend.
    #[error(transparent)]
    Record(#[from] RecordError),
}

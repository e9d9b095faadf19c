//! What can go wrong in storage, and who is at fault.

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use kw_ledger::CanonicalError;
use kw_telemetry::{Explain, Reason};

/// A statement failed, or what is stored is not what this version writes. The operator's to mend; its text never holds a
/// stored value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database did not do what it was asked.
    #[error("the database refused: {0}")]
    Database(String),
    /// A unique constraint stopped a row that is there already.
    #[error("the row is there already")]
    Duplicate,
    /// What was to be stored cannot be true together with what is stored.
    #[error("what was to be stored contradicts the stored {0}")]
    Contradiction(&'static str),
    /// The record of an act says more than its event may, so the act did not happen: a fault of this program.
    #[error(transparent)]
    Unrecordable(#[from] CanonicalError),
    /// A stored value cannot be read back.
    #[error("a stored {0} is damaged")]
    Damaged(&'static str),
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Self::Duplicate,
            // The kind and the database's own message; details and hints of PostgreSQL repeat values and are left out.
            DieselError::DatabaseError(kind, information) => {
                Self::Database(format!("{kind:?}: {}", information.message()))
            }
            other => Self::Database(other.to_string()),
        }
    }
}

/// The database cannot be opened: the operator's to mend before the service starts.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No connection could be made.
    #[error("the database cannot be opened: {0}")]
    Connection(String),
    /// The database belongs to another log.
    #[error(
        "the database holds the log {found:?}, but this service is configured for {expected:?}: point it at its own database"
    )]
    OtherOrigin {
        /// The configured origin.
        expected: String,
        /// The stored origin.
        found: String,
    },
    /// The schema could not be brought up to date.
    #[error("the schema cannot be brought up to date: {0}")]
    Migration(String),
    /// A statement failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// This program was built to be measured without its ledger.
    #[error(
        "this program was built without its ledger, to be measured by `cargo xtask bench ledger`: it serves nobody"
    )]
    WithoutLedger,
    /// The configured transport security is unusable.
    #[error("TLS to the database cannot be set up: {0}")]
    Tls(String),
}

/// Reading failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// No connection was free in time.
    #[error("no database connection was free in time")]
    Busy,
    /// A statement failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a writing closure gives up.
#[derive(Debug)]
pub enum Abort<E> {
    /// The rules do not allow it: the caller's to mend.
    Refused(E),
    /// The database failed.
    Store(StoreError),
}

impl<E> From<StoreError> for Abort<E> {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Nothing was written, or nobody knows: in both cases nothing may be granted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError<E> {
    /// The writer's queue is full.
    #[error("the writer's queue is full")]
    Busy,
    /// The closure refused.
    #[error("refused")]
    Refused(E),
    /// The commit failed or its outcome is unknown.
    #[error("the database did not commit")]
    Unavailable,
}

/// Why the store's own books were not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeepError {
    /// The writer's queue is full.
    #[error("the writer's queue is full")]
    Busy,
    /// The closure failed.
    #[error(transparent)]
    Store(StoreError),
    /// The commit failed or its outcome is unknown.
    #[error("the database did not commit")]
    Unavailable,
}

impl From<WriteError<StoreError>> for KeepError {
    fn from(error: WriteError<StoreError>) -> Self {
        match error {
            WriteError::Busy => Self::Busy,
            WriteError::Refused(failure) => Self::Store(failure),
            WriteError::Unavailable => Self::Unavailable,
        }
    }
}

/// Messages of SQLite and PostgreSQL repeat names and, in some cases, values. What an operator can do something about is
/// recognised; the rest is only said to have been refused.
const KNOWN: &[&str] = &[
    "an operation panicked",
    "authentication failed",
    "cannot commit",
    "check constraint",
    "connection closed",
    "connection refused",
    "could not extend file",
    "could not serialize",
    "database is locked",
    "database file was moved",
    "deadlock detected",
    "disk I/O error",
    "disk is full",
    "does not exist",
    "foreign key",
    "malformed",
    "no connection",
    "no space left",
    "no such table",
    "not null",
    "out of memory",
    "out of shared memory",
    "permission denied",
    "read-only transaction",
    "readonly database",
    "shutting down",
    "starting up",
    "statement timeout",
    "terminating connection",
    "timed out",
    "too many clients",
    "too many connections",
    "unable to open database file",
];

impl Explain for StoreError {
    fn explain(&self, reason: &mut Reason) {
        match self {
            Self::Database(message) => reason.say("the database refused").recognise(message, KNOWN),
            Self::Duplicate => reason.say("the row is there already"),
            Self::Contradiction(what) => {
                reason.say("what was to be stored contradicts what is stored").say(what)
            }
            Self::Unrecordable(error) => match error {
                CanonicalError::Json => reason.say("a record cannot be written"),
                CanonicalError::NoCode { field } => {
                    reason.say("a record's reason is no code").with("field", field)
                }
                CanonicalError::NotAllowed { event, field } => reason
                    .say("a record says more than its event may")
                    .with("event", event)
                    .with("field", field),
                CanonicalError::Number { field } => {
                    reason.say("a record seems to hold a citizen service number").with("field", field)
                }
            },
            Self::Damaged(what) => reason.say("a stored value is damaged").say(what),
        };
    }
}

impl Explain for OpenError {
    fn explain(&self, reason: &mut Reason) {
        match self {
            Self::Connection(message) => {
                reason.say("the database cannot be opened").recognise(message, KNOWN)
            }
            Self::OtherOrigin { .. } => reason.say("the database holds another log"),
            Self::Migration(message) => {
                reason.say("the schema cannot be brought up to date").recognise(message, KNOWN)
            }
            Self::Store(error) => reason.because(error),
            Self::Tls(_) => reason.say("TLS to the database cannot be set up"),
            Self::WithoutLedger => reason.say("this build has no ledger"),
        };
    }
}

impl Explain for ReadError {
    fn explain(&self, reason: &mut Reason) {
        match self {
            Self::Busy => reason.say("no database connection was free in time"),
            Self::Store(error) => reason.because(error),
        };
    }
}

impl Explain for KeepError {
    fn explain(&self, reason: &mut Reason) {
        match self {
            Self::Busy => reason.say("the writer's queue is full"),
            Self::Store(error) => reason.because(error),
            Self::Unavailable => reason.say("the database did not commit"),
        };
    }
}

/// What the closure refused stays inside: it is an answer to a caller.
impl<E> Explain for WriteError<E> {
    fn explain(&self, reason: &mut Reason) {
        reason.say(match self {
            Self::Busy => "the writer's queue is full",
            Self::Refused(_) => "refused",
            Self::Unavailable => "the database did not commit",
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_database_says_is_recognised_and_never_repeated() {
        let message = "SerializationFailure: duplicate key (bsn)=(999990342): no space left on device";
        for error in [
            OpenError::Connection(message.to_owned()),
            OpenError::Migration(message.to_owned()),
            OpenError::Store(StoreError::Database(message.to_owned())),
        ] {
            let reason = format!("{:?}", Reason::of(&error));
            assert!(reason.contains("no space left"), "{reason}");
            assert!(!reason.contains("999990342") && !reason.contains("bsn"), "{reason}");
        }
        let refused = WriteError::Refused("999990342");
        assert!(!format!("{:?}", Reason::of(&refused)).contains("999990342"));
    }
}

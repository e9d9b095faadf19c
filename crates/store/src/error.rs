//! What can go wrong in storage, and who is at fault.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

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

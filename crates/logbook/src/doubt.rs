//! Why nothing is signed: something failed and is tried again, or the log is not what was signed of it and nothing may
//! follow.

use std::io;
use std::path::PathBuf;

use kw_domain::Oin;
use kw_ledger::checkpoint::CheckpointError;
use kw_ledger::tile::TilesError;
use kw_store::{KeepError, ReadError, StoreError};
use kw_telemetry::{Explain, Reason};

use crate::books::Interrupted;

/// Why a checkpoint was not signed, or a log not taken into use.
#[derive(Debug, thiserror::Error)]
pub enum Doubt {
    /// The log contradicts what was signed of it. Trying again does not help.
    #[error(transparent)]
    Contradiction(#[from] Contradiction),
    /// Something failed: try again.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// What failed. It passes, or the operator mends it.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The agreement in force says something else of this log than when the service started.
    #[error(
        "the agreement names another log or log key for this service than at its start: restart the service"
    )]
    Agreement,
    /// It took too long.
    #[error("the database did not commit in time")]
    Late,
    /// The writer.
    #[error(transparent)]
    Keep(KeepError),
    /// The memory file cannot be read or written.
    #[error("the memory file {path} cannot be used: {source}")]
    Memory {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The database cannot be read.
    #[error(transparent)]
    Read(ReadError),
    /// The key does not sign. It cannot happen with a key of this log.
    #[error("the checkpoint cannot be signed: {0}")]
    Signing(CheckpointError),
    /// The work was interrupted.
    #[error("the work was interrupted")]
    Stopped,
}

/// What contradicts what.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// Something stored cannot be read, or was refused because of what is stored.
    #[error("the database is damaged ({0}): restore the newest sound copy. {RECOVERY}")]
    Damaged(&'static str),
    /// The memory file is about another log, or not signed by this log's key.
    #[error(
        "the memory file {path} is not a checkpoint that this log's key signed: restore it, or give this log its own with \
         `[ledger] memory`"
    )]
    ForeignMemory {
        /// The file.
        path: PathBuf,
    },
    /// The stored checkpoint is not signed by the key of the agreement.
    #[error(
        "the stored checkpoint is not signed by the log key that the agreement has for {origin}: restore the key. A new \
         key needs a log with a new name. {RECOVERY}"
    )]
    OtherKey {
        /// The log.
        origin: String,
    },
    /// There is no entry of a number though there are later ones.
    #[error("the log has no entry number {0}: restore the newest sound copy of the database. {RECOVERY}")]
    Missing(u64),
    /// Less is stored than was signed.
    #[error(
        "the database is older than the log: it has {stored} entries, but a checkpoint of {signed} was signed (known from \
         {known_from}). Restore the newest copy of the database. {RECOVERY}"
    )]
    Older {
        /// How many entries there are.
        stored: u64,
        /// How many there were.
        signed: u64,
        /// Who knows.
        known_from: Known,
    },
    /// What is stored is not what was signed.
    #[error(
        "the first {size} entries of the database are not those of the log: {known_from} has a signed checkpoint with another \
         root. Restore the newest sound copy of the database. {RECOVERY}"
    )]
    Other {
        /// Of how many entries.
        size: u64,
        /// Who knows.
        known_from: Known,
    },
}

const RECOVERY: &str =
    "Where there is none, `ketenwijzer audit recover` opens a new log that cites this one (docs/ledger.md)";

/// From where an earlier checkpoint is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// The database itself, or what it said earlier.
    Database,
    /// The memory file.
    Memory,
    /// A witness.
    Witness(Oin),
}

impl std::fmt::Display for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Database => f.write_str("the database itself"),
            Self::Memory => f.write_str("the memory file"),
            Self::Witness(oin) => write!(f, "the witness {oin}"),
        }
    }
}

impl Doubt {
    pub(crate) fn contradicts(&self) -> bool {
        matches!(self, Self::Contradiction(_))
    }
}

impl From<ReadError> for Doubt {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Store(StoreError::Damaged(what)) => Contradiction::Damaged(what).into(),
            error => Fault::Read(error).into(),
        }
    }
}

impl From<KeepError> for Doubt {
    fn from(error: KeepError) -> Self {
        match error {
            KeepError::Store(StoreError::Damaged(what) | StoreError::Contradiction(what)) => {
                Contradiction::Damaged(what).into()
            }
            error => Fault::Keep(error).into(),
        }
    }
}

impl From<TilesError> for Doubt {
    fn from(_: TilesError) -> Self {
        Contradiction::Damaged("subtree root").into()
    }
}

impl From<Interrupted> for Doubt {
    fn from(_: Interrupted) -> Self {
        Fault::Stopped.into()
    }
}

impl Explain for Doubt {
    fn explain(&self, reason: &mut Reason) {
        match self {
            Self::Contradiction(contradiction) => contradiction.explain(reason),
            Self::Fault(fault) => fault.explain(reason),
        }
    }
}

impl Explain for Fault {
    fn explain(&self, reason: &mut Reason) {
        match self {
            Self::Agreement => reason
                .say("the agreement names another log or log key than at the start; restart the service"),
            Self::Late => reason.say("the database did not commit in time"),
            Self::Keep(_) => reason.say("the database did not commit"),
            Self::Memory { source, .. } => reason.say("the memory file cannot be used").because(source),
            Self::Read(_) => reason.say("the database cannot be read"),
            Self::Signing(_) => reason.say("the checkpoint cannot be signed"),
            Self::Stopped => reason.say("the work was interrupted"),
        };
    }
}

impl Explain for Contradiction {
    fn explain(&self, reason: &mut Reason) {
        match self {
            Self::Damaged(what) => reason.say("the database is damaged").say(what),
            Self::ForeignMemory { .. } => reason.say("the memory file is of another log or key"),
            Self::Missing(index) => reason.say("an entry is missing").with("index", index),
            Self::Older { stored, signed, .. } => {
                reason.say("the database is older than the log").with("stored", stored).with("signed", signed)
            }
            Self::Other { size, .. } => {
                reason.say("the database holds other entries than were signed").with("size", size)
            }
            Self::OtherKey { .. } => reason.say("the stored checkpoint is signed by another key"),
        };
    }
}

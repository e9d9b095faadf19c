//! Why a log, or a part of it, does not verify.

use kw_ledger::LeafError;
use kw_ledger::audit::AuditError;
use kw_ledger::note::KeyName;
use kw_ledger::policy::PolicyRefusal;
use kw_ledger::proof::{TlogProofError, TlogProofRefusal};
use kw_ledger::tile::{BundleId, TileId, TilesError};

use super::ReadError;

/// What does not verify, and where. [`is_verdict`](Self::is_verdict) tells it from what could not be read.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Something could not be read, or is not there.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The database could not be read.
    #[error("the database cannot be read: {source}")]
    Store {
        /// What it said.
        source: Box<dyn std::error::Error + Send + Sync>,
        /// Whether what it holds is damaged.
        damaged: bool,
    },
    /// A checkpoint is not one of this log.
    #[error("{file}: {refusal}")]
    Checkpoint {
        /// `checkpoint` or `witnessed-checkpoint`.
        file: &'static str,
        /// What is wrong with it.
        refusal: PolicyRefusal,
    },
    /// In a copy, which holds known signatures only, there is another.
    #[error("{file} bears a signature of {name} with a key that the policy does not know")]
    UnknownSignature {
        /// `checkpoint` or `witnessed-checkpoint`.
        file: &'static str,
        /// Whose it says it is.
        name: KeyName,
    },
    /// Witnesses are demanded, and no checkpoint has enough of their cosignatures.
    #[error("no checkpoint is cosigned by as many witnesses as are demanded")]
    Unwitnessed,
    /// The newest checkpoint is not an extension of the witnessed one.
    #[error("the witnessed checkpoint of size {0} is not a beginning of the log")]
    Fork(u64),
    /// Entries, tiles and checkpoint contradict each other.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// Tiles and checkpoint contradict each other.
    #[error(transparent)]
    Tiles(#[from] TilesError),
    /// An entry is not one that Ketenwijzer writes.
    #[error("entry {index} (in {bundle}): {error}")]
    Leaf {
        /// The number of the entry.
        index: u64,
        /// The bundle it is in.
        bundle: BundleId,
        /// What is wrong with it.
        error: LeafError,
    },
    /// A stored record and its salt do not give the leaf.
    #[error("entry {0}: the stored record is not the one that its leaf commits to")]
    Record(u64),
    /// A record is gone, and no record says that it was erased.
    #[error("entry {0}: the record is gone, and no record of an erasure covers it")]
    Gone(u64),
    /// The database has no entry where one must be.
    #[error("entry {0} is missing from the database")]
    NoEntry(u64),
    /// The stored root of a full tile is not that of the entries.
    #[error("the stored root of {0} is not the one that the entries give")]
    StoredTile(TileId),
    /// The stored size and root of a checkpoint are not those that were signed.
    #[error("the stored checkpoint is not the one that its note says")]
    StoredCheckpoint,
    /// The log of the database is not the one that was asked about.
    #[error("the database holds the log {found}, where {expected} was expected")]
    OtherLog {
        /// The origin of the agreement.
        expected: String,
        /// The origin in the database.
        found: String,
    },
    /// A text is not a proof.
    #[error(transparent)]
    ProofText(#[from] TlogProofError),
    /// A proof does not show what it should.
    #[error(transparent)]
    Proof(#[from] TlogProofRefusal),
    /// A proof is about another place than the receipt.
    #[error("the receipt is about entry {receipt}, the proof about entry {proof}")]
    OtherEntry {
        /// In the receipt.
        receipt: u64,
        /// In the proof.
        proof: u64,
    },
    /// The leaf in the log is another than the receipt gives.
    #[error("entry {0} of the log is not the one that the receipt promises")]
    OtherLeaf(u64),
    /// The log does not yet have the entry in a checkpoint that counts.
    #[error("entry {index} is not in the log yet: the checkpoint that counts has {size} entries")]
    NotYet {
        /// The number of the entry.
        index: u64,
        /// The size of the checkpoint.
        size: u64,
    },
}

impl VerifyError {
    /// Whether this says something about the log, and not only that it could not be looked at.
    pub fn is_verdict(&self) -> bool {
        match self {
            Self::Read(error) => error.is_verdict(),
            Self::Store { damaged, .. } => *damaged,
            Self::NotYet { .. } => false,
            _ => true,
        }
    }
}

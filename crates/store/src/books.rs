//! What the log's keeper writes down beside the log: what it signed, what it cosigned for others, which receipts it still
//! has to check. None of it is an act, so it leaves no record.

use kw_domain::{Instant, TransactionId};

use crate::error::StoreError;
use crate::ledger::LedgerRead;
use crate::partner::{AuthorisationsWrite, CanariesWrite, FeedbackSentWrite};

/// A checkpoint of this log as it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// How many entries it covers.
    pub size: u64,
    /// The root of their tree (RFC 9162 §2.1.1).
    pub root: [u8; 32],
    /// The signed note (C2SP signed-note), with the cosignatures collected so far.
    pub note: String,
    /// When it was signed.
    pub published_at: Instant,
}

/// What this party last cosigned of another log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessMemory {
    /// The log.
    pub origin: String,
    /// The checkpoint's size.
    pub size: u64,
    /// The checkpoint's root.
    pub root: [u8; 32],
    /// The note as it came, with this party's cosignature.
    pub note: String,
    /// When it was cosigned.
    pub at: Instant,
}

/// Where in another log a leaf must turn up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingReceipt {
    /// The log.
    pub origin: String,
    /// The index that was promised.
    pub index: u64,
    /// The leaf's commitment as the receipt gives it.
    pub leaf: [u8; 32],
    /// The exchange it belongs to.
    pub transaction: TransactionId,
    /// When it was received.
    pub at: Instant,
}

/// Reading the books.
pub trait BooksRead {
    /// The newest checkpoint that was signed.
    fn publication(&mut self) -> Result<Option<Publication>, StoreError>;

    /// The newest own checkpoint whose note has the quorum of cosignatures.
    fn witnessed_publication(&mut self) -> Result<Option<Publication>, StoreError>;

    /// At most `limit` roots of complete subtrees of 256^(`level` + 1) leaves, from the `from`th on, without a gap.
    fn subtree_roots(&mut self, level: u8, from: u64, limit: u32) -> Result<Vec<[u8; 32]>, StoreError>;

    /// What this party last cosigned of a log.
    fn witness_memory(&mut self, origin: &str) -> Result<Option<WitnessMemory>, StoreError>;

    /// The logs of which this party cosigned anything, by name; also those that the agreement no longer has.
    fn witnessed_origins(&mut self) -> Result<Vec<String>, StoreError>;
}

/// Receipts that wait to be checked. A partner has them.
pub trait ReceiptsWrite {
    /// Notes a receipt; the same one twice is one.
    fn await_receipt(&mut self, receipt: &PendingReceipt) -> Result<(), StoreError>;

    /// Strikes out a receipt that was checked, or that nothing can check any more.
    fn settle_receipt(&mut self, receipt: &PendingReceipt) -> Result<(), StoreError>;
}

/// Changing the books, the steps of a partner's authorisations and feedback reports that disclose and decide nothing, and a partner's
/// canaries, which are nobody. Whoever reads inside [`Store::keep`](crate::Store::keep) sees what no other process can change before the
/// commit.
pub trait Bookkeeping:
    LedgerRead + ReceiptsWrite + AuthorisationsWrite + CanariesWrite + FeedbackSentWrite
{
    /// Stores a signed checkpoint and the roots of subtrees (level, index, root) that became complete with it, if `previous`
    /// is still the newest. `false` when it is not: another process published meanwhile.
    ///
    /// # Errors
    ///
    /// [`StoreError::Contradiction`] for a checkpoint that is smaller than the last, as large with another root, or larger
    /// than the log; [`StoreError::Damaged`] when another root of one of these subtrees is stored.
    fn publish(
        &mut self,
        previous: Option<&Publication>,
        next: &Publication,
        roots: &[(u8, u64, [u8; 32])],
    ) -> Result<bool, StoreError>;

    /// Stores a published checkpoint's note with more cosignatures: for the newest checkpoint where it is still that, and as the
    /// newest witnessed one when it has the quorum and no newer one has.
    ///
    /// # Errors
    ///
    /// [`StoreError::Contradiction`] when a checkpoint of this size with another root is stored, or none so large was signed.
    fn store_cosigned(&mut self, cosigned: &Publication, quorum_met: bool) -> Result<(), StoreError>;

    /// Remembers what this party is about to cosign, if what it remembers is still of `previous_size`. `false` when it is not.
    ///
    /// # Errors
    ///
    /// [`StoreError::Contradiction`] for a checkpoint that is smaller than the remembered one, or as large with another root.
    fn remember_checkpoint(
        &mut self,
        previous_size: Option<u64>,
        memory: &WitnessMemory,
    ) -> Result<bool, StoreError>;
}

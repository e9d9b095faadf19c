//! One entry: that it is in the log, shown by a proof that can be kept.

use kw_ledger::checkpoint::SignedCheckpoint;
use kw_ledger::note::Note;
use kw_ledger::policy::PolicyRefusal;
use kw_ledger::proof::TlogProof;
use kw_ledger::tile::{Tiles, inclusion_tiles};
use kw_ledger::tree::{Hash, leaf_hash};
use kw_ledger::{Canonical, Leaf, LeafKind, Salt};
use kw_protocol::query::Receipt;

use super::source::CHECKPOINT;
use super::whole::read_checkpoints;
use super::{LogSource, Trust, VerifyError};

/// What a receipt promises: at this place of the log stands this leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordedEntry {
    /// The number of the entry.
    pub index: u64,
    /// The leaf.
    pub leaf: Leaf,
}

impl RecordedEntry {
    /// What a receipt promises about this record, which is its own one unless it came without.
    pub fn of(receipt: &Receipt, record: &str) -> Self {
        let record = Canonical::from_stored(record.to_owned());
        let leaf = Leaf::commit(LeafKind::Access, &Salt(receipt.salt.0), &record);
        Self { index: receipt.index, leaf }
    }

    fn hash(&self) -> Hash {
        leaf_hash(&self.leaf.to_bytes())
    }
}

/// Proves from the tiles of a log that an entry is in it, in the newest checkpoint that counts.
pub async fn prove(
    source: &LogSource,
    trust: &Trust,
    entry: &RecordedEntry,
) -> Result<(TlogProof, SignedCheckpoint), VerifyError> {
    let signed = counting(source, trust).await?;
    let (index, checkpoint) = (entry.index, signed.checkpoint());
    if index >= checkpoint.size {
        return Err(VerifyError::NotYet { index, size: checkpoint.size });
    }
    let mut tiles = Tiles::new();
    for id in inclusion_tiles(index, checkpoint.size) {
        tiles.insert(id, &source.read(id.into()).await?)?;
    }
    tiles.verify(checkpoint.size, &checkpoint.root)?;
    if tiles.leaf(index)? != entry.hash() {
        return Err(VerifyError::OtherLeaf(index));
    }
    let note = Note::parse(&trust.known_only(&signed));
    let checkpoint_note = note.map_err(|error| {
        let refusal = PolicyRefusal::Checkpoint(error.into());
        VerifyError::Checkpoint { file: CHECKPOINT, refusal }
    })?;
    let proof = tiles.inclusion_proof(index, checkpoint.size)?;
    let proof = TlogProof { extra: None, index, proof, checkpoint: checkpoint_note };
    proof.verify(&entry.hash(), trust.policy())?;
    Ok((proof, signed))
}

/// Checks that a proof shows what a receipt promises.
pub fn verify_proof(
    proof: &str,
    trust: &Trust,
    entry: &RecordedEntry,
) -> Result<SignedCheckpoint, VerifyError> {
    let proof = TlogProof::parse(proof)?;
    if proof.index != entry.index {
        return Err(VerifyError::OtherEntry { receipt: entry.index, proof: proof.index });
    }
    Ok(proof.verify(&entry.hash(), trust.policy())?)
}

/// The newest checkpoint with the quorum: the witnessed one, or simply the newest where no witness is demanded.
async fn counting(source: &LogSource, trust: &Trust) -> Result<SignedCheckpoint, VerifyError> {
    let (newest, witnessed) = read_checkpoints(source, trust).await?;
    if trust.policy().check_quorum(&newest).is_ok() {
        return Ok(newest);
    }
    witnessed.map(|witnessed| witnessed.signed).ok_or(VerifyError::Unwitnessed)
}

//! One entry: that it is in the log, shown by a proof that can be kept.

use std::collections::BTreeSet;

use kw_ledger::checkpoint::SignedCheckpoint;
use kw_ledger::note::Note;
use kw_ledger::policy::PolicyRefusal;
use kw_ledger::proof::TlogProof;
use kw_ledger::tile::{TileId, Tiles, inclusion_tiles};
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

/// A log at one moment: its newest checkpoint that counts, and the tiles that were read under it, each of them once.
#[derive(Debug)]
pub struct Reading<'a> {
    source: &'a LogSource,
    trust: &'a Trust,
    signed: SignedCheckpoint,
    /// What a proof is kept with: the checkpoint, with the signatures that are known.
    note: Note,
    /// Verified against that checkpoint.
    tiles: Tiles,
    read: BTreeSet<TileId>,
}

impl<'a> Reading<'a> {
    /// Reads the checkpoint; tiles follow when an entry is proved.
    pub async fn begin(source: &'a LogSource, trust: &'a Trust) -> Result<Self, VerifyError> {
        let signed = counting(source, trust).await?;
        let note = Note::parse(&trust.known_only(&signed)).map_err(|error| {
            let refusal = PolicyRefusal::Checkpoint(error.into());
            VerifyError::Checkpoint { file: CHECKPOINT, refusal }
        })?;
        Ok(Self { source, trust, signed, note, tiles: Tiles::new(), read: BTreeSet::new() })
    }

    /// The checkpoint.
    pub fn signed(&self) -> &SignedCheckpoint {
        &self.signed
    }

    /// Proves that an entry is in the log.
    pub async fn prove(&mut self, entry: &RecordedEntry) -> Result<TlogProof, VerifyError> {
        let index = entry.index;
        let size = self.signed.checkpoint().size;
        if index >= size {
            return Err(VerifyError::NotYet { index, size });
        }
        self.read_for(index).await?;
        if self.tiles.leaf(index)? != entry.hash() {
            return Err(VerifyError::OtherLeaf(index));
        }
        let proof = self.tiles.inclusion_proof(index, size)?;
        let proof = TlogProof { extra: None, index, proof, checkpoint: self.note.clone() };
        proof.verify(&entry.hash(), self.trust.policy())?;
        Ok(proof)
    }

    /// Tiles that are wrong are not kept: they tell nothing about entries below others.
    async fn read_for(&mut self, index: u64) -> Result<(), VerifyError> {
        let checkpoint = self.signed.checkpoint();
        let needed = inclusion_tiles(index, checkpoint.size).into_iter();
        let missing: Vec<TileId> = needed.filter(|id| !self.read.contains(id)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let mut tiles = self.tiles.clone();
        for id in &missing {
            tiles.insert(*id, &self.source.read((*id).into()).await?)?;
        }
        tiles.verify(checkpoint.size, &checkpoint.root)?;
        self.tiles = tiles;
        self.read.extend(missing);
        Ok(())
    }
}

/// Proves from the tiles of a log that an entry is in it, in the newest checkpoint that counts.
pub async fn prove(
    source: &LogSource,
    trust: &Trust,
    entry: &RecordedEntry,
) -> Result<(TlogProof, SignedCheckpoint), VerifyError> {
    let mut reading = Reading::begin(source, trust).await?;
    let proof = reading.prove(entry).await?;
    Ok((proof, reading.signed))
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

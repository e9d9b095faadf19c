//! Proofs that can be kept and checked without the log (C2SP tlog-proof): an entry is number so many of a log whose
//! checkpoint was signed and witnessed.

use std::fmt;

use crate::checkpoint::SignedCheckpoint;
use crate::note::{MAX_NOTE_LENGTH, Note, NoteError};
use crate::policy::{Policy, PolicyRefusal};
use crate::text::{decimal, from_base64, to_base64};
use crate::tree::{Hash, ProofError, verify_inclusion};
use crate::witness::{split_proof, write_proof};

/// The longest proof file that is read, in bytes.
pub const MAX_FILE_LENGTH: usize = MAX_NOTE_LENGTH + MAX_EXTRA_LENGTH + 4096;

/// The most text that the extra data may take.
const MAX_EXTRA_LENGTH: usize = 64 * 1024;

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// A proof as in a `.tlog-proof` file. Nothing in it is to be believed before [`verify`](Self::verify).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    /// What the application adds. Nobody vouches for it.
    pub extra: Option<Vec<u8>>,
    /// The number of the entry, from zero.
    pub index: u64,
    /// The inclusion proof, the sibling of the entry first.
    pub proof: Vec<Hash>,
    /// The checkpoint with its signatures.
    pub checkpoint: Note,
}

/// Why a text is not a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofError {
    /// It is longer than any proof needs to be.
    #[error("the proof is larger than allowed")]
    TooLarge,
    /// The first line is another.
    #[error("a proof begins with the line {HEADER}")]
    Header,
    /// The extra data is not base 64.
    #[error("the extra data of the proof is malformed")]
    Extra,
    /// There is no line with the number of the entry.
    #[error("the index of the proof is malformed")]
    Index,
    /// What follows is not hashes and an empty line.
    #[error("the hashes of the proof are malformed")]
    Proof,
    /// The rest is not a note.
    #[error(transparent)]
    Note(#[from] NoteError),
}

/// Why a proof shows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofRefusal {
    /// The checkpoint is not one that the policy believes.
    #[error(transparent)]
    Policy(#[from] PolicyRefusal),
    /// The entry is not in the tree of the checkpoint, or not at this place.
    #[error(transparent)]
    Inclusion(#[from] ProofError),
}

impl TlogProof {
    /// Reads a proof file. What is accepted is written again byte for byte by `to_string`.
    pub fn parse(text: &str) -> Result<Self, TlogProofError> {
        if text.len() > MAX_FILE_LENGTH {
            return Err(TlogProofError::TooLarge);
        }
        let rest = text.strip_prefix(HEADER).and_then(|rest| rest.strip_prefix('\n'));
        let mut rest = rest.ok_or(TlogProofError::Header)?;
        let mut extra = None;
        if let Some(line) = rest.strip_prefix("extra ") {
            let (data, after) = line.split_once('\n').ok_or(TlogProofError::Extra)?;
            extra = Some(from_base64(data).ok_or(TlogProofError::Extra)?);
            rest = after;
        }
        let (index, rest) = rest.split_once('\n').ok_or(TlogProofError::Index)?;
        let index = index.strip_prefix("index ").and_then(decimal).ok_or(TlogProofError::Index)?;
        let (proof, checkpoint) = split_proof(rest).ok_or(TlogProofError::Proof)?;
        Ok(Self { extra, index, proof, checkpoint: Note::parse(checkpoint)? })
    }

    /// Checks that the entry with this [hash](crate::tree::leaf_hash) is in a log that the policy believes, and gives the
    /// checkpoint that shows it.
    pub fn verify(&self, leaf: &Hash, policy: &Policy) -> Result<SignedCheckpoint, TlogProofRefusal> {
        let signed = policy.check(&self.checkpoint)?;
        let checkpoint = signed.checkpoint();
        verify_inclusion(self.index, checkpoint.size, leaf, &self.proof, &checkpoint.root)?;
        Ok(signed)
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", to_base64(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        write_proof(f, &self.proof)?;
        self.checkpoint.fmt(f)
    }
}

#[cfg(test)]
mod tests;

//! What a log asks of its witnesses, and when a witness may cosign (C2SP tlog-witness).

use std::fmt;

use crate::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
use crate::note::{MAX_NOTE_LENGTH, Note, NoteError, VerifierKey};
use crate::text::decimal;
use crate::tree::{Hash, empty_root, verify_consistency};

/// The most hashes a consistency proof may have.
pub const MAX_PROOF_LENGTH: usize = 63;

/// The longest request that is read, in bytes.
pub const MAX_REQUEST_LENGTH: usize = MAX_NOTE_LENGTH + 4096;

/// The media type of an answer that says which size a witness has seen.
pub const SIZE_MEDIA_TYPE: &str = "text/x.tlog.size";

/// The body of `add-checkpoint`: a checkpoint, and the proof that it extends the one of size `old`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size that the witness is thought to have seen last; 0 for none.
    pub old: u64,
    /// The consistency proof from there.
    pub proof: Vec<Hash>,
    /// The checkpoint, not yet verified.
    pub note: Note,
}

/// Why a body is not a request to cosign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddCheckpointError {
    /// It is longer than any request needs to be.
    #[error("the request is larger than allowed")]
    TooLarge,
    /// It does not begin with `old` and a number.
    #[error("the request does not begin with the old size")]
    OldSize,
    /// What follows is not at most 63 hashes and an empty line.
    #[error("the request has a malformed consistency proof")]
    Proof,
    /// The rest is not a checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

impl AddCheckpoint {
    /// Reads a body. What is accepted is written again byte for byte by `to_string`.
    pub fn parse(body: &str) -> Result<Self, AddCheckpointError> {
        if body.len() > MAX_REQUEST_LENGTH {
            return Err(AddCheckpointError::TooLarge);
        }
        let (old, rest) = body.split_once('\n').ok_or(AddCheckpointError::OldSize)?;
        let old = old.strip_prefix("old ").and_then(decimal).ok_or(AddCheckpointError::OldSize)?;
        let (proof, note) = split_proof(rest).ok_or(AddCheckpointError::Proof)?;
        let note = Note::parse(note).map_err(CheckpointError::from)?;
        Checkpoint::parse(note.text())?;
        Ok(Self { old, proof, note })
    }

    /// Whose checkpoint it says it is: by this the witness looks up the key.
    pub fn origin(&self) -> &str {
        self.note.text().lines().next().unwrap_or_default()
    }

    /// Decides whether the checkpoint may be cosigned by a witness that trusts `log` and has seen `seen` of it.
    ///
    /// Whoever cosigns keeps the checkpoint first, and only if what was seen is still the same.
    pub fn examine(
        &self,
        log: &VerifierKey,
        seen: Option<(u64, Hash)>,
    ) -> Result<SignedCheckpoint, WitnessRefusal> {
        let signed = SignedCheckpoint::verify(self.note.clone(), log).map_err(|error| match error {
            CheckpointError::Note(NoteError::NotSigned | NoteError::BadSignature) => {
                WitnessRefusal::NotSigned
            }
            _ => WitnessRefusal::Malformed,
        })?;
        let checkpoint = signed.checkpoint();
        let (seen_size, seen_root) = seen.unwrap_or_else(|| (0, empty_root()));
        if self.old > checkpoint.size {
            return Err(WitnessRefusal::OlderThanOld);
        }
        if self.old != seen_size {
            return Err(WitnessRefusal::SeenOther { size: seen_size });
        }
        if self.old == checkpoint.size && seen_root != checkpoint.root {
            return Err(WitnessRefusal::Fork { size: seen_size });
        }
        verify_consistency(self.old, checkpoint.size, &seen_root, &checkpoint.root, &self.proof)
            .map_err(|_| WitnessRefusal::Inconsistent)?;
        Ok(signed)
    }
}

/// Why a witness does not cosign, with the status that the specification gives each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WitnessRefusal {
    /// 400: it is not the checkpoint of such a log.
    #[error("the checkpoint is malformed")]
    Malformed,
    /// 400: the old size is larger than that of the checkpoint.
    #[error("the old size is larger than the size of the checkpoint")]
    OlderThanOld,
    /// 403: the log has not signed it.
    #[error("the checkpoint is not signed by its log")]
    NotSigned,
    /// 409: the witness has seen another size.
    #[error("the last checkpoint seen of this log has size {size}")]
    SeenOther {
        /// The size that it has seen last.
        size: u64,
    },
    /// 409: of this very size the witness has seen another root. The log has forked.
    #[error("another checkpoint of size {size} was seen of this log")]
    Fork {
        /// The size of both.
        size: u64,
    },
    /// 422: the proof does not lead from what was seen to this checkpoint.
    #[error("the checkpoint is not shown to extend the last one seen")]
    Inconsistent,
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        write_proof(f, &self.proof)?;
        self.note.fmt(f)
    }
}

/// The body with which a witness says which size it has seen.
pub fn size_line(size: u64) -> String {
    format!("{size}\n")
}

/// Reads such a body.
pub fn parse_size_line(body: &str) -> Option<u64> {
    body.strip_suffix('\n').and_then(decimal)
}

/// Hashes, one per line, then an empty line; what follows is the rest. At most 63.
pub(crate) fn split_proof(text: &str) -> Option<(Vec<Hash>, &str)> {
    let mut proof = Vec::new();
    let mut rest = text;
    loop {
        let (line, after) = rest.split_once('\n')?;
        rest = after;
        if line.is_empty() {
            return Some((proof, rest));
        }
        if proof.len() == MAX_PROOF_LENGTH {
            return None;
        }
        proof.push(Hash::parse(line)?);
    }
}

pub(crate) fn write_proof(f: &mut fmt::Formatter<'_>, proof: &[Hash]) -> fmt::Result {
    proof.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
    writeln!(f)
}

#[cfg(test)]
mod tests;

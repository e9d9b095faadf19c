//! Checkpoints (C2SP tlog-checkpoint): the state of a log at a size, and the note in which its owner vouches for it.

use std::fmt;

use crate::note::{KeyName, Note, NoteError, NoteSignature, SigningKey, VerifierKey};
use crate::text::decimal;
use crate::tree::{Hash, empty_root};

/// The state of a log: whose, how many entries, and the root of their tree.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Checkpoint {
    /// The name of the log, which is also the name of its key.
    pub origin: String,
    /// The number of entries.
    pub size: u64,
    /// The root of the tree of that size.
    pub root: Hash,
}

/// Why a text is not a checkpoint, or a checkpoint is not to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The note around it is none, or its signature is wrong.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// It has not three lines. Extension lines, which nobody audits, are not accepted either.
    #[error("a checkpoint is three lines: origin, size and root")]
    Lines,
    /// The origin cannot be the name of a key.
    #[error("the origin of the checkpoint is no name")]
    Origin,
    /// The size is not a number in its one spelling.
    #[error("the size of the checkpoint is not a decimal number")]
    Size,
    /// The root is not a hash, or a log without entries has another than the one of nothing.
    #[error("the root of the checkpoint is not a hash of such a tree")]
    Root,
    /// It is about another log than that of the key.
    #[error("the checkpoint is that of another log")]
    OtherLog,
}

impl Checkpoint {
    /// The text that is signed.
    pub fn body(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root)
    }

    /// Reads the text that is signed.
    pub fn parse(body: &str) -> Result<Self, CheckpointError> {
        let mut lines = body.strip_suffix('\n').ok_or(CheckpointError::Lines)?.split('\n');
        let (Some(origin), Some(size), Some(root), None) =
            (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointError::Lines);
        };
        let origin = KeyName::parse(origin).map_err(|_| CheckpointError::Origin)?;
        let size = decimal(size).ok_or(CheckpointError::Size)?;
        let root = Hash::parse(root).ok_or(CheckpointError::Root)?;
        if size == 0 && root != empty_root() {
            return Err(CheckpointError::Root);
        }
        Ok(Self { origin: origin.as_str().to_owned(), size, root })
    }

    /// Signs it with the key of the log. Refused when the key has another name.
    pub fn sign(self, key: &SigningKey) -> Result<SignedCheckpoint, CheckpointError> {
        if key.verifier().name().as_str() != self.origin {
            return Err(CheckpointError::OtherLog);
        }
        let note = key.sign(self.body())?;
        Ok(SignedCheckpoint { checkpoint: self, note })
    }
}

/// A checkpoint whose signature by its log has been checked, with all signatures under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

impl SignedCheckpoint {
    /// Reads a published checkpoint and checks that this log signed it.
    pub fn parse(text: &str, log: &VerifierKey) -> Result<Self, CheckpointError> {
        Self::verify(Note::parse(text)?, log)
    }

    /// Checks that a note is a checkpoint that this log signed.
    pub fn verify(note: Note, log: &VerifierKey) -> Result<Self, CheckpointError> {
        note.verify(log)?.ok_or(NoteError::NotSigned)?;
        let checkpoint = Checkpoint::parse(note.text())?;
        if checkpoint.origin != log.name().as_str() {
            return Err(CheckpointError::OtherLog);
        }
        Ok(Self { checkpoint, note })
    }

    /// What was signed.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note, with the signatures of others.
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// Adds the cosignature of a witness after checking it. An earlier one of the same witness gives way.
    pub fn add_cosignature(&mut self, line: NoteSignature, witness: &VerifierKey) -> Result<(), NoteError> {
        if !witness.is_named_by(&line) {
            return Err(NoteError::NotSigned);
        }
        witness.verify(self.note.text(), &line.bytes).ok_or(NoteError::BadSignature)?;
        self.note.add(line)
    }

    /// Which of these witnesses have cosigned. One whose cosignature does not fit has not.
    pub fn cosigned_by<'w>(
        &self,
        witnesses: impl IntoIterator<Item = &'w VerifierKey>,
    ) -> Vec<&'w VerifierKey> {
        let cosigned = |witness: &&VerifierKey| matches!(self.note.verify(witness), Ok(Some(_)));
        witnesses.into_iter().filter(cosigned).collect()
    }
}

/// The note as it is published.
impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}

#[cfg(test)]
mod tests;

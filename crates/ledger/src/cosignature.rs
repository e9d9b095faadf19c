//! Cosignatures (C2SP tlog-cosignature, `cosignature/v1`): a witness says that at some time this was the largest tree
//! it had seen of this log, and that it extends all earlier ones.

use std::fmt;

use crate::checkpoint::SignedCheckpoint;
use crate::note::{KeyNameError, KeyPair, NoteSignature, SignatureKind, VerifierKey};

/// The key with which a witness cosigns.
pub struct CosigningKey(KeyPair);

impl CosigningKey {
    /// Makes the key that follows from a seed.
    ///
    /// The signature does not cover the name: one seed is for one witness only, and never that of a log.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, KeyNameError> {
        KeyPair::from_seed(name, SignatureKind::Cosignature, seed).map(Self)
    }

    /// What verifiers are told of it.
    pub fn verifier(&self) -> &VerifierKey {
        &self.0.verifier
    }

    /// Cosigns a checkpoint, at `time` in seconds since 1970.
    ///
    /// Whoever calls this has checked that the checkpoint extends all that was cosigned before, and has kept it.
    pub fn cosign(&self, checkpoint: &SignedCheckpoint, time: u64) -> NoteSignature {
        let time = time.min(MAX_TIME);
        let signature = self.0.sign(message(time, checkpoint.note().text()).as_bytes());
        self.0.line([&time.to_be_bytes()[..], &signature].concat())
    }
}

impl fmt::Debug for CosigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CosigningKey({})", self.verifier())
    }
}

const MAX_TIME: u64 = i64::MAX as u64;

/// What is signed, for the body of a checkpoint.
pub(crate) fn message(time: u64, body: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{body}")
}

/// The time and the Ed25519 signature in the bytes of a cosignature.
pub(crate) fn split(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (time, signature) = bytes.split_first_chunk::<8>()?;
    let time = u64::from_be_bytes(*time);
    (time <= MAX_TIME).then_some((time, signature))
}

#[cfg(test)]
mod tests;

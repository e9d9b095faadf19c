//! The one byte form of a record.

use aws_lc_rs::digest::{SHA256, digest};
use serde::Serialize;

/// Canonical JSON (RFC 8785): what a leaf commits to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canonical(String);

impl Canonical {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// SHA-256 of the text.
    pub fn sha256(&self) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, self.0.as_bytes()).as_ref());
        hash
    }

    /// The text, owned.
    pub fn into_string(self) -> String {
        self.0
    }

    /// Takes a text back that was canonical when it was stored; its leaf tells whether it still is the same text.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }
}

/// The value has no JSON form.
#[derive(Debug, thiserror::Error)]
#[error("the value cannot be written as JSON: {0}")]
pub struct CanonicalError(#[from] serde_json::Error);

/// Writes a value whose type declares its fields in the order of their JSON names and holds no floating-point number.
///
/// For such a value serde's compact output is the canonical form; the tests of each type compare it with an independent
/// canonicaliser (docs/decisions/0009).
pub fn canonical<T: Serialize>(value: &T) -> Result<Canonical, CanonicalError> {
    Ok(Canonical(serde_json::to_string(value)?))
}

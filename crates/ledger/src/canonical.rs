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

/// What may be written in its canonical form, and so become a leaf.
pub trait Recordable: Serialize {
    /// Whether it says no more than it may.
    fn check(&self) -> Result<(), CanonicalError> {
        Ok(())
    }
}

/// Why a value has no canonical form. A fault of the program that made it, and always the end of the act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CanonicalError {
    /// The value has no JSON form.
    #[error("the value cannot be written as JSON")]
    Json,
    /// A word that is a code elsewhere is none here.
    #[error("{field} is no code")]
    NoCode {
        /// Which.
        field: &'static str,
    },
    /// A record says more than its event may.
    #[error("a record of {event} may not have {field} (docs/logging.md)")]
    NotAllowed {
        /// The event's code.
        event: &'static str,
        /// The field.
        field: &'static str,
    },
    /// What a person wrote holds what seems to be a citizen service number.
    #[error("{field} seems to hold a citizen service number")]
    Number {
        /// Which.
        field: &'static str,
    },
}

/// Writes a value whose type declares its fields in the order of their JSON names and holds no floating-point number.
///
/// For such a value serde's compact output is the canonical form; the tests of each type compare it with an independent
/// canonicaliser (docs/decisions/0009).
///
/// A record that says more than it may is refused here: without its canonical form it has no leaf.
pub fn canonical<T: Recordable>(value: &T) -> Result<Canonical, CanonicalError> {
    value.check()?;
    serde_json::to_string(value).map(Canonical).map_err(|_| CanonicalError::Json)
}

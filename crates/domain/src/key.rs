//! What a pseudonymiser key is for, and its generation.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The use of a pseudonymiser key. Index and binding are separated by key, never by a text the caller chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyUse {
    /// Yields N_binding, which never leaves the partners.
    Binding,
    /// Yields N_index, which goes to the switchboard.
    Index,
}

impl KeyUse {
    /// Both uses.
    pub const ALL: [Self; 2] = [Self::Index, Self::Binding];

    /// The use as it stands in messages, key files and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Binding => "binding",
            Self::Index => "index",
        }
    }
}

impl fmt::Display for KeyUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for KeyUse {
    type Err = KeyUseError;

    fn from_str(text: &str) -> Result<Self, KeyUseError> {
        Self::ALL.into_iter().find(|one| one.as_str() == text).ok_or(KeyUseError)
    }
}

/// The text names no use of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key is for 'index' or for 'binding'")]
pub struct KeyUseError;

/// The generation of a key, counted from 1. Rotation begins the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub u32);

impl Epoch {
    /// The generation that follows.
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

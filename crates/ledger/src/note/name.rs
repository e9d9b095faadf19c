//! Names of keys.

use std::fmt;

/// The name of a key: not empty, without white space, control characters and `+`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

/// The text cannot name a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name of a key is empty or has a space, a control character or a plus")]
pub struct KeyNameError;

impl KeyName {
    /// Reads a name.
    pub fn parse(text: &str) -> Result<Self, KeyNameError> {
        let forbidden = |character: char| character.is_whitespace() || character < ' ' || character == '+';
        if text.is_empty() || text.contains(forbidden) {
            Err(KeyNameError)
        } else {
            Ok(Self(text.to_owned()))
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

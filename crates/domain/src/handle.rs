//! The holder's own name for a pointer.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// A random 128-bit name that a holder gives one pointer. Grants carry it instead of a pseudonym, so two holders cannot
/// tell from what they are asked that they know the same person. Written as 22 characters of unpadded base64url.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Handle([u8; 16]);

impl Handle {
    /// A handle of 16 bytes that the caller drew at random.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Parses 22 characters of unpadded base64url.
    pub fn parse(text: &str) -> Result<Self, HandleError> {
        let mut bytes = [0; 16];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
            Ok(16) => Ok(Self(bytes)),
            _ => Err(HandleError),
        }
    }

    /// The 16 bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handle(…)")
    }
}

impl TryFrom<String> for Handle {
    type Error = HandleError;

    fn try_from(text: String) -> Result<Self, HandleError> {
        Self::parse(&text)
    }
}

impl From<Handle> for String {
    fn from(handle: Handle) -> Self {
        handle.to_string()
    }
}

/// The text is no handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a handle is 16 bytes in unpadded base64url (22 characters)")]
pub struct HandleError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_reads_back_and_never_shows_in_debug() {
        let handle = Handle::from_bytes(*b"0123456789abcdef");
        assert_eq!(Handle::parse(&handle.to_string()), Ok(handle));
        assert_eq!(format!("{handle:?}"), "Handle(…)");
        assert_eq!(Handle::parse("short"), Err(HandleError));
        assert_eq!(Handle::parse(&"A".repeat(23)), Err(HandleError));
    }
}

//! Fixed-size byte strings in JSON: unpadded base64url, nothing else accepted.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize as _;

/// The text is not the expected number of bytes in unpadded base64url.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {0} bytes in unpadded base64url")]
pub struct BytesError(usize);

macro_rules! byte_strings {
    ($($(#[$doc:meta])+ $name:ident($len:literal) $(, $copy:ident)?;)+) => {$(
        $(#[$doc])+
        #[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize $(, $copy)?)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub [u8; $len]);

        impl TryFrom<String> for $name {
            type Error = BytesError;

            fn try_from(text: String) -> Result<Self, BytesError> {
                let mut bytes = [0; $len];
                match URL_SAFE_NO_PAD.decode_slice(&text, &mut bytes) {
                    Ok($len) => Ok(Self(bytes)),
                    _ => Err(BytesError($len)),
                }
            }
        }

        impl From<$name> for String {
            fn from(bytes: $name) -> Self {
                URL_SAFE_NO_PAD.encode(bytes.0)
            }
        }
    )+};
}

byte_strings! {
    /// Sixteen bytes, shown in `Debug`: nothing secret.
    Bytes16(16), Copy;
    /// Thirty-two bytes, shown in `Debug`: nothing secret.
    Bytes32(32), Copy;
    /// Thirty-two bytes that identify or prove: redacted in `Debug`, wiped on drop.
    SecretBytes32(32);
}

impl Drop for SecretBytes32 {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for SecretBytes32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes32(…)")
    }
}

impl fmt::Debug for Bytes16 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes16({})", URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for Bytes32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes32({})", URL_SAFE_NO_PAD.encode(self.0))
    }
}

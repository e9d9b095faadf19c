//! Values that open something: 256 random bits in unpadded base64url, kept as their SHA-256 only.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_runtime::Entropy;
use zeroize::Zeroizing;

/// A fresh value that nobody can guess: 43 characters.
pub(crate) fn fresh(entropy: &Entropy) -> Zeroizing<String> {
    let bytes = Zeroizing::new(entropy.draw::<32>());
    Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()))
}

/// What is stored of a value. Looking it up by this tells an attacker's clock nothing about the value itself.
pub(crate) fn stored(value: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, value.as_bytes()).as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_long_and_never_the_same() {
        let entropy = Entropy::os();
        let (one, other) = (fresh(&entropy), fresh(&entropy));
        assert_eq!(one.len(), 43);
        assert_ne!(one, other);
        assert_ne!(stored(&one), stored(&other));
    }
}

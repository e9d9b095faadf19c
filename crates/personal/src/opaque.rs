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

/// What is stored of a value.
pub(crate) fn stored(value: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, value.as_bytes()).as_ref());
    bytes
}

/// The challenge of a code verifier (RFC 7636 §4.2, S256).
pub(crate) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(stored(verifier))
}

/// Sealed bytes as a cookie has them.
pub(crate) fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of [`text`].
pub(crate) fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_rfc_7636_appendix_b() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn what_is_sealed_reads_back_from_a_cookie() {
        assert_eq!(bytes(&text(&[0, 255, 7])).as_deref(), Some([0, 255, 7].as_slice()));
        assert_eq!(bytes("no base64url!"), None);
    }
}

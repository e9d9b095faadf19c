//! Proof Key for Code Exchange (RFC 7636), method S256 and no other.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

/// A code challenge: SHA-256 of the verifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Challenge([u8; 32]);

impl Challenge {
    /// Reads a challenge: 43 characters of unpadded base64url.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        (URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) == Ok(32)).then_some(Self(bytes))
    }

    /// The challenge of a verifier.
    pub fn of(verifier: &str) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, verifier.as_bytes()).as_ref());
        Self(bytes)
    }

    /// Whether this verifier made it. A verifier has 43 to 128 unreserved characters (RFC 7636 §4.1).
    pub fn is_met_by(&self, verifier: &str) -> bool {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        (43..=128).contains(&verifier.len())
            && verifier.bytes().all(unreserved)
            && Self::of(verifier).0.ct_eq(&self.0).into()
    }

    /// As it stands in requests.
    pub fn to_text(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_the_rfc_holds() {
        let challenge = Challenge::parse(CHALLENGE).unwrap();
        assert!(challenge.is_met_by(VERIFIER));
        assert_eq!(Challenge::of(VERIFIER).to_text(), CHALLENGE);
    }

    #[test]
    fn another_verifier_and_one_of_another_form_do_not_meet_it() {
        let challenge = Challenge::parse(CHALLENGE).unwrap();
        assert!(!challenge.is_met_by(&VERIFIER.replace('d', "e")));
        assert!(!challenge.is_met_by(CHALLENGE));
        for short_long_or_strange in ["a".repeat(42), "a".repeat(129), format!("{} ", "a".repeat(43))] {
            let challenge = Challenge::of(&short_long_or_strange);
            assert!(!challenge.is_met_by(&short_long_or_strange));
        }
    }

    #[test]
    fn a_challenge_has_thirty_two_bytes() {
        for wrong in ["", "abc", &CHALLENGE[..42], &format!("{CHALLENGE}A"), &format!("{CHALLENGE}=")] {
            assert_eq!(Challenge::parse(wrong), None, "{wrong}");
        }
    }
}

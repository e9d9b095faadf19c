//! The secret that exactly those can make who know the subject, and the proof of knowing it.

use kw_domain::Oin;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::Element;
use crate::redacted::redact;

/// binding_h: what ties one subject to one holder. The holder stores its own, encrypted at rest, with the epoch of the
/// key that made it; a requester computes it anew for each holder it asks. Comparison takes constant time.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Binding([u8; 32]);

redact!(Binding);

impl Binding {
    /// BLAKE3-derive-key(context, N_binding ‖ the holder's OIN as 20 ASCII characters).
    pub fn derive(n_binding: &Element, holder: Oin) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
        hasher.update(n_binding.0.bytes());
        hasher.update(holder.as_str().as_bytes());
        let binding = Self(*hasher.finalize().as_bytes());
        hasher.zeroize();
        binding
    }

    /// The binding as it was stored.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(*bytes)
    }

    /// The binding as it is stored, encrypted.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0)
    }

    /// "I mean the person behind this handle, and I know the BSN", for one grant in its compact form:
    /// BLAKE3-keyed(binding, "subject" ‖ SHA-256(grant)).
    pub fn subject_proof(&self, grant: &str) -> [u8; 32] {
        *self.keyed(b"subject", grant, b"").as_bytes()
    }

    /// Whether the asker of this grant means the person that this binding is of. Takes constant time.
    pub fn verify_subject(&self, grant: &str, proof: &[u8; 32]) -> bool {
        self.keyed(b"subject", grant, b"") == *proof
    }

    /// BLAKE3-keyed(binding, label ‖ SHA-256(grant) ‖ rest). `blake3::Hash` compares in constant time.
    pub(crate) fn keyed(&self, label: &[u8], grant: &str, rest: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(label);
        hasher.update(&Sha256::digest(grant.as_bytes()));
        hasher.update(rest);
        let hash = hasher.finalize();
        hasher.zeroize();
        hash
    }
}

impl PartialEq for Binding {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Binding {}

const CONTEXT: &str = "ketenwijzer 2026 subject binding v1";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SecretKey;
    use crate::testing::{Script, binding, element};

    const GRANT: &str = "eyJ.sample.grant";

    fn oin(text: &str) -> Oin {
        Oin::parse(text).unwrap()
    }

    #[test]
    fn who_knows_the_subject_proves_it_to_the_holder() {
        let rng = &mut Script::seeded(1);
        let key = SecretKey::generate(rng);
        let holder = oin("00000099000000001000");
        let stored = Binding::derive(&element(&key, "nl.bsn:999990342", rng), holder);
        let asker = Binding::derive(&element(&key, "nl.bsn:999990342", rng), holder);
        assert_eq!(stored, asker);
        assert!(stored.verify_subject(GRANT, &asker.subject_proof(GRANT)));
    }

    #[test]
    fn a_proof_about_another_person_is_refused() {
        let rng = &mut Script::seeded(1);
        let key = SecretKey::generate(rng);
        let holder = oin("00000099000000001000");
        let stored = Binding::derive(&element(&key, "nl.bsn:999990342", rng), holder);
        let asker = Binding::derive(&element(&key, "nl.bsn:999994086", rng), holder);
        assert!(!stored.verify_subject(GRANT, &asker.subject_proof(GRANT)));
    }

    #[test]
    fn a_proof_cannot_be_replayed_at_another_holder() {
        let rng = &mut Script::seeded(1);
        let n_binding = element(&SecretKey::generate(rng), "nl.bsn:999990342", rng);
        let here = Binding::derive(&n_binding, oin("00000099000000001000"));
        let there = Binding::derive(&n_binding, oin("00000099000000002000"));
        assert!(!there.verify_subject(GRANT, &here.subject_proof(GRANT)));
    }

    #[test]
    fn a_proof_cannot_be_replayed_for_another_grant() {
        let binding = binding(1);
        assert!(!binding.verify_subject("eyJ.other.grant", &binding.subject_proof(GRANT)));
    }

    #[test]
    fn a_proof_with_any_bit_changed_is_refused() {
        let binding = binding(1);
        for bit in 0..256 {
            let mut proof = binding.subject_proof(GRANT);
            proof[bit / 8] ^= 1 << (bit % 8);
            assert!(!binding.verify_subject(GRANT, &proof), "bit {bit}");
        }
    }

    #[test]
    fn a_stored_binding_proves_what_the_derived_one_does() {
        let derived = binding(1);
        let stored = Binding::from_bytes(&derived.to_bytes());
        assert_eq!(stored.subject_proof(GRANT), derived.subject_proof(GRANT));
    }

    #[test]
    fn debug_shows_no_byte() {
        assert_eq!(format!("{:?}", binding(1)), "Binding(…)");
    }
}

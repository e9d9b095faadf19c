//! What the switchboard makes of N_index: the element it stores and the tag it finds it by.

use rand_core::CryptoRngCore;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::factor::Factor;
use crate::redacted::redact;
use crate::{Element, KeyError};

/// k_s: the switchboard's secret scalar. Without it a copy of the index is worthless even to the pseudonymiser.
#[derive(Clone, ZeroizeOnDrop)]
pub struct IndexKey(Factor);

/// k_tag: the switchboard's symmetric key for tags.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct TagKey([u8; 32]);

/// What a subject is found by in the index, for one generation of k_s. It says nothing without k_tag, so the database
/// may compare and sort it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub [u8; 32]);

redact!(IndexKey, TagKey, Tag);

impl IndexKey {
    /// Draws a new key.
    pub fn generate(rng: &mut dyn CryptoRngCore) -> Self {
        Self(Factor::random(rng))
    }

    /// Parses 32 bytes, little-endian, below the order of the group and not zero.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        Factor::from_bytes(bytes).map(Self)
    }

    /// The key as it is stored in its file, with mode 0600.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        self.0.to_bytes()
    }

    /// T = k_s·N_index, the element that the index stores encrypted.
    pub fn index_element(&self, n_index: &Element) -> Element {
        Element(n_index.0.times(self.0.scalar()))
    }

    pub(crate) fn factor(&self) -> &Factor {
        &self.0
    }
}

impl TagKey {
    /// Draws a new key.
    pub fn generate(rng: &mut dyn CryptoRngCore) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// The key as it is stored.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(*bytes)
    }

    /// The key as it is stored in its file, with mode 0600.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0)
    }

    /// The tag of T in one generation of k_s: BLAKE3-keyed(k_tag, generation as four bytes, big-endian ‖ T).
    pub fn tag(&self, generation: u32, t: &Element) -> Tag {
        let mut input = Zeroizing::new([0; 36]);
        input[..4].copy_from_slice(&generation.to_be_bytes());
        input[4..].copy_from_slice(t.0.bytes());
        Tag(*blake3::keyed_hash(&self.0, input.as_slice()).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SecretKey;
    use crate::testing::{Script, element};

    #[test]
    fn one_person_has_one_tag_in_each_generation() {
        let rng = &mut Script::seeded(1);
        let (k_p, k_s, k_tag) = (SecretKey::generate(rng), IndexKey::generate(rng), TagKey::generate(rng));
        let mut t = |subject| k_s.index_element(&element(&k_p, subject, rng));
        let (once, again, somebody_else) =
            (t("nl.bsn:999990342"), t("nl.bsn:999990342"), t("nl.bsn:999994086"));
        assert_eq!(k_tag.tag(1, &once), k_tag.tag(1, &again));
        assert_ne!(k_tag.tag(1, &once), k_tag.tag(2, &once));
        assert_ne!(k_tag.tag(1, &once), k_tag.tag(1, &somebody_else));
    }

    #[test]
    fn the_same_number_in_another_scheme_is_somebody_else() {
        let rng = &mut Script::seeded(1);
        let k_p = SecretKey::generate(rng);
        assert_ne!(element(&k_p, "nl.bsn:999990342", rng), element(&k_p, "nl.rsin:999990342", rng));
    }

    #[test]
    fn another_key_gives_another_tag() {
        let rng = &mut Script::seeded(1);
        let n_index = element(&SecretKey::generate(rng), "nl.bsn:999990342", rng);
        let (k_s, k_tag) = (IndexKey::generate(rng), TagKey::generate(rng));
        let tag = k_tag.tag(1, &k_s.index_element(&n_index));
        assert_ne!(TagKey::generate(rng).tag(1, &k_s.index_element(&n_index)), tag);
        assert_ne!(k_tag.tag(1, &IndexKey::generate(rng).index_element(&n_index)), tag);
    }

    #[test]
    fn stored_keys_make_the_same_tag() {
        let rng = &mut Script::seeded(1);
        let n_index = element(&SecretKey::generate(rng), "nl.bsn:999990342", rng);
        let (k_s, k_tag) = (IndexKey::generate(rng), TagKey::generate(rng));
        let stored_k_s = IndexKey::from_bytes(&k_s.to_bytes()).unwrap();
        let stored_k_tag = TagKey::from_bytes(&k_tag.to_bytes());
        assert_eq!(
            stored_k_tag.tag(1, &stored_k_s.index_element(&n_index)),
            k_tag.tag(1, &k_s.index_element(&n_index))
        );
    }

    #[test]
    fn debug_shows_no_byte() {
        let rng = &mut Script::seeded(1);
        let (k_s, k_tag) = (IndexKey::generate(rng), TagKey::generate(rng));
        assert_eq!(format!("{k_s:?} {k_tag:?} {:?}", Tag([7; 32])), "IndexKey(…) TagKey(…) Tag(…)");
    }
}

//! Columns of the index that a stolen copy must not show.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use rand_core::CryptoRngCore;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::redacted::redact;

/// k_row: the switchboard's symmetric key for encrypted columns and for finding their values again.
///
/// Each purpose works with a key derived from it, so that a digest says nothing about the encryption.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct RowKey([u8; 32]);

redact!(RowKey);

impl RowKey {
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

    /// Encrypts a value with AES-256-GCM for one place: `nonce ‖ ciphertext ‖ 16 bytes of authentication`.
    ///
    /// `context` names table, column and row, so that a value moved elsewhere does not open. `nonce` comes fresh from
    /// the entropy source for every call: the same one twice breaks the encryption. Random nonces allow 2³² values per
    /// key (NIST SP 800-38D §8.3).
    pub fn seal(&self, context: &[u8], plain: &[u8], nonce: [u8; 12]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let tag = self.cipher().seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(context),
            &mut sealed[NONCE_LEN..],
        );
        #[expect(clippy::expect_used, reason = "GCM refuses only values past 64 GiB, which no column holds")]
        let tag = tag.expect("a column is shorter than 64 GiB");
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// Opens what [`Self::seal`] made with this key for the same context.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(SealError)?;
        let mut buffer = Zeroizing::new(rest.to_vec());
        let length = self
            .cipher()
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(context), &mut buffer)
            .map_err(|_| SealError)?
            .len();
        buffer.truncate(length);
        Ok(buffer)
    }

    /// A digest by which the database can keep an encrypted value unique and find it: equal parts, equal digest, and
    /// nothing else can be read from it without the key.
    pub fn digest(&self, parts: &[&[u8]]) -> [u8; 16] {
        let key = Zeroizing::new(blake3::derive_key(DIGEST_CONTEXT, &self.0));
        let mut hasher = blake3::Hasher::new_keyed(&key);
        for part in parts {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        let mut digest = [0; 16];
        hasher.finalize_xof().fill(&mut digest);
        hasher.zeroize();
        digest
    }

    fn cipher(&self) -> LessSafeKey {
        let key = Zeroizing::new(blake3::derive_key(SEAL_CONTEXT, &self.0));
        let key = UnboundKey::new(&AES_256_GCM, key.as_slice());
        #[expect(clippy::expect_used, reason = "only another length than 32 bytes is refused")]
        LessSafeKey::new(key.expect("the derived key has 32 bytes"))
    }
}

/// A stored value does not open: the row was changed or moved, or the row key is another one. Never the caller's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed column does not open: check that the row key belongs to this database, or restore the row")]
pub struct SealError;

const DIGEST_CONTEXT: &str = "ketenwijzer 2026 sealed column digest v1";
const SEAL_CONTEXT: &str = "ketenwijzer 2026 sealed column v1";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::Script;

    fn key(seed: u64) -> RowKey {
        RowKey::generate(&mut Script::seeded(seed))
    }

    proptest! {
        #[test]
        fn a_sealed_value_opens_in_its_own_place(
            plain in prop::collection::vec(any::<u8>(), 0..80),
            context in prop::collection::vec(any::<u8>(), 0..40),
            nonce in any::<[u8; 12]>(),
        ) {
            let sealed = key(1).seal(&context, &plain, nonce);
            prop_assert_eq!(sealed.len(), plain.len() + 28);
            prop_assert_eq!(&sealed[..12], &nonce);
            let opened = key(1).open(&context, &sealed).unwrap();
            prop_assert_eq!(opened.as_slice(), plain);
        }

        #[test]
        fn arbitrary_bytes_do_not_open(sealed in prop::collection::vec(any::<u8>(), 0..80)) {
            prop_assert_eq!(key(1).open(b"subjects.t", &sealed), Err(SealError));
        }

        #[test]
        fn parts_are_told_apart(a in prop::collection::vec(any::<u8>(), 1..20), b in prop::collection::vec(any::<u8>(), 1..20)) {
            let whole = [a.as_slice(), b.as_slice()].concat();
            prop_assert_ne!(key(1).digest(&[&a, &b]), key(1).digest(&[&whole]));
            prop_assert_ne!(key(1).digest(&[&a, &b]), key(1).digest(&[&whole, b""]));
            prop_assert_eq!(key(1).digest(&[&a, &b]), key(1).digest(&[&a, &b]));
        }
    }

    #[test]
    fn a_value_changed_in_any_bit_does_not_open() {
        let sealed = key(1).seal(b"subjects.t", b"element", [9; 12]);
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key(1).open(b"subjects.t", &changed), Err(SealError), "bit {bit}");
        }
    }

    #[test]
    fn a_value_cut_short_does_not_open() {
        let sealed = key(1).seal(b"subjects.t", b"element", [9; 12]);
        for length in 0..sealed.len() {
            assert_eq!(key(1).open(b"subjects.t", &sealed[..length]), Err(SealError), "{length} bytes");
        }
    }

    #[test]
    fn a_value_moved_to_another_row_or_under_another_key_does_not_open() {
        let sealed = key(1).seal(b"subjects.t/1", b"element", [9; 12]);
        assert_eq!(key(1).open(b"subjects.t/2", &sealed), Err(SealError));
        assert_eq!(key(2).open(b"subjects.t/1", &sealed), Err(SealError));
    }

    #[test]
    fn a_digest_depends_on_the_key() {
        assert_ne!(key(1).digest(&[b"handle"]), key(2).digest(&[b"handle"]));
        let stored = RowKey::from_bytes(&key(1).to_bytes());
        assert_eq!(stored.digest(&[b"handle"]), key(1).digest(&[b"handle"]));
    }

    #[test]
    fn debug_shows_no_byte() {
        assert_eq!(format!("{:?}", key(1)), "RowKey(…)");
    }
}

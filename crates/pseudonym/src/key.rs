//! The pseudonymiser's key pair.

use std::fmt;

use curve25519_dalek::RistrettoPoint;
use rand_core::CryptoRngCore;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::ElementError;
use crate::factor::Factor;
use crate::point::Point;
use crate::redacted::redact;

/// k_p: the pseudonymiser's secret scalar for one chain, use and epoch.
#[derive(Clone, ZeroizeOnDrop)]
pub struct SecretKey {
    factor: Factor,
    #[zeroize(skip)]
    public: PublicKey,
}

/// K_p: the public half, by which evaluations are verified. Clients trust those the agreement lists and no other.
#[derive(Clone)]
pub struct PublicKey(Point);

redact!(SecretKey);

impl SecretKey {
    /// Draws a new key.
    pub fn generate(rng: &mut dyn CryptoRngCore) -> Self {
        Self::new(Factor::random(rng))
    }

    /// Parses 32 bytes, little-endian, below the order of the group and not zero.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        Factor::from_bytes(bytes).map(Self::new)
    }

    /// The key as it is stored in its file, with mode 0600.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        self.factor.to_bytes()
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        self.public.clone()
    }

    pub(crate) fn factor(&self) -> &Factor {
        &self.factor
    }

    fn new(factor: Factor) -> Self {
        let public = PublicKey(Point::base_times(factor.scalar()));
        Self { factor, public }
    }
}

impl PublicKey {
    /// Parses the canonical encoding of RFC 9496; refuses the identity and every other encoding.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, ElementError> {
        Point::from_bytes(bytes).map(Self)
    }

    /// The canonical encoding of RFC 9496, as it stands in the agreement.
    pub fn to_bytes(&self) -> [u8; 32] {
        *self.0.bytes()
    }

    pub(crate) fn point(&self) -> &RistrettoPoint {
        self.0.point()
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.bytes() == other.0.bytes()
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey(")?;
        self.0.bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// Why 32 bytes are not a key. The bytes themselves are never part of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The file or message holds a number at or above the order of the group.
    #[error(
        "the key is not a scalar of ristretto255: restore the key file, or generate a key and announce it"
    )]
    OutOfRange,
    /// The file or message holds zero, under which all subjects look the same.
    #[error("the key is zero: restore the key file, or generate a key and announce it")]
    Zero,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{Script, hex};
    use crate::{Delta, IndexKey};

    /// The order of the group, 2²⁵² + 27742317777372353535851937790883648493, little-endian.
    const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

    #[test]
    fn zero_is_no_key() {
        assert_eq!(SecretKey::from_bytes(&[0; 32]).err(), Some(KeyError::Zero));
        assert_eq!(IndexKey::from_bytes(&[0; 32]).err(), Some(KeyError::Zero));
        assert_eq!(Delta::from_bytes(&[0; 32]).err(), Some(KeyError::Zero));
    }

    #[test]
    fn numbers_from_the_order_upwards_are_no_keys() {
        let order: [u8; 32] = hex(ORDER);
        for bytes in [order, [0xff; 32]] {
            assert_eq!(SecretKey::from_bytes(&bytes).err(), Some(KeyError::OutOfRange));
            assert_eq!(IndexKey::from_bytes(&bytes).err(), Some(KeyError::OutOfRange));
            assert_eq!(Delta::from_bytes(&bytes).err(), Some(KeyError::OutOfRange));
        }
        let mut below = order;
        below[0] -= 1;
        assert!(SecretKey::from_bytes(&below).is_ok());
    }

    #[test]
    fn debug_shows_the_public_half_only() {
        let key =
            SecretKey::from_bytes(&hex("e6f73f344b79b379f1a0dd37e07ff62e38d9f71345ce62ae3a9bc60b04ccd909"));
        let key = key.unwrap();
        assert_eq!(format!("{key:?}"), "SecretKey(…)");
        assert_eq!(
            format!("{:?}", key.public()),
            "PublicKey(c803e2cc6b05fc15064549b5920659ca4a77b2cca6f04f6b357009335476ad4e)"
        );
    }

    proptest! {
        #[test]
        fn bytes_are_refused_or_come_back_unchanged(mut bytes in any::<[u8; 32]>(), small in any::<bool>()) {
            if small {
                bytes[31] &= 0x0f;
            }
            if let Ok(key) = SecretKey::from_bytes(&bytes) {
                prop_assert_eq!(*key.to_bytes(), bytes);
            }
            if let Ok(key) = IndexKey::from_bytes(&bytes) {
                prop_assert_eq!(*key.to_bytes(), bytes);
            }
            if let Ok(delta) = Delta::from_bytes(&bytes) {
                prop_assert_eq!(*delta.to_bytes(), bytes);
            }
            if let Ok(proof) = crate::Proof::from_parts([bytes, bytes]) {
                prop_assert_eq!(proof.to_parts(), [bytes, bytes]);
            }
        }

        #[test]
        fn a_stored_key_is_the_key_that_was_generated(seed in any::<u64>()) {
            let key = SecretKey::generate(&mut Script::seeded(seed));
            let stored = SecretKey::from_bytes(&key.to_bytes()).unwrap();
            prop_assert_eq!(stored.public(), key.public());
        }
    }
}

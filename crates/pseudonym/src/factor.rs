//! Secret scalars that are never zero: keys, blinding factors, re-keying factors.

use curve25519_dalek::Scalar;
use rand_core::CryptoRngCore;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::KeyError;

/// A secret scalar between 1 and the order of the group.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Factor(Scalar);

impl Factor {
    pub(crate) fn random(rng: &mut dyn CryptoRngCore) -> Self {
        loop {
            let scalar = Scalar::random(rng);
            if scalar != Scalar::ZERO {
                return Self(scalar);
            }
        }
    }

    /// Parses 32 bytes, little-endian, below the order of the group and not zero.
    pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let scalar: Option<Scalar> = Scalar::from_canonical_bytes(*bytes).into();
        let scalar = scalar.ok_or(KeyError::OutOfRange)?;
        if scalar == Scalar::ZERO { Err(KeyError::Zero) } else { Ok(Self(scalar)) }
    }

    pub(crate) fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    pub(crate) fn scalar(&self) -> &Scalar {
        &self.0
    }

    pub(crate) fn inverse(&self) -> Self {
        Self(self.0.invert())
    }

    pub(crate) fn times(&self, other: &Self) -> Self {
        Self(self.0 * other.0)
    }
}

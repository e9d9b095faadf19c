//! A group element with its encoding beside it, so that neither is computed twice.

use curve25519_dalek::ristretto::CompressedRistretto;
use curve25519_dalek::traits::IsIdentity;
use curve25519_dalek::{RistrettoPoint, Scalar};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::ElementError;

/// A point that is not the identity, and its 32 bytes (RFC 9496).
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Point {
    point: RistrettoPoint,
    bytes: [u8; 32],
}

impl Point {
    pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Result<Self, ElementError> {
        let point = CompressedRistretto(*bytes).decompress().ok_or(ElementError::Encoding)?;
        Self::new(point)
    }

    pub(crate) fn new(point: RistrettoPoint) -> Result<Self, ElementError> {
        if point.is_identity() {
            return Err(ElementError::Identity);
        }
        Ok(Self::of_nonzero(point))
    }

    /// The base point times a secret that is not zero.
    pub(crate) fn base_times(scalar: &Scalar) -> Self {
        Self::of_nonzero(RistrettoPoint::mul_base(scalar))
    }

    /// This point times a scalar that is not zero. The group has prime order, so the result is not the identity.
    pub(crate) fn times(&self, scalar: &Scalar) -> Self {
        Self::of_nonzero(self.point * scalar)
    }

    /// Each point times its scalar, none of which is zero.
    ///
    /// Encoding a point costs an inverse square root; encoding the *double* of many points costs one inversion for all
    /// of them. So the scalars are halved first and the encoder doubles.
    pub(crate) fn times_each<'a>(pairs: impl Iterator<Item = (&'a Self, Scalar)>) -> Vec<Self> {
        let half = Scalar::from(2u8).invert();
        let halves: Zeroizing<Vec<RistrettoPoint>> =
            Zeroizing::new(pairs.map(|(point, scalar)| point.point * (scalar * half)).collect());
        let encodings = RistrettoPoint::double_and_compress_batch(halves.iter());
        halves
            .iter()
            .zip(encodings)
            .map(|(point, encoding)| Self { point: point + point, bytes: encoding.to_bytes() })
            .collect()
    }

    pub(crate) fn point(&self) -> &RistrettoPoint {
        &self.point
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    fn of_nonzero(point: RistrettoPoint) -> Self {
        Self { point, bytes: point.compress().to_bytes() }
    }
}

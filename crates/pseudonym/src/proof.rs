//! The proof that a whole batch was evaluated under one known key (RFC 9497 §2.2).

use curve25519_dalek::traits::VartimeMultiscalarMul;
use curve25519_dalek::{RistrettoPoint, Scalar};
use rand_core::CryptoRngCore;
use subtle::ConstantTimeEq;

use crate::factor::Factor;
use crate::point::Point;
use crate::suite::{batch_seed, hash_to_scalar, length};
use crate::{BlindedElement, EvaluatedElement, PublicKey, SecretKey};

/// A proof that every element of one batch was multiplied by the secret half of one public key: the scalars `c` and
/// `s` of a Chaum-Pedersen proof over a random combination of the batch. It is public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    challenge: Scalar,
    response: Scalar,
}

impl Proof {
    /// Parses `c` and `s`, each 32 bytes, little-endian, below the order of the group.
    pub fn from_parts(parts: [[u8; 32]; 2]) -> Result<Self, ProofError> {
        let scalar = |bytes| -> Result<Scalar, ProofError> {
            Option::from(Scalar::from_canonical_bytes(bytes)).ok_or(ProofError::Encoding)
        };
        let [challenge, response] = parts;
        Ok(Self { challenge: scalar(challenge)?, response: scalar(response)? })
    }

    /// `c` and `s`.
    pub fn to_parts(&self) -> [[u8; 32]; 2] {
        [self.challenge.to_bytes(), self.response.to_bytes()]
    }

    /// `GenerateProof`. The blinded elements are known to the other side, so combining them may take variable time; the
    /// key and the commitment never meet variable-time arithmetic.
    pub(crate) fn generate(
        key: &SecretKey,
        blinded: &[BlindedElement],
        evaluated: &[EvaluatedElement],
        rng: &mut dyn CryptoRngCore,
    ) -> Self {
        let public = key.public();
        let weights = weights(&public, blinded, evaluated);
        let combined = RistrettoPoint::vartime_multiscalar_mul(&weights, blinded.iter().map(|e| e.0.point()));
        let commitment = Factor::random(rng);
        let challenge = challenge(
            &public,
            &combined,
            &(combined * key.factor().scalar()),
            &RistrettoPoint::mul_base(commitment.scalar()),
            &(combined * commitment.scalar()),
        );
        Self { challenge, response: commitment.scalar() - challenge * key.factor().scalar() }
    }

    /// `VerifyProof`. Everything it handles was on the wire, so variable time is fine.
    pub(crate) fn verify(
        &self,
        key: &PublicKey,
        blinded: &[BlindedElement],
        evaluated: &[EvaluatedElement],
    ) -> Result<(), ProofError> {
        let weights = weights(key, blinded, evaluated);
        let points = |points: &mut dyn Iterator<Item = &Point>| -> RistrettoPoint {
            RistrettoPoint::vartime_multiscalar_mul(&weights, points.map(Point::point))
        };
        let before = points(&mut blinded.iter().map(|e| &e.0));
        let after = points(&mut evaluated.iter().map(|e| &e.0));
        let on_key =
            RistrettoPoint::vartime_double_scalar_mul_basepoint(&self.challenge, key.point(), &self.response);
        let on_batch =
            RistrettoPoint::vartime_multiscalar_mul([self.response, self.challenge], [before, after]);
        let expected = challenge(key, &before, &after, &on_key, &on_batch);
        if bool::from(expected.ct_eq(&self.challenge)) { Ok(()) } else { Err(ProofError::Refused) }
    }
}

/// Why a batch cannot be evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// The caller gave no element.
    #[error("give at least one element")]
    Empty,
    /// The caller gave more elements than the proof can number (RFC 9497 §2.2: two bytes).
    #[error("give at most 65535 elements at a time")]
    TooLarge,
}

/// Why evaluated elements are not taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The caller's batch has no valid size.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// The pseudonymiser answered another number of elements than it was asked, or the caller mixed up two batches.
    #[error("the numbers of blindings, blinded and evaluated elements differ: send the batch again")]
    Count,
    /// The pseudonymiser sent a proof whose numbers are out of range.
    #[error(
        "the proof is not written as two scalars of ristretto255: report it to the pseudonymiser's operator"
    )]
    Encoding,
    /// The pseudonymiser used another key than the agreement lists, or the answer was changed on its way.
    #[error(
        "the pseudonymiser did not prove that it used the key in the agreement: use nothing of its answer and report it"
    )]
    Refused,
}

/// The batch has a size that a proof can be made for.
pub(crate) fn check_size(count: usize) -> Result<(), BatchError> {
    match count {
        0 => Err(BatchError::Empty),
        1..=0xffff => Ok(()),
        _ => Err(BatchError::TooLarge),
    }
}

/// The weights `d_i` of `ComputeComposites`: random, but fixed by everything that is to be proven.
fn weights(key: &PublicKey, blinded: &[BlindedElement], evaluated: &[EvaluatedElement]) -> Vec<Scalar> {
    let seed = batch_seed(&key.to_bytes());
    let pairs = blinded.iter().zip(evaluated).enumerate();
    pairs
        .map(|(i, (before, after))| {
            let (before, after) = (before.0.bytes(), after.0.bytes());
            hash_to_scalar(&[
                &length(&seed),
                &seed,
                &(i as u16).to_be_bytes(),
                &length(before),
                before,
                &length(after),
                after,
                b"Composite",
            ])
        })
        .collect()
}

/// The challenge over the public key, the combined elements before and after, and the two commitments.
fn challenge(
    key: &PublicKey,
    before: &RistrettoPoint,
    after: &RistrettoPoint,
    on_key: &RistrettoPoint,
    on_batch: &RistrettoPoint,
) -> Scalar {
    let [before, after, on_key, on_batch] =
        [before, after, on_key, on_batch].map(|point| point.compress().to_bytes());
    let key = key.to_bytes();
    let size = length(&key);
    hash_to_scalar(&[
        &size,
        &key,
        &size,
        &before,
        &size,
        &after,
        &size,
        &on_key,
        &size,
        &on_batch,
        b"Challenge",
    ])
}

//! Blind evaluation at the pseudonymiser and what the partner does with the answer (RFC 9497 §3.3.2).

use curve25519_dalek::Scalar;
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use crate::point::Point;
use crate::proof::check_size;
use crate::{
    BatchError, BlindedElement, Blinding, Element, EvaluatedElement, Proof, ProofError, PublicKey, SecretKey,
};

/// Multiplies each element by the key and proves it, once for the whole batch (`BlindEvaluate`).
///
/// The elements come back in their order. `rng` serves the proof: a repeated random value would reveal the key.
pub fn evaluate(
    key: &SecretKey,
    elements: &[BlindedElement],
    rng: &mut dyn CryptoRngCore,
) -> Result<(Vec<EvaluatedElement>, Proof), BatchError> {
    check_size(elements.len())?;
    let scalar = Zeroizing::new(*key.factor().scalar());
    let evaluated: Vec<EvaluatedElement> = Point::times_each(elements.iter().map(|e| (&e.0, *scalar)))
        .into_iter()
        .map(EvaluatedElement)
        .collect();
    let proof = Proof::generate(key, elements, &evaluated, rng);
    Ok((evaluated, proof))
}

/// Checks that the whole batch was evaluated under `key`, then takes the blinding off: N = r⁻¹·Z.
///
/// Here RFC 9497 would go on to `Finalize`, a hash; we keep the element, because it can be re-keyed. The three slices
/// run in parallel and the elements come back in their order. On an error nothing of the answer may be used.
pub fn verify_and_unblind(
    key: &PublicKey,
    blindings: &[Blinding],
    blinded: &[BlindedElement],
    evaluated: &[EvaluatedElement],
    proof: &Proof,
) -> Result<Vec<Element>, ProofError> {
    if blindings.len() != blinded.len() || blinded.len() != evaluated.len() {
        return Err(ProofError::Count);
    }
    check_size(blinded.len())?;
    proof.verify(key, blinded, evaluated)?;
    let mut inverses: Zeroizing<Vec<Scalar>> =
        Zeroizing::new(blindings.iter().map(|blinding| *blinding.0.scalar()).collect());
    Scalar::batch_invert(&mut inverses);
    let pairs = evaluated.iter().map(|element| &element.0).zip(inverses.iter().copied());
    Ok(Point::times_each(pairs).into_iter().map(Element).collect())
}

#[cfg(test)]
mod tests;

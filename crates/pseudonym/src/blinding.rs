//! Hiding a subject from the pseudonymiser (RFC 9497 §3.3.1, `Blind`).

use kw_domain::Subject;
use rand_core::CryptoRngCore;
use zeroize::ZeroizeOnDrop;

use crate::BlindedElement;
use crate::factor::Factor;
use crate::point::Point;
use crate::redacted::redact;
use crate::suite::hash_to_group;

/// The secret factor under which one subject was blinded. It has no encoding: handing it to anybody would let two
/// logs together re-identify everyone, so it cannot leave the process.
#[derive(ZeroizeOnDrop)]
pub struct Blinding(pub(crate) Factor);

redact!(Blinding);

/// Blinds the canonical form of a subject with a fresh factor.
///
/// What comes out is a uniformly random element: the pseudonymiser learns nothing about the subject, whatever it can
/// compute.
pub fn blind(
    subject: &Subject,
    rng: &mut dyn CryptoRngCore,
) -> Result<(Blinding, BlindedElement), BlindError> {
    blind_input(&subject.canonical(), rng)
}

pub(crate) fn blind_input(
    input: &[u8],
    rng: &mut dyn CryptoRngCore,
) -> Result<(Blinding, BlindedElement), BlindError> {
    let subject = Point::new(hash_to_group(input)).map_err(|_| BlindError)?;
    let factor = Factor::random(rng);
    let blinded = BlindedElement(subject.times(factor.scalar()));
    Ok((Blinding(factor), blinded))
}

/// The subject hashes to the neutral element (RFC 9497 `InvalidInputError`). Nobody is at fault and nobody can find
/// such a subject: it would take some 2²⁵² attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this subject has no pseudonym: report it to the pseudonymiser's operator")]
pub struct BlindError;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Script;

    #[test]
    fn each_blinding_shows_the_pseudonymiser_another_element() {
        let rng = &mut Script::seeded(1);
        let subject = Subject::parse("nl.bsn:999990342").unwrap();
        let (_, once) = blind(&subject, rng).unwrap();
        let (_, again) = blind(&subject, rng).unwrap();
        assert_ne!(once.to_bytes(), again.to_bytes());
    }

    #[test]
    fn a_zero_factor_is_drawn_again() {
        let subject = Subject::parse("nl.bsn:999990342").unwrap();
        let mut one = [0; 32];
        one[0] = 1;
        let (_, blinded) = blind(&subject, &mut Script::scalars(&[[0; 32], one])).unwrap();
        assert_eq!(blinded.to_bytes(), hash_to_group(&subject.canonical()).compress().to_bytes());
    }

    #[test]
    fn debug_shows_no_byte() {
        let subject = Subject::parse("nl.bsn:999990342").unwrap();
        let (blinding, _) = blind(&subject, &mut Script::seeded(1)).unwrap();
        assert_eq!(format!("{blinding:?}"), "Blinding(…)");
    }
}

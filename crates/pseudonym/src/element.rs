//! Group elements on their way and at rest.

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::point::Point;
use crate::redacted::redact;

/// A pseudonym as a group element: N_index, N_binding or T, a ristretto255 point that is not the identity.
///
/// It is secret: whoever holds N_binding can make every partner's binding, and N_index is what the switchboard looks
/// up. Comparison takes constant time.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Element(pub(crate) Point);

/// A subject under a blinding: what the pseudonymiser sees, and from which it learns nothing.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct BlindedElement(pub(crate) Point);

/// A blinded element that the pseudonymiser has multiplied by its key.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct EvaluatedElement(pub(crate) Point);

redact!(Element, BlindedElement, EvaluatedElement);

/// `from_bytes` and `to_bytes` for each kind of element.
macro_rules! encode {
    ($($type:ident),+) => {$(
        impl $type {
            /// Parses the canonical encoding of RFC 9496; refuses the identity and every other encoding.
            pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, ElementError> {
                Point::from_bytes(bytes).map(Self)
            }

            /// The canonical encoding of RFC 9496.
            pub fn to_bytes(&self) -> [u8; 32] {
                *self.0.bytes()
            }
        }
    )+};
}

encode!(Element, BlindedElement, EvaluatedElement);

impl PartialEq for Element {
    fn eq(&self, other: &Self) -> bool {
        self.0.bytes().ct_eq(other.0.bytes()).into()
    }
}

impl Eq for Element {}

/// Why 32 bytes are not an element. The bytes themselves are never part of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ElementError {
    /// The sender wrote something else than a canonical encoding of a point.
    #[error(
        "an element is the canonical encoding of a ristretto255 point (RFC 9496): send it as it was computed"
    )]
    Encoding,
    /// The sender wrote the neutral element, under which all subjects look the same.
    #[error("the neutral element is nobody's pseudonym: blind the subject again")]
    Identity,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{Script, element, hex};
    use crate::{PublicKey, SecretKey};

    /// RFC 9496 appendix A.2: of each kind of encoding that a decoder must refuse.
    const INVALID: [&str; 14] = [
        "00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20",
        "c34c4e1826e5d403b78e246e88aa051c36ccf0aafebffe137d148a2bf9104562",
        "87260f7a2f12495118360f02c26a470f450dadf34a413d21042b43b9d93e1309",
        "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
        "4eac077a713c57b4f4397629a4145982c661f48044dd3f96427d40b147d9742f",
        "3eb858e78f5a7254d8c9731174a94f76755fd3941c0ac93735c07ba14579630e",
        "445425117cb8c90edcbc7c1cc0e74f747f2c1efa5630a967c64f287792a48a4b",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];

    #[test]
    fn encodings_that_are_not_canonical_are_refused() {
        for text in INVALID {
            let bytes = hex(text);
            assert_eq!(Element::from_bytes(&bytes).err(), Some(ElementError::Encoding), "{text}");
            assert_eq!(BlindedElement::from_bytes(&bytes).err(), Some(ElementError::Encoding), "{text}");
            assert_eq!(EvaluatedElement::from_bytes(&bytes).err(), Some(ElementError::Encoding), "{text}");
            assert_eq!(PublicKey::from_bytes(&bytes).err(), Some(ElementError::Encoding), "{text}");
        }
    }

    #[test]
    fn the_neutral_element_is_refused() {
        let bytes = [0; 32];
        assert_eq!(Element::from_bytes(&bytes).err(), Some(ElementError::Identity));
        assert_eq!(BlindedElement::from_bytes(&bytes).err(), Some(ElementError::Identity));
        assert_eq!(EvaluatedElement::from_bytes(&bytes).err(), Some(ElementError::Identity));
        assert_eq!(PublicKey::from_bytes(&bytes).err(), Some(ElementError::Identity));
    }

    #[test]
    fn debug_shows_no_byte() {
        let rng = &mut Script::seeded(1);
        let bytes = element(&SecretKey::generate(rng), "nl.bsn:999990342", rng).to_bytes();
        let shown = format!(
            "{:?} {:?} {:?}",
            Element::from_bytes(&bytes),
            BlindedElement::from_bytes(&bytes),
            EvaluatedElement::from_bytes(&bytes)
        );
        assert_eq!(shown, "Ok(Element(…)) Ok(BlindedElement(…)) Ok(EvaluatedElement(…))");
    }

    proptest! {
        #[test]
        fn bytes_are_refused_or_come_back_unchanged(mut bytes in any::<[u8; 32]>(), plausible in any::<bool>()) {
            if plausible {
                // Even and below 2^255, as every canonical encoding is: about one in eight of these is a point.
                bytes[0] &= 0xfe;
                bytes[31] &= 0x7f;
            }
            if let Ok(element) = Element::from_bytes(&bytes) {
                prop_assert_eq!(element.to_bytes(), bytes);
            }
            if let Ok(key) = PublicKey::from_bytes(&bytes) {
                prop_assert_eq!(key.to_bytes(), bytes);
            }
        }

        #[test]
        fn a_bit_more_or_less_makes_another_element_or_none(seed in any::<u64>(), bit in 0usize..256) {
            let rng = &mut Script::seeded(seed);
            let element = element(&SecretKey::generate(rng), "nl.bsn:999990342", rng);
            let mut bytes = element.to_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_ne!(Element::from_bytes(&bytes), Ok(element));
        }
    }
}

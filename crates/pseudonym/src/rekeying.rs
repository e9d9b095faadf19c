//! Giving stored elements a new key without knowing a single subject.

use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::factor::Factor;
use crate::point::Point;
use crate::redacted::redact;
use crate::{Element, IndexKey, KeyError, SecretKey};

/// new key / old key: turns what the old key made into what the new key makes.
///
/// Whoever holds it together with one of the two keys has the other: it is destroyed when the conversion is done.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Delta(Factor);

redact!(Delta);

impl Delta {
    /// From one key of the pseudonymiser to another, computed at the pseudonymiser in a key ceremony.
    pub fn between_keys(old: &SecretKey, new: &SecretKey) -> Self {
        Self(new.factor().times(&old.factor().inverse()))
    }

    /// From one key of the switchboard to another.
    pub fn between_index_keys(old: &IndexKey, new: &IndexKey) -> Self {
        Self(new.factor().times(&old.factor().inverse()))
    }

    /// The element that the new key would have made.
    pub fn apply(&self, element: &Element) -> Element {
        Element(element.0.times(self.0.scalar()))
    }

    /// [`Self::apply`] to many elements, in their order, at less cost for each.
    pub fn apply_each(&self, elements: &[Element]) -> Vec<Element> {
        let scalar = Zeroizing::new(*self.0.scalar());
        Point::times_each(elements.iter().map(|e| (&e.0, *scalar))).into_iter().map(Element).collect()
    }

    /// The way back.
    pub fn inverse(&self) -> Self {
        Self(self.0.inverse())
    }

    /// Parses 32 bytes, little-endian, below the order of the group and not zero.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        Factor::from_bytes(bytes).map(Self)
    }

    /// The bytes that the key ceremony hands over, encrypted to the switchboard.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        self.0.to_bytes()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{Script, element};

    const SUBJECT: &str = "nl.bsn:999990342";

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn a_converted_element_is_what_the_new_key_of_the_pseudonymiser_makes(seed in any::<u64>()) {
            let rng = &mut Script::seeded(seed);
            let (old, new) = (SecretKey::generate(rng), SecretKey::generate(rng));
            let converted = Delta::between_keys(&old, &new).apply(&element(&old, SUBJECT, rng));
            prop_assert_eq!(converted, element(&new, SUBJECT, rng));
        }

        #[test]
        fn a_converted_element_is_what_the_new_key_of_the_switchboard_makes(seed in any::<u64>()) {
            let rng = &mut Script::seeded(seed);
            let n_index = element(&SecretKey::generate(rng), SUBJECT, rng);
            let (old, new) = (IndexKey::generate(rng), IndexKey::generate(rng));
            let converted = Delta::between_index_keys(&old, &new).apply(&old.index_element(&n_index));
            prop_assert_eq!(converted, new.index_element(&n_index));
        }

        #[test]
        fn both_rotations_may_be_done_in_either_order(seed in any::<u64>()) {
            let rng = &mut Script::seeded(seed);
            let (k_p, next_k_p) = (SecretKey::generate(rng), SecretKey::generate(rng));
            let (k_s, next_k_s) = (IndexKey::generate(rng), IndexKey::generate(rng));
            let (p, s) = (Delta::between_keys(&k_p, &next_k_p), Delta::between_index_keys(&k_s, &next_k_s));
            let t = k_s.index_element(&element(&k_p, SUBJECT, rng));
            let expected = next_k_s.index_element(&element(&next_k_p, SUBJECT, rng));
            prop_assert_eq!(&s.apply(&p.apply(&t)), &expected);
            prop_assert_eq!(&p.apply(&s.apply(&t)), &expected);
        }

        #[test]
        fn the_inverse_leads_back(seed in any::<u64>()) {
            let rng = &mut Script::seeded(seed);
            let (old, new) = (SecretKey::generate(rng), SecretKey::generate(rng));
            let delta = Delta::between_keys(&old, &new);
            let before = element(&old, SUBJECT, rng);
            prop_assert_ne!(&delta.apply(&before), &before);
            prop_assert_eq!(&delta.inverse().apply(&delta.apply(&before)), &before);
            prop_assert_eq!(delta.inverse().to_bytes(), Delta::between_keys(&new, &old).to_bytes());
        }

        #[test]
        fn many_at_once_give_what_one_by_one_gives(seed in any::<u64>(), count in 0usize..6) {
            let rng = &mut Script::seeded(seed);
            let delta = Delta::between_keys(&SecretKey::generate(rng), &SecretKey::generate(rng));
            let elements: Vec<Element> =
                (0..count).map(|_| element(&SecretKey::generate(rng), SUBJECT, rng)).collect();
            let single: Vec<Element> = elements.iter().map(|one| delta.apply(one)).collect();
            prop_assert_eq!(delta.apply_each(&elements), single);
        }

        #[test]
        fn what_is_handed_over_converts_the_same(seed in any::<u64>()) {
            let rng = &mut Script::seeded(seed);
            let (old, new) = (SecretKey::generate(rng), SecretKey::generate(rng));
            let delta = Delta::between_keys(&old, &new);
            let received = Delta::from_bytes(&delta.to_bytes()).unwrap();
            let before = element(&old, SUBJECT, rng);
            prop_assert_eq!(received.apply(&before), delta.apply(&before));
        }
    }

    #[test]
    fn debug_shows_no_byte() {
        let key = SecretKey::generate(&mut Script::seeded(1));
        assert_eq!(format!("{:?}", Delta::between_keys(&key, &key)), "Delta(…)");
    }
}

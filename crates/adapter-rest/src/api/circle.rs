//! Noticing that a list of pages goes round in a circle, in constant space.

use serde::{Deserialize, Serialize};

/// What was seen of a sequence, after Brent: each step is compared with one earlier step, which moves up at every power of two.
/// A circle is found within about three times its way in and its length.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Circle {
    mark: Option<String>,
    steps: u64,
    power: u64,
}

impl Circle {
    /// Takes the next step; whether it is the one that is remembered.
    pub fn closes(&mut self, step: String) -> bool {
        if self.mark.as_ref() == Some(&step) {
            return true;
        }
        if self.steps >= self.power {
            (self.mark, self.steps, self.power) = (Some(step), 0, (self.power * 2).max(1));
        }
        self.steps += 1;
        false
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_circle_is_found_soon_and_no_straight_road_is_one(way_in in 0_u64..200, length in 1_u64..200) {
            let mut circle = Circle::default();
            let at = |step: u64| if step < way_in { step } else { way_in + (step - way_in) % length };
            let found = (0..100_000).find(|&step| circle.closes(at(step).to_string())).unwrap();
            prop_assert!(found >= length);
            prop_assert!(found <= 4 * (way_in + length) + 2, "found after {found}");
            let mut straight = Circle::default();
            prop_assert!((0..2000).all(|step| !straight.closes(step.to_string())));
        }
    }
}

//! Which sign-ins came back: each does so once, whatever the browser keeps of it.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use kw_domain::Instant;

use super::LONGEST;

/// The sign-ins that came back, for as long as they could come back again.
#[derive(Default)]
pub(super) struct Used(Mutex<VecDeque<(Instant, [u8; 32])>>);

impl Used {
    /// Whether the sign-in with this state comes back for the first time, which it does no second time.
    pub(super) fn once(&self, state: &str, now: Instant) -> bool {
        let mut own = [0; 32];
        own.copy_from_slice(digest(&SHA256, state.as_bytes()).as_ref());
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while used.front().is_some_and(|(until, _)| *until <= now) || used.len() >= MOST {
            used.pop_front();
        }
        if used.iter().any(|(_, other)| *other == own) {
            return false;
        }
        used.push_back((now.plus(LONGEST), own));
        true
    }
}

/// Of more in ten minutes the oldest are forgotten: the code that they brought is good once at the provider as well.
const MOST: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_comes_back_once_for_as_long_as_it_could_and_their_number_is_bounded() {
        let used = Used::default();
        let now = Instant::from_millis(1_795_000_000_000);
        assert!(used.once("one", now) && used.once("other", now));
        assert!(!used.once("one", now) && !used.once("other", now.plus(LONGEST / 2)));
        // By then what is sealed in the browser is too old.
        assert!(used.once("one", now.plus(LONGEST)));
        for number in 0..MOST + 5 {
            used.once(&number.to_string(), now);
        }
        assert_eq!(used.0.lock().unwrap().len(), MOST);
    }
}

//! Which refusals go into the ledger.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kw_domain::{Instant, Oin};

use crate::events::RefusalsCounted;

/// Which refusals go into the ledger: at most one a second for each caller and reason.
///
/// A grant that is not accepted costs the caller nothing, so a party that keeps sending what is no grant could otherwise
/// fill the ledger. The record that is there shows who was refused why and when; the log says how many were left out.
#[derive(Debug, Default)]
pub struct RecordedRefusals(Mutex<HashMap<(Oin, &'static str), Last>>);

/// The last one that was recorded.
#[derive(Debug, Clone, Copy)]
struct Last {
    at: Instant,
    left_out: u64,
}

impl RecordedRefusals {
    /// Whether this refusal is one to record. Says so to one caller only.
    pub(crate) fn claim(&self, caller: Oin, reason: &'static str, now: Instant) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = all.get_mut(&(caller, reason));
        if let Some(last) = before {
            if last.at <= now && now.since(last.at) < BETWEEN_RECORDS {
                last.left_out += 1;
                return false;
            }
            if last.left_out > 0 {
                RefusalsCounted { caller, reason, count: last.left_out }.log();
            }
        }
        all.insert((caller, reason), Last { at: now, left_out: 0 });
        true
    }
}

const BETWEEN_RECORDS: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{holder, requester};

    #[test]
    fn one_refusal_a_second_is_recorded_for_each_caller_and_reason() {
        let refusals = RecordedRefusals::default();
        let now = Instant::from_millis(1_795_000_000_000);
        assert!(refusals.claim(requester(), "grant-form", now));
        assert!(!refusals.claim(requester(), "grant-form", now.plus(Duration::from_millis(999))));
        assert!(refusals.claim(requester(), "grant-audience", now));
        assert!(refusals.claim(holder(), "grant-form", now));
        assert!(refusals.claim(requester(), "grant-form", now.plus(Duration::from_secs(1))));
        // A clock that was set back does not silence the ledger.
        assert!(refusals.claim(requester(), "grant-form", now.minus(Duration::from_hours(1))));
    }
}

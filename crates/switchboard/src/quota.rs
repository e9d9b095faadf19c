//! How many queries a partner may make at the switchboard: by minute, hour and day.
//!
//! The pseudonymiser's persisted budgets are the control against enumeration; this is the second line, where the purpose
//! is known. It is kept in memory and starts afresh with the process.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kw_agreement::Budget;
use kw_domain::{Instant, Oin};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// What every partner used.
#[derive(Debug, Default)]
pub(crate) struct Quota(Mutex<BTreeMap<Oin, [Window; 3]>>);

#[derive(Debug, Clone, Copy)]
struct Window {
    start: Instant,
    used: u64,
}

impl Quota {
    /// Charges one query, or says how long to wait.
    pub(crate) fn charge(&self, party: Oin, budget: Budget, now: Instant) -> Result<(), Duration> {
        self.charge_for(party, budget, now, 1)
    }

    /// What was used of the minute, the hour and the day that are under way.
    pub(crate) fn used(&self, party: Oin, now: Instant) -> [u64; 3] {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(windows) = all.get(&party) else { return [0; 3] };
        let mut used = [0; 3];
        for ((used, window), length) in used.iter_mut().zip(windows).zip([MINUTE, HOUR, DAY]) {
            if now.since(window.start) < length {
                *used = window.used;
            }
        }
        used
    }

    /// Charges so much at once, or nothing.
    pub(crate) fn charge_for(
        &self,
        party: Oin,
        budget: Budget,
        now: Instant,
        amount: u64,
    ) -> Result<(), Duration> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let windows = all.entry(party).or_insert([Window { start: now, used: 0 }; 3]);
        let limits = [(MINUTE, budget.burst), (HOUR, budget.hour), (DAY, budget.day)];
        for (window, (length, limit)) in windows.iter_mut().zip(limits) {
            if now.since(window.start) >= length {
                *window = Window { start: now, used: 0 };
            }
            if window.used.saturating_add(amount) > limit {
                return Err(length.saturating_sub(now.since(window.start)));
            }
        }
        for window in windows {
            window.used = window.used.saturating_add(amount);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_window_holds_and_opens_again() {
        let quota = Quota::default();
        let party = Oin::parse("00000099000000001000").unwrap();
        let budget = Budget { burst: 2, hour: 3, day: 4 };
        let at = |seconds: i64| Instant::from_millis(seconds * 1000);
        assert_eq!(quota.charge(party, budget, at(0)), Ok(()));
        assert_eq!(quota.charge(party, budget, at(1)), Ok(()));
        assert_eq!(quota.charge(party, budget, at(2)), Err(Duration::from_secs(58)));
        assert_eq!(quota.used(party, at(2)), [2, 2, 2]);
        assert_eq!(quota.charge(party, budget, at(60)), Ok(()));
        assert_eq!(quota.used(party, at(61)), [1, 3, 3], "a window that is over counts for nothing");
        assert_eq!(quota.charge(party, budget, at(121)), Err(Duration::from_secs(3_479)));
        assert_eq!(quota.charge(party, budget, at(3_600)), Ok(()));
        assert_eq!(quota.charge(party, budget, at(7_300)), Err(Duration::from_secs(86_400 - 7_300)));
        let other = Oin::parse("00000099000000002000").unwrap();
        assert_eq!(quota.charge_for(other, budget, at(0), 3), Err(MINUTE), "all of it or nothing");
        assert_eq!(quota.charge(other, budget, at(2)), Ok(()));
    }
}

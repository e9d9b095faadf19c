//! Leaving a holder that fails alone for a while.
//!
//! ```text
//!            failures in a row = threshold            the rest is over
//!   closed ──────────────────────────────► open ─────────────────────► half-open (one probe)
//!     ▲                                     ▲                            │        │
//!     │                                     └──────── it fails ──────────┘        │
//!     └───────────────────────────────────────────── it answers ─────────────────┘
//! ```

use std::time::Duration;

use kw_domain::Instant;

/// When a holder is left alone, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSettings {
    /// How many failures in a row open the breaker; at least 1.
    pub threshold: u32,
    /// The first rest; each failed probe doubles it.
    pub rest: Duration,
    /// The longest rest.
    pub longest_rest: Duration,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self { threshold: 5, rest: Duration::from_secs(5), longest_rest: Duration::from_mins(1) }
    }
}

/// The breaker of one holder. Time is an argument.
#[derive(Debug)]
pub(crate) struct Breaker {
    settings: BreakerSettings,
    state: State,
    /// Counts changes of state, so that a call from before a change cannot settle what came after it.
    generation: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant, rest: Duration },
    Probing { rest: Duration },
}

/// Leave to make one call; settle it with how that went.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Admission {
    generation: u64,
}

/// How a call went, as far as the holder's health goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    /// It answered, be it with a refusal.
    Alive,
    /// It did not answer, or said that it is broken.
    Failed,
    /// The call was cut off by us and tells nothing.
    Unknown,
}

impl Breaker {
    pub(crate) fn new(settings: BreakerSettings) -> Self {
        Self { settings, state: State::Closed { failures: 0 }, generation: 0 }
    }

    /// Leave to make a call now, or `None` while the holder rests or its probe is under way.
    pub(crate) fn admit(&mut self, now: Instant) -> Option<Admission> {
        match self.state {
            State::Closed { .. } => {}
            State::Open { until, rest } if now >= until => self.enter(State::Probing { rest }),
            State::Open { .. } | State::Probing { .. } => return None,
        }
        Some(Admission { generation: self.generation })
    }

    /// Takes note of how an admitted call went.
    pub(crate) fn settle(&mut self, admission: Admission, health: Health, now: Instant) {
        if admission.generation != self.generation {
            return;
        }
        match (self.state, health) {
            (State::Closed { .. }, Health::Alive) => self.state = State::Closed { failures: 0 },
            (State::Closed { failures }, Health::Failed) if failures + 1 < self.settings.threshold => {
                self.state = State::Closed { failures: failures + 1 };
            }
            (State::Closed { .. }, Health::Failed) => self.open(self.settings.rest, now),
            (State::Probing { .. }, Health::Alive) => self.enter(State::Closed { failures: 0 }),
            (State::Probing { rest }, Health::Failed) => {
                self.open(rest.saturating_mul(2).min(self.settings.longest_rest), now);
            }
            // The next call may probe at once.
            (State::Probing { rest }, Health::Unknown) => self.enter(State::Open { until: now, rest }),
            (State::Closed { .. } | State::Open { .. }, _) => {}
        }
    }

    fn open(&mut self, rest: Duration, now: Instant) {
        self.enter(State::Open { until: now.plus(rest), rest });
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.generation += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SETTINGS: BreakerSettings =
        BreakerSettings { threshold: 3, rest: Duration::from_secs(5), longest_rest: Duration::from_secs(15) };

    fn at(seconds: i64) -> Instant {
        Instant::from_millis(seconds * 1_000)
    }

    fn call(breaker: &mut Breaker, health: Health, now: Instant) {
        let admission = breaker.admit(now).expect("the breaker admits");
        breaker.settle(admission, health, now);
    }

    fn opened() -> Breaker {
        let mut breaker = Breaker::new(SETTINGS);
        for _ in 0..3 {
            call(&mut breaker, Health::Failed, at(0));
        }
        breaker
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_not_before() {
        let mut breaker = Breaker::new(SETTINGS);
        call(&mut breaker, Health::Failed, at(0));
        call(&mut breaker, Health::Failed, at(0));
        call(&mut breaker, Health::Alive, at(0));
        call(&mut breaker, Health::Failed, at(0));
        call(&mut breaker, Health::Failed, at(0));
        call(&mut breaker, Health::Failed, at(0));
        assert_eq!(breaker.admit(at(4)), None);
    }

    #[test]
    fn after_its_rest_one_probe_goes_and_an_answer_closes_it() {
        let mut breaker = opened();
        let probe = breaker.admit(at(5)).unwrap();
        assert_eq!(breaker.admit(at(5)), None, "one probe at a time");
        breaker.settle(probe, Health::Alive, at(6));
        call(&mut breaker, Health::Failed, at(6));
        assert!(breaker.admit(at(6)).is_some(), "one failure does not open a closed breaker");
    }

    #[test]
    fn failed_probes_double_the_rest_up_to_the_longest() {
        let mut breaker = opened();
        call(&mut breaker, Health::Failed, at(5));
        assert_eq!(breaker.admit(at(14)), None);
        call(&mut breaker, Health::Failed, at(15));
        assert_eq!(breaker.admit(at(29)), None);
        call(&mut breaker, Health::Failed, at(30));
        assert_eq!(breaker.admit(at(44)), None);
        assert!(breaker.admit(at(45)).is_some());
    }

    #[test]
    fn a_probe_that_tells_nothing_lets_the_next_one_go() {
        let mut breaker = opened();
        call(&mut breaker, Health::Unknown, at(5));
        call(&mut breaker, Health::Alive, at(5));
        assert!(breaker.admit(at(5)).is_some());
    }

    #[test]
    fn a_call_from_before_the_opening_does_not_close_it() {
        let mut breaker = Breaker::new(SETTINGS);
        let early = breaker.admit(at(0)).unwrap();
        for _ in 0..3 {
            call(&mut breaker, Health::Failed, at(0));
        }
        let probe = breaker.admit(at(5)).unwrap();
        breaker.settle(early, Health::Alive, at(5));
        assert_eq!(breaker.admit(at(5)), None, "the probe is still under way");
        breaker.settle(probe, Health::Failed, at(5));
        assert_eq!(breaker.admit(at(6)), None);
    }

    proptest! {
        #[test]
        fn it_never_stays_shut_longer_than_the_longest_rest(steps in proptest::collection::vec((0u8..3, 0i64..20), 0..60)) {
            let mut breaker = Breaker::new(SETTINGS);
            let mut now = 0;
            for (health, wait) in steps {
                now += wait;
                if let Some(admission) = breaker.admit(at(now)) {
                    let health = [Health::Alive, Health::Failed, Health::Unknown][usize::from(health)];
                    breaker.settle(admission, health, at(now));
                }
            }
            prop_assert!(breaker.admit(at(now + 15)).is_some());
        }
    }
}

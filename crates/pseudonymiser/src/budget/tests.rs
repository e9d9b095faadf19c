use proptest::prelude::*;

use super::*;

const LIMIT: Budget = Budget { burst: 10, hour: 25, day: 40 };
fn start() -> Instant {
    Instant::from_millis(1_795_000_000_000)
}

fn after(seconds: u64) -> Instant {
    start().plus(Duration::from_secs(seconds))
}

fn spend(used: BudgetUse, count: u64, at: Instant) -> BudgetUse {
    charge(&used, &LIMIT, count, at).unwrap()
}

fn exhausted(window: Window, seconds: u64) -> Result<BudgetUse, Overdrawn> {
    Err(Overdrawn::Exhausted { window, wait: Duration::from_secs(seconds) })
}

#[test]
fn the_burst_is_given_once_a_minute() {
    let used = spend(BudgetUse::default(), 10, start());
    assert_eq!(charge(&used, &LIMIT, 1, after(15)), exhausted(Window::Minute, 45));
    assert_eq!(spend(used, 10, after(60)).minute, WindowUse { start: after(60), used: 10 });
}

#[test]
fn the_window_that_blocks_longest_is_the_one_to_wait_for() {
    let mut used = spend(BudgetUse::default(), 10, start());
    used = spend(used, 10, after(60));
    used = spend(used, 5, after(120));
    assert_eq!(charge(&used, &LIMIT, 6, after(120)), exhausted(Window::Hour, 3_480));
    used = spend(used, 10, after(3_600));
    used = spend(used, 5, after(3_660));
    assert_eq!(charge(&used, &LIMIT, 1, after(3_720)), exhausted(Window::Day, 86_400 - 3_720));
}

#[test]
fn a_batch_that_does_not_fit_takes_nothing() {
    let used = spend(BudgetUse::default(), 7, start());
    assert_eq!(charge(&used, &LIMIT, 4, start()), exhausted(Window::Minute, 60));
    assert_eq!(spend(used, 3, start()).minute.used, 10);
}

#[test]
fn a_batch_that_no_window_can_hold_is_told_so() {
    assert_eq!(charge(&BudgetUse::default(), &LIMIT, 11, start()), Err(Overdrawn::NeverFits { largest: 10 }));
    let none = Budget { burst: 0, hour: 0, day: 0 };
    assert_eq!(charge(&BudgetUse::default(), &none, 1, start()), Err(Overdrawn::NeverFits { largest: 0 }));
}

#[test]
fn a_clock_that_is_set_back_gives_nothing_twice_and_blocks_no_longer_than_a_window() {
    let used = spend(BudgetUse::default(), 10, after(100_000));
    assert_eq!(charge(&used, &LIMIT, 1, start()), exhausted(Window::Minute, 60));
}

fn limits() -> impl Strategy<Value = Budget> {
    (1_u64..50, 0_u64..100, 0_u64..200).prop_map(|(burst, more, most)| Budget {
        burst,
        hour: burst + more,
        day: burst + more + most,
    })
}

proptest! {
    #[test]
    fn no_window_ever_gives_more_than_its_limit_whatever_the_clock_does(
        limit in limits(),
        steps in prop::collection::vec((-8_000_i64..8_000, 1_u64..60), 1..200),
    ) {
        let (mut used, mut now) = (BudgetUse::default(), start());
        for (seconds, count) in steps {
            now = Instant::from_millis(now.as_millis() + seconds * 1_000);
            used = charge(&used, &limit, count, now).unwrap_or(used);
            for (window, limit) in [(used.minute, limit.burst), (used.hour, limit.hour), (used.day, limit.day)] {
                prop_assert!(window.used <= limit);
            }
        }
    }

    #[test]
    fn a_window_counts_exactly_what_was_given_since_it_began(
        limit in limits(),
        steps in prop::collection::vec((0_u64..4_000, 1_u64..60), 1..200),
    ) {
        let (mut used, mut now) = (BudgetUse::default(), start());
        let mut given: Vec<(Instant, u64)> = Vec::new();
        for (seconds, count) in steps {
            now = now.plus(Duration::from_secs(seconds));
            if let Ok(next) = charge(&used, &limit, count, now) {
                used = next;
                given.push((now, count));
                for window in [used.minute, used.hour, used.day] {
                    let since = given.iter().filter(|(at, _)| *at >= window.start);
                    prop_assert_eq!(since.map(|(_, count)| count).sum::<u64>(), window.used);
                }
            }
        }
    }

    #[test]
    fn every_stretch_of_a_windows_length_gives_at_most_two_limits(
        limit in limits(),
        steps in prop::collection::vec((0_u64..4_000, 1_u64..60), 1..200),
    ) {
        let (mut used, mut now) = (BudgetUse::default(), start());
        let mut given: Vec<(Instant, u64)> = Vec::new();
        for (seconds, count) in steps {
            now = now.plus(Duration::from_secs(seconds));
            if let Ok(next) = charge(&used, &limit, count, now) {
                used = next;
                given.push((now, count));
            }
        }
        for (kind, limit) in [(Window::Minute, limit.burst), (Window::Hour, limit.hour), (Window::Day, limit.day)] {
            for (first, _) in &given {
                let stretch = |at: &Instant| at >= first && at.since(*first) < kind.length();
                let sum: u64 = given.iter().filter(|(at, _)| stretch(at)).map(|(_, count)| count).sum();
                prop_assert!(sum <= 2 * limit, "{kind:?}: {sum}");
            }
        }
    }

    #[test]
    fn after_the_time_to_wait_the_window_that_blocked_is_empty(
        limit in limits(),
        steps in prop::collection::vec((0_u64..200, 1_u64..60), 1..200),
    ) {
        let (mut used, mut now) = (BudgetUse::default(), start());
        for (seconds, count) in steps {
            now = now.plus(Duration::from_secs(seconds));
            match charge(&used, &limit, count, now) {
                Ok(next) => used = next,
                Err(Overdrawn::NeverFits { largest }) => prop_assert!(count > largest),
                Err(Overdrawn::Exhausted { window, wait }) => {
                    prop_assert!(!wait.is_zero() && wait <= window.length());
                    let then = now.plus(wait);
                    let before = Instant::from_millis(then.as_millis() - 1);
                    prop_assert!(charge(&used, &limit, count, before).is_err());
                    prop_assert!(charge(&used, &limit, count, then).is_ok());
                }
            }
        }
    }
}

//! When to try again.

use std::time::Duration;

use kw_domain::Instant;
use kw_runtime::Entropy;

/// After a failure that may pass: 5 seconds, doubling to an hour, less up to half so that partners do not fall in step,
/// and never before the service's own `Retry-After`.
pub(crate) fn after_failure(
    now: Instant,
    attempts: u32,
    asked: Option<Duration>,
    entropy: &Entropy,
) -> Instant {
    let longest = FIRST.saturating_mul(2u32.saturating_pow(attempts.min(16))).min(LONGEST);
    now.plus(less_up_to_half(longest, entropy).max(asked.unwrap_or_default()))
}

/// After a refusal that stays until somebody mends something.
pub(crate) fn parked(now: Instant, entropy: &Entropy) -> Instant {
    now.plus(less_up_to_half(PARKED, entropy))
}

/// For a message that waits for another one.
pub(crate) fn waiting(now: Instant) -> Instant {
    now.plus(FIRST)
}

fn less_up_to_half(longest: Duration, entropy: &Entropy) -> Duration {
    let [spread] = entropy.draw::<1>();
    longest.saturating_sub(longest / 2 * u32::from(spread) / 255)
}

const FIRST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_hours(1);
const PARKED: Duration = Duration::from_hours(6);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_to_an_hour_with_jitter_and_keep_to_what_the_service_asks() {
        let entropy = Entropy::seeded(1);
        let now = Instant::from_millis(0);
        for attempts in 0..40 {
            let wait = after_failure(now, attempts, None, &entropy).since(now);
            let longest = FIRST.saturating_mul(2u32.saturating_pow(attempts.min(16))).min(LONGEST);
            assert!(wait <= longest && wait >= longest / 2, "{attempts}: {wait:?}");
        }
        let asked = Duration::from_hours(3);
        assert_eq!(after_failure(now, 1, Some(asked), &entropy).since(now), asked);
    }
}

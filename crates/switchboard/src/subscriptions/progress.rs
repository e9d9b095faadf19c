//! What becomes of a subscription when its server took a signal, or did not: pure rules.

use std::time::Duration;

use kw_client::Undelivered;
use kw_domain::Instant;
use kw_protocol::signal::SignalType;
use kw_protocol::subscription::DeliveryFailure;
use kw_store::switchboard::{StoredDeadLetter, StoredSubscription};

use super::settings::DeliverySettings;

/// Failures of one signal after which the subscriber is told.
const TOLD_AFTER: u32 = 5;
/// However long a server asks to wait.
const LONGEST_ASKED: Duration = Duration::from_hours(1);

/// What a failure leads to, beside what is stored of the subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Consequences {
    /// The signal is given up.
    pub(super) dead: Option<StoredDeadLetter>,
    /// The subscriber is to be told, once until something is delivered again.
    pub(super) tell: bool,
}

/// Whether a kind is asked for; filters come after.
pub(super) fn names(subscription: &StoredSubscription, kind: SignalType) -> bool {
    if subscription.types.is_empty() { !kind.on_request() } else { subscription.types.contains(&kind) }
}

/// Its server took what was delivered.
pub(super) fn succeeded(subscription: &mut StoredSubscription, now: Instant) {
    subscription.attempts = 0;
    subscription.next_attempt_at = now;
    subscription.failure = None;
    subscription.failing_since = None;
}

/// Its server did not take the signal with the number `number`. `jitter` takes up to a fifth from the wait, so that many do not
/// come back at the same moment.
pub(super) fn failed(
    subscription: &mut StoredSubscription,
    number: u64,
    undelivered: Undelivered,
    settings: &DeliverySettings,
    jitter: u8,
    now: Instant,
) -> Consequences {
    let Undelivered { failure, retry_after } = undelivered;
    subscription.failure = Some(failure);
    subscription.attempts += 1;
    if failure == DeliveryFailure::Gone {
        subscription.ended_at = Some(now);
        return Consequences { dead: None, tell: subscription.failing_since.is_none() };
    }
    let mut consequences = Consequences::default();
    let attempts = subscription.attempts;
    let given_up = attempts >= settings.attempts();
    if given_up {
        let id = subscription.id;
        consequences.dead = Some(StoredDeadLetter {
            subscription: id,
            number,
            failure,
            attempts,
            failed_at: now,
            replay: false,
        });
        subscription.reached = number;
        subscription.attempts = 0;
    }
    // What the server refuses says nothing of the next signal; what it cannot take now, it cannot take then.
    let about_this_signal = failure == DeliveryFailure::Refused;
    let wait = match (given_up, about_this_signal) {
        (true, true) => Duration::ZERO,
        (true, false) => settings.longest(),
        (false, false) if subscription.failing_since.is_some() => settings.longest(),
        (false, _) => settings.wait(attempts),
    };
    let wait = wait.saturating_sub(wait * u32::from(jitter) / (5 * 256));
    let wait = wait.max(retry_after.unwrap_or_default().min(LONGEST_ASKED));
    subscription.next_attempt_at = now.plus(wait);
    if subscription.failing_since.is_none() && (given_up || attempts >= TOLD_AFTER) {
        subscription.failing_since = Some(now);
        consequences.tell = true;
    }
    consequences
}

#[cfg(test)]
mod tests {
    use kw_domain::{Oin, SubscriptionId};

    use super::*;

    fn subscription() -> StoredSubscription {
        let now = Instant::from_millis(0);
        StoredSubscription {
            id: SubscriptionId::new(now, [1; 10]),
            subscriber: Oin::parse("00000099000000011000").unwrap(),
            sink: Some("https://partner.example/v1/events".into()),
            types: Vec::new(),
            filters: Vec::new(),
            reference: None,
            created_at: now,
            verified_at: Some(now),
            ended_at: None,
            allowed_rate: None,
            reached: 4,
            attempts: 0,
            next_attempt_at: now,
            failure: None,
            failing_since: None,
        }
    }

    fn settings() -> DeliverySettings {
        DeliverySettings { attempts: 3, first_wait_ms: 1_000, longest_wait: 60, timeout_ms: 1_000 }
    }

    fn undelivered(failure: DeliveryFailure) -> Undelivered {
        Undelivered { failure, retry_after: None }
    }

    fn wait(subscription: &StoredSubscription, now: Instant) -> Duration {
        subscription.next_attempt_at.since(now)
    }

    #[test]
    fn waits_double_and_a_signal_is_given_up_after_the_last_attempt() {
        let (mut one, now) = (subscription(), Instant::from_millis(5_000));
        let failure = undelivered(DeliveryFailure::Broken);
        assert_eq!(failed(&mut one, 5, failure, &settings(), 0, now), Consequences::default());
        assert_eq!((one.reached, one.attempts, wait(&one, now)), (4, 1, Duration::from_secs(1)));
        assert_eq!(failed(&mut one, 5, failure, &settings(), 0, now), Consequences::default());
        assert_eq!(wait(&one, now), Duration::from_secs(2));
        let last = failed(&mut one, 5, failure, &settings(), 0, now);
        let dead = last.dead.unwrap();
        assert_eq!((dead.number, dead.attempts, last.tell), (5, 3, true));
        assert_eq!((one.reached, one.attempts, wait(&one, now)), (5, 0, Duration::from_mins(1)));
        // The next one is tried as patiently, and nobody is told again.
        let next = failed(&mut one, 6, failure, &settings(), 0, now);
        assert_eq!((next, wait(&one, now)), (Consequences::default(), Duration::from_mins(1)));
        succeeded(&mut one, now);
        assert_eq!((one.attempts, one.failing_since, one.failure), (0, None, None));
    }

    #[test]
    fn a_signal_that_is_refused_does_not_hold_up_the_next() {
        let (mut one, now) = (subscription(), Instant::from_millis(5_000));
        for _ in 0..3 {
            failed(&mut one, 5, undelivered(DeliveryFailure::Refused), &settings(), 0, now);
        }
        assert_eq!((one.reached, wait(&one, now)), (5, Duration::ZERO));
    }

    #[test]
    fn a_server_is_given_the_time_that_it_asks_for_within_bounds() {
        let now = Instant::from_millis(5_000);
        for (asked, waited) in [(30, 30), (1_000_000, 3_600), (0, 1)] {
            let mut one = subscription();
            let retry_after = Some(Duration::from_secs(asked));
            let later = Undelivered { failure: DeliveryFailure::Throttled, retry_after };
            failed(&mut one, 5, later, &settings(), 0, now);
            assert_eq!(wait(&one, now), Duration::from_secs(waited));
        }
        let mut one = subscription();
        failed(&mut one, 5, undelivered(DeliveryFailure::Broken), &settings(), u8::MAX, now);
        // A fifth less at the most, cut off to the millisecond in which moments are kept.
        assert_eq!(wait(&one, now), Duration::from_millis(800));
    }

    #[test]
    fn a_server_that_is_gone_ends_the_subscription() {
        let (mut one, now) = (subscription(), Instant::from_millis(5_000));
        let gone = failed(&mut one, 5, undelivered(DeliveryFailure::Gone), &settings(), 0, now);
        assert_eq!((gone.dead, gone.tell, one.ended_at), (None, true, Some(now)));
    }

    #[test]
    fn what_is_told_on_request_has_to_be_named() {
        let mut one = subscription();
        assert!(names(&one, SignalType::ReviewDue) && !names(&one, SignalType::PointerRegistered));
        one.types = vec![SignalType::PointerRegistered];
        assert!(!names(&one, SignalType::ReviewDue) && names(&one, SignalType::PointerRegistered));
    }
}

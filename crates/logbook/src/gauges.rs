//! What the metrics show of the log, and the alarm when witnesses stay away.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kw_domain::{Clock, Instant};
use kw_runtime::Metrics;
use kw_runtime::metrics::Gauge;
use kw_store::Publication;

use crate::events;

/// The state of one log, for the metrics.
pub(crate) struct Gauges {
    clock: Arc<dyn Clock>,
    alarm_after: Duration,
    leader: Gauge,
    held: Gauge,
    published: Gauge,
    witnessed: Gauge,
    missed: Gauge,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    published_at: Option<Instant>,
    witnessed_at: Option<Instant>,
    /// Since when entries wait for enough cosignatures, and the size of the checkpoint that they wait for.
    waiting: Option<(Instant, u64)>,
    alarmed: bool,
}

impl Gauges {
    pub(crate) fn new(metrics: &Metrics, clock: Arc<dyn Clock>, alarm_after: Duration) -> Self {
        let gauge = |name, help| metrics.gauge(name, help, &[]);
        let seen = Arc::new(Mutex::new(Seen::default()));
        let age = |name, help, of: fn(&Seen) -> Option<Instant>| {
            let (seen, clock) = (Arc::clone(&seen), Arc::clone(&clock));
            metrics.computed(name, help, &[], move || {
                let since = of(&seen.lock().unwrap_or_else(PoisonError::into_inner));
                since.map_or(0.0, |since| clock.now().since(since).as_secs_f64())
            });
        };
        age("ketenwijzer_log_checkpoint_age_seconds", "Since the newest checkpoint was signed.", |seen| {
            seen.published_at
        });
        age(
            "ketenwijzer_log_witnessed_age_seconds",
            "Since the newest checkpoint with enough cosignatures was signed.",
            |seen| seen.witnessed_at,
        );
        age(
            "ketenwijzer_log_unwitnessed_seconds",
            "For how long published entries wait for enough cosignatures; 0 while none do.",
            |seen| seen.waiting.map(|(since, _)| since),
        );
        Self {
            leader: gauge("ketenwijzer_log_leader", "1 while this process publishes the log."),
            held: gauge("ketenwijzer_log_held", "1 while no act is done because the log is not confirmed."),
            published: gauge("ketenwijzer_log_published_entries", "Entries below the newest checkpoint."),
            witnessed: gauge(
                "ketenwijzer_log_witnessed_entries",
                "Entries below the newest checkpoint with enough cosignatures.",
            ),
            missed: gauge(
                "ketenwijzer_log_quorum_missed",
                "1 while entries wait too long for enough cosignatures.",
            ),
            clock,
            alarm_after,
            seen,
        }
    }

    pub(crate) fn process(&self, leads: bool, held: bool) {
        self.leader.set(f64::from(u8::from(leads)));
        self.held.set(f64::from(u8::from(held)));
    }

    /// Takes in how far the log was published and cosigned.
    pub(crate) fn take(&self, published: Option<&Publication>, witnessed: Option<&Publication>) {
        let size = |of: Option<&Publication>| of.map_or(0, |publication| publication.size);
        let (reached, cosigned) = (size(published), size(witnessed));
        self.published.set(reached as f64);
        self.witnessed.set(cosigned as f64);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.published_at = published.map(|publication| publication.published_at);
        seen.witnessed_at = witnessed.map(|publication| publication.published_at);
        let now = self.clock.now();
        seen.waiting = match seen.waiting {
            _ if cosigned >= reached => None,
            Some((since, wanted)) if cosigned < wanted => Some((since, wanted)),
            _ => Some((now, reached)),
        };
        let waited = seen.waiting.map(|(since, _)| now.since(since)).unwrap_or_default();
        let missed = waited > self.alarm_after;
        if missed && !seen.alarmed {
            events::QuorumMissed { published: reached, witnessed: cosigned, waiting_ms: waited }.log();
        } else if seen.alarmed && !missed {
            events::QuorumBack { witnessed: cosigned }.log();
        }
        seen.alarmed = missed;
        self.missed.set(f64::from(u8::from(missed)));
    }
}

#[cfg(test)]
mod tests {
    use kw_domain::ManualClock;

    use super::*;

    const ALARM: Duration = Duration::from_mins(10);

    fn gauges() -> (Gauges, Arc<ManualClock>, Metrics) {
        let clock = Arc::new(ManualClock::new(Instant::from_millis(1_795_000_000_000)));
        let metrics = Metrics::new();
        (Gauges::new(&metrics, Arc::clone(&clock) as Arc<dyn Clock>, ALARM), clock, metrics)
    }

    fn at(size: u64) -> Publication {
        let published_at = Instant::from_millis(1_795_000_000_000);
        Publication { size, root: [0; 32], note: String::new(), published_at }
    }

    fn alarmed(metrics: &Metrics) -> bool {
        metrics.render().contains("ketenwijzer_log_quorum_missed 1\n")
    }

    #[test]
    fn entries_that_wait_too_long_are_an_alarm_until_they_are_cosigned() {
        let (gauges, clock, metrics) = gauges();
        gauges.take(Some(&at(10)), Some(&at(9)));
        clock.advance(ALARM + Duration::from_secs(1));
        gauges.take(Some(&at(10)), Some(&at(9)));
        assert!(alarmed(&metrics));
        assert!(metrics.render().contains("ketenwijzer_log_unwitnessed_seconds 601\n"));
        gauges.take(Some(&at(10)), Some(&at(10)));
        assert!(!alarmed(&metrics));
    }

    #[test]
    fn a_busy_log_whose_checkpoints_are_cosigned_a_moment_later_is_no_alarm() {
        let (gauges, clock, metrics) = gauges();
        for size in 1..200 {
            gauges.take(Some(&at(size + 1)), Some(&at(size)));
            clock.advance(Duration::from_secs(30));
        }
        assert!(!alarmed(&metrics));
    }

    #[test]
    fn a_quiet_log_is_no_alarm_however_old_its_checkpoint() {
        let (gauges, clock, metrics) = gauges();
        gauges.take(Some(&at(10)), Some(&at(10)));
        clock.advance(Duration::from_hours(1_000));
        gauges.take(Some(&at(11)), Some(&at(10)));
        assert!(!alarmed(&metrics));
    }
}

//! How many reviews wait.

use kw_runtime::Metrics;
use kw_runtime::metrics::Gauge;

/// What the operator sees of reviews.
#[derive(Debug)]
pub(crate) struct Gauges {
    waiting: Gauge,
    escalated: Gauge,
}

impl Gauges {
    /// The gauges, in these metrics.
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let waiting = "Questions on a motivated or emergency ground that nobody judged yet.";
        let escalated = "Questions that nobody judged in time, and that still wait.";
        Self {
            waiting: metrics.gauge("ketenwijzer_reviews_open", waiting, &[]),
            escalated: metrics.gauge("ketenwijzer_reviews_escalated", escalated, &[]),
        }
    }

    /// Shows how many wait, and how many of those were passed on.
    pub(crate) fn show(&self, (waiting, escalated): (u64, u64)) {
        self.waiting.set(waiting as f64);
        self.escalated.set(escalated as f64);
    }
}

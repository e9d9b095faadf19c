//! How long and how much.

use std::time::Duration;

use crate::BreakerSettings;

/// The bounds of one requester.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For a whole dossier, from the question to the last pull.
    pub deadline: Duration,
    /// For one pull at one holder.
    pub holder_timeout: Duration,
    /// How many pulls of one dossier run at the same time.
    pub concurrency: usize,
    /// For a whole access report, from the question to the last party's statement.
    pub report_deadline: Duration,
    /// For one party's statement.
    pub statement_timeout: Duration,
    /// For one exchange with a holder about a feedback report, files included.
    pub feedback_timeout: Duration,
    /// For the own access log to take one event, on top of the deadline: what it cannot take is not handed out.
    pub record_timeout: Duration,
    /// When a holder that fails is left alone for a while.
    pub breaker: BreakerSettings,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(2),
            holder_timeout: Duration::from_millis(1_500),
            concurrency: 16,
            report_deadline: Duration::from_secs(30),
            statement_timeout: Duration::from_secs(10),
            feedback_timeout: Duration::from_secs(20),
            record_timeout: Duration::from_secs(5),
            breaker: BreakerSettings::default(),
        }
    }
}

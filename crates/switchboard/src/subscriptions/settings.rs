//! `[signals]` of the configuration: how patiently signals are delivered.

use std::time::Duration;

use serde::Deserialize;

/// How signals are delivered at subscribers' addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct DeliverySettings {
    /// How often a signal is tried before it is given up, 1 to 100.
    pub attempts: u32,
    /// The wait after the first failure, in milliseconds; it doubles with each further one.
    pub first_wait_ms: u64,
    /// The longest wait, in seconds.
    pub longest_wait: u64,
    /// How long a server may take to answer, in milliseconds.
    pub timeout_ms: u64,
}

impl Default for DeliverySettings {
    fn default() -> Self {
        Self { attempts: 12, first_wait_ms: 1_000, longest_wait: 300, timeout_ms: 8_000 }
    }
}

impl DeliverySettings {
    pub(super) fn attempts(&self) -> u32 {
        self.attempts.clamp(1, 100)
    }

    pub(super) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms.clamp(100, 15_000))
    }

    pub(super) fn longest(&self) -> Duration {
        Duration::from_secs(self.longest_wait.max(1))
    }

    /// The wait after this many failures of the same signal.
    pub(super) fn wait(&self, attempts: u32) -> Duration {
        let doublings = attempts.saturating_sub(1).min(20);
        let wait = Duration::from_millis(self.first_wait_ms.max(10)).saturating_mul(1 << doublings);
        wait.min(self.longest())
    }
}

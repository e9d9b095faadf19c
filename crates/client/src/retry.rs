//! Trying again, only where doing something twice is the same as doing it once.

use std::time::Duration;

use crate::{ClientError, Entropy};

/// How often and how soon a call is repeated. Waits double from `base` to `cap`, each with full jitter, and never end
/// before the service's own `Retry-After`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// How many times the call is made at most, the first included.
    pub attempts: u32,
    /// The longest first wait.
    pub base: Duration,
    /// The longest wait. A service that asks for more gets its error handed to the caller, who can wait better.
    pub cap: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 4, base: Duration::from_millis(100), cap: Duration::from_secs(5) }
    }
}

impl Retry {
    /// Makes the call until it succeeds, fails for good, or the attempts are used up.
    pub(crate) async fn run<T, F>(
        self,
        entropy: &Entropy,
        mut call: impl FnMut() -> F,
    ) -> Result<T, ClientError>
    where
        F: Future<Output = Result<T, ClientError>>,
    {
        let mut attempt = 1;
        loop {
            let error = match call().await {
                Err(error) if error.retryable() && attempt < self.attempts => error,
                outcome => return outcome,
            };
            match self.wait(attempt, error.retry_after(), entropy) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Err(error),
            }
            attempt += 1;
        }
    }

    /// How long to wait after attempt number `attempt`; `None` when the service asks for longer than the cap.
    fn wait(self, attempt: u32, asked: Option<Duration>, entropy: &Entropy) -> Option<Duration> {
        let asked = asked.unwrap_or_default();
        if asked > self.cap {
            return None;
        }
        let longest = self.base.saturating_mul(1 << (attempt - 1).min(16)).min(self.cap);
        let fraction = f64::from(u32::from_be_bytes(entropy.bytes())) / f64::from(u32::MAX);
        Some(longest.mul_f64(fraction).max(asked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_cap_and_respect_what_the_service_asks() {
        let retry = Retry { attempts: 9, base: Duration::from_millis(100), cap: Duration::from_secs(1) };
        let entropy = Entropy::system();
        for attempt in 1..9 {
            let wait = retry.wait(attempt, None, &entropy).unwrap();
            assert!(wait <= retry.base * 2u32.pow(attempt - 1) && wait <= retry.cap, "{attempt}: {wait:?}");
        }
        let asked = Duration::from_millis(700);
        assert!(retry.wait(1, Some(asked), &entropy).unwrap() >= asked);
        assert_eq!(retry.wait(1, Some(Duration::from_secs(2)), &entropy), None);
    }
}

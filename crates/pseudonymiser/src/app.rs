//! What the handlers share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;
use std::time::Duration;

use kw_domain::{Clock, Instant, KeyUse, Oin};
use kw_protocol::evaluation::BudgetClass;
use kw_runtime::{Entropy, Http, Metrics, Shared, SharedAgreement};
use kw_store::Store;
use kw_store::pseudonymiser::{BudgetKey, Pseudonymiser};
use tokio::sync::Semaphore;

use crate::KeyRing;

/// One pseudonymiser process.
pub(crate) struct App {
    pub(crate) agreement: SharedAgreement,
    pub(crate) keys: Shared<KeyRing>,
    pub(crate) store: Arc<Store<Pseudonymiser>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Entropy,
    pub(crate) refusals: RefusalRecords,
    /// Large batches that are evaluated at the same time: as many as there are cores, the others wait.
    pub(crate) large_batches: Semaphore,
    metrics: Metrics,
}

impl App {
    pub(crate) fn new(
        agreement: SharedAgreement,
        keys: Shared<KeyRing>,
        store: Arc<Store<Pseudonymiser>>,
        http: &Http,
    ) -> Self {
        Self {
            agreement,
            keys,
            store,
            clock: Arc::clone(&http.clock),
            entropy: http.entropy.clone(),
            refusals: RefusalRecords::default(),
            large_batches: Semaphore::new(available_parallelism().map_or(2, usize::from)),
            metrics: http.metrics.clone(),
        }
    }

    /// Counts what was evaluated; once per element, whatever the number of keys.
    pub(crate) fn count_evaluated(&self, class: BudgetClass, key_use: KeyUse, count: u64) {
        let labels = [("class", class.as_str()), ("use", key_use.as_str())];
        self.metrics.counter("ketenwijzer_evaluations_total", "Elements evaluated.", &labels).add(count);
    }

    /// Counts an alarm. `reason` is one of ours.
    pub(crate) fn count_alarm(&self, reason: &'static str) {
        let help = "Alarms about parties whose questions look like a search through all numbers.";
        self.metrics.counter("ketenwijzer_alarms_raised_total", help, &[("reason", reason)]).increment();
    }

    /// Counts a batch that was refused. `reason` is one of ours.
    pub(crate) fn count_refused(&self, reason: &'static str) {
        let help = "Batches refused.";
        self.metrics
            .counter("ketenwijzer_evaluation_refusals_total", help, &[("reason", reason)])
            .increment();
    }
}

/// Which refusals go into the ledger: at most one a second for each budget.
///
/// A refusal costs the caller nothing, so a party that keeps asking could otherwise fill the ledger. What is left out is
/// counted in the metrics; the record that is there shows who ran into which budget, and when.
#[derive(Default)]
pub(crate) struct RefusalRecords(Mutex<HashMap<(Oin, BudgetClass, KeyUse), Instant>>);

impl RefusalRecords {
    /// Whether this refusal is one to record. Says so to one caller only.
    pub(crate) fn claim(&self, key: BudgetKey, now: Instant) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (key.party, key.class, key.key_use);
        let too_soon = last.get(&key).is_some_and(|last| *last <= now && now.since(*last) < BETWEEN_RECORDS);
        if !too_soon {
            last.insert(key, now);
        }
        !too_soon
    }
}

const BETWEEN_RECORDS: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_refusal_a_second_is_recorded_for_each_budget() {
        let records = RefusalRecords::default();
        let now = Instant::from_millis(1_795_000_000_000);
        let party = Oin::parse("00000099000000003000").unwrap();
        let query = BudgetKey { party, class: BudgetClass::Query, key_use: KeyUse::Index };
        let refresh = BudgetKey { class: BudgetClass::Refresh, ..query };
        assert!(records.claim(query, now));
        assert!(!records.claim(query, now.plus(Duration::from_millis(999))));
        assert!(records.claim(refresh, now));
        assert!(records.claim(query, now.plus(Duration::from_secs(1))));
        // A clock that was set back does not silence the ledger.
        assert!(records.claim(query, now.minus(Duration::from_hours(1))));
    }
}

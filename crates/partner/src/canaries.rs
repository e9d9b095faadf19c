//! Canaries: subjects that nobody is, by which this partner sees whether the index leaves somebody out (docs/canaries.md).
//!
//! Its own are registered like any record of the source under whose name they go; another partner's are taken over from a
//! file. All are asked for at random moments through the own requester. A canary is missing when the index twice in a row
//! answers without it, or three times does not answer; before that, the own records are looked at again, so that what this
//! partner itself took back or has not told yet is no alarm.

mod asking;
mod keeping;
mod settings;
mod source;
mod subject;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kw_adapter::Vault;
use kw_adapter::pulls::Sources;
use kw_domain::{CanaryId, Category, Clock, Instant, Oin};
use kw_protocol::local::canaries::{Canaries as Listed, Canary, CanaryState};
use kw_runtime::{Entropy, Metrics, SharedAgreement};
use kw_store::partner::{LocalState, Partner, StoredCanary};
use kw_store::{Bookkeeping, KeepError, ReadError, Store, StoreError};
use kw_telemetry::{Explain, Reason};

use crate::clients::Clients;

pub use settings::{CanaryActor, CanarySettings};
pub(crate) use source::WithCanaries;

/// What keeping canaries takes.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) holder: Oin,
    pub(crate) agreement: SharedAgreement,
    pub(crate) store: Arc<Store<Partner>>,
    pub(crate) vault: Vault,
    pub(crate) clients: Arc<Clients>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Entropy,
}

/// The canaries of one partner.
pub(crate) struct Canaries {
    settings: CanarySettings,
    categories: Vec<Category>,
    parts: Parts,
    /// When the next one may be made by itself: not all at once, or they would be known by it.
    next_made: Mutex<Instant>,
    counts: Counts,
    /// One at a time: two questions about one canary would count one outcome twice.
    turn: tokio::sync::Mutex<()>,
}

/// What is counted.
struct Counts {
    found: kw_runtime::metrics::Counter,
    not_found: kw_runtime::metrics::Counter,
    unanswered: kw_runtime::metrics::Counter,
    missing: kw_runtime::metrics::Gauge,
}

impl Canaries {
    /// Checks the settings against the sources and the agreement.
    pub(crate) fn new(
        settings: CanarySettings,
        sources: &Sources,
        metrics: &Metrics,
        parts: Parts,
    ) -> Result<Self, String> {
        let agreement = parts.agreement.current();
        let categories = settings.check(sources, &agreement, parts.holder)?;
        let asked = |outcome| {
            let help = "Questions to the index about canaries, by what came of them.";
            metrics.counter("ketenwijzer_canary_questions_total", help, &[("outcome", outcome)])
        };
        let counts = Counts {
            found: asked("found"),
            not_found: asked("not-found"),
            unanswered: asked("unanswered"),
            missing: metrics.gauge(
                "ketenwijzer_canaries_missing",
                "Canaries that the index does not give.",
                &[],
            ),
        };
        let next_made = Mutex::new(parts.clock.now());
        Ok(Self { settings, categories, parts, next_made, counts, turn: tokio::sync::Mutex::default() })
    }

    /// One round of the background job: makes, retires and asks what is due.
    pub(crate) async fn tick(&self) -> Result<(), CanaryError> {
        let _turn = self.turn.lock().await;
        self.keep_up().await?;
        self.ask_due().await
    }

    /// All of them.
    pub(crate) async fn list(&self) -> Result<Listed, CanaryError> {
        let since = self.now().minus(DAY);
        let holder = self.parts.holder;
        let (all, asked) = self
            .parts
            .store
            .read(move |tables| {
                let mut all = Vec::new();
                for canary in tables.canaries(MOST)? {
                    let own = canary.holder == holder;
                    let record =
                        if own { tables.record_about(&canary.category, &canary.subject_key)? } else { None };
                    let registered = !own || record.is_some_and(|one| one.state == LocalState::Registered);
                    all.push((canary, registered));
                }
                Ok((all, tables.canary_asks_since(since)?))
            })
            .await?;
        self.counts.missing.set(all.iter().filter(|(one, _)| one.missed_at.is_some()).count() as f64);
        Ok(Listed {
            canaries: all.into_iter().map(|(canary, registered)| shown(canary, registered)).collect(),
            asked,
            budget: self.settings.asks_per_day,
            problem: self.problem(),
        })
    }

    /// The categories in which canaries may be made.
    pub(crate) fn categories(&self) -> &[Category] {
        &self.categories
    }

    fn now(&self) -> Instant {
        self.parts.clock.now()
    }

    async fn all(&self) -> Result<Vec<StoredCanary>, CanaryError> {
        Ok(self.parts.store.read(|tables| tables.canaries(MOST)).await?)
    }

    /// Stores what is known of canaries. It leaves no record: a canary is nobody, and nothing is disclosed.
    async fn keep<T: Send + 'static>(
        &self,
        name: &'static str,
        change: impl FnMut(&mut dyn Bookkeeping) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, CanaryError> {
        Ok(self.parts.store.keep(name, change).await?)
    }

    /// A random moment whose mean is `mean` from now: nobody can tell from one question when the next comes.
    fn later(&self, mean: Duration) -> Instant {
        let drawn = u32::from_be_bytes(self.parts.entropy.draw());
        let uniform = (f64::from(drawn) + 1.0) / (f64::from(u32::MAX) + 1.0);
        let factor = (-uniform.ln()).clamp(0.05, 4.0);
        self.now().plus(mean.mul_f64(factor))
    }

    fn made_at_most(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.next_made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn shown(canary: StoredCanary, registered: bool) -> Canary {
    let state = if canary.is_retired {
        CanaryState::Retired
    } else if canary.missed_at.is_some() {
        CanaryState::Missed
    } else if registered {
        CanaryState::Live
    } else {
        CanaryState::Waiting
    };
    Canary {
        id: canary.id,
        holder: canary.holder,
        category: canary.category,
        source: canary.source,
        state,
        ends_at: canary.ends_at,
        asked_at: canary.asked_at,
        missed_at: canary.missed_at,
    }
}

/// Why something about canaries was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CanaryError {
    /// The own database fails.
    #[error("the partner's database cannot be read")]
    Read(#[from] ReadError),
    /// The own database fails.
    #[error("the partner's database cannot be written")]
    Write(#[from] KeepError),
    /// There is no such canary.
    #[error("there is no canary {0}")]
    Unknown(CanaryId),
    /// Others count on it.
    #[error("other partners were told of this canary and will miss it")]
    Exported,
    /// A sealed subject does not open.
    #[error("a sealed subject in the partner's database does not open")]
    Sealed,
}

impl Explain for CanaryError {
    fn explain(&self, reason: &mut Reason) {
        match self {
            Self::Read(error) => reason.because(error),
            Self::Write(error) => reason.because(error),
            Self::Unknown(_) => reason.say("there is no such canary"),
            Self::Exported => reason.say("the canary is exported"),
            Self::Sealed => reason.say("a sealed subject does not open"),
        };
    }
}

const DAY: Duration = Duration::from_hours(24);
/// Own and taken over, together.
const MOST: u32 = 5_000;

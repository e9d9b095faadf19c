//! Trying a source: reading it as the synchroniser does, fetching as a pull does, and changing it where somebody says how.

mod fetching;
mod hiding;
mod hooked;
mod read;
mod reading;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kw_adapter::Source;
use kw_agreement::Agreement;
use kw_domain::{Instant, Oin};

use crate::catalogue::{READS_TO_ITS_END, SOURCE};
use crate::hook::Hook;
use crate::report::{Finding, Findings, failed};
use read::Reading;

/// What a source is tried with.
pub struct SourceTrial {
    /// The source.
    pub source: Arc<dyn Source>,
    /// The partner.
    pub holder: Oin,
    /// What documents have to look like, and what may be registered.
    pub agreement: Arc<Agreement>,
    /// The present moment.
    pub now: Instant,
    /// How many records are fetched at most, spread over the whole.
    pub sample: usize,
    /// How it is changed, where somebody says how.
    pub hook: Option<Arc<dyn Hook>>,
    /// The longest that a document may take: as long as the adapter waits.
    pub fetch_deadline: Duration,
}

impl fmt::Debug for SourceTrial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceTrial").field("source", self.source.name()).finish_non_exhaustive()
    }
}

impl SourceTrial {
    /// With the adapter's own deadline and a hundred records.
    pub fn of(source: Arc<dyn Source>, holder: Oin, agreement: Arc<Agreement>, now: Instant) -> Self {
        let fetch_deadline = Duration::from_millis(1_200);
        Self { source, holder, agreement, now, sample: 100, hook: None, fetch_deadline }
    }
}

/// One finding for each check of [`SOURCE`].
pub async fn try_source(trial: &SourceTrial) -> Vec<Finding> {
    let mut findings = Findings::of(format!("source/{}", trial.source.name()));
    let first = match Reading::from_start(&*trial.source).await {
        Ok(first) => first,
        Err(why) => {
            findings.note(&READS_TO_ITS_END, failed(why));
            return findings.finish(SOURCE, "the source cannot be read");
        }
    };
    reading::try_reading(trial, &first, &mut findings).await;
    if first.records.is_empty() {
        hooked::try_changes(trial, &mut findings).await;
        return findings.finish(SOURCE, "the source holds no record");
    }
    let fetched = fetching::try_fetching(trial, &first, &mut findings).await;
    hiding::try_hiding(trial, &first, &fetched, &mut findings).await;
    hooked::try_changes(trial, &mut findings).await;
    findings.finish(SOURCE, "it could not be tried here")
}

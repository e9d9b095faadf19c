//! What a service reads again while it runs.

use std::sync::Arc;
use std::time::Duration;

use kw_telemetry::Reason;
use kw_transport::Tls;
use tokio::task::spawn_blocking;

use crate::events::{NotReloaded, Reloaded};
use crate::jobs::Jobs;
use crate::metrics::Metrics;
use crate::telemetry::reopen;

/// How often everything is looked at without being told.
const INTERVAL: Duration = Duration::from_secs(10);

type Reload = Arc<dyn Fn() -> Result<bool, Reason> + Send + Sync>;

#[derive(Clone, Default)]
pub(super) struct Reloads(Vec<(&'static str, Reload)>);

impl Reloads {
    pub(super) fn add(
        &mut self,
        name: &'static str,
        reload: impl Fn() -> Result<bool, Reason> + Send + Sync + 'static,
    ) {
        self.0.push((name, Arc::new(reload)));
    }

    /// One job for each: failures are counted, and make the service unready when they last.
    pub(super) fn spawn(&self, jobs: &Jobs) {
        for (name, reload) in &self.0 {
            let reload = Arc::clone(reload);
            jobs.spawn(name, INTERVAL, move || {
                let reload = Arc::clone(&reload);
                async move { blocking(reload).await.map(drop) }
            });
        }
    }

    /// Everything at once; what fails leaves the others be.
    pub(super) async fn now(&self) {
        reopen();
        for (name, reload) in &self.0 {
            match blocking(Arc::clone(reload)).await {
                Ok(changed) => Reloaded { what: name, changed }.log(),
                Err(reason) => NotReloaded { what: name, reason }.log(),
            }
        }
    }
}

/// Shows the state of certificates and revocation lists in the metrics.
pub(super) fn observe_tls(tls: &Tls, metrics: &Metrics) {
    let seen = tls.clone();
    let help = "Moves with every reload that changed certificates, trust anchors or revocation lists.";
    metrics.computed("ketenwijzer_tls_generation", help, &[], move || seen.generation() as f64);
    let seen = tls.clone();
    let help = "Seconds since the certificates, trust anchors and revocation lists in force were loaded.";
    metrics.computed("ketenwijzer_tls_age_seconds", help, &[], move || seen.age().as_secs_f64());
    let seen = tls.clone();
    let help = "When the own certificate expires, in seconds since 1970.";
    metrics.computed("ketenwijzer_tls_not_after_seconds", help, &[], move || {
        seen.not_after().as_seconds() as f64
    });
    let seen = tls.clone();
    let help = "When the first revocation list expires, in seconds since 1970; 0 where none are checked.";
    metrics.computed("ketenwijzer_tls_revocation_lists_until_seconds", help, &[], move || {
        seen.revocation_lists_until().map_or(0.0, |until| until.as_seconds() as f64)
    });
}

async fn blocking(reload: Reload) -> Result<bool, Reason> {
    spawn_blocking(move || reload()).await.unwrap_or_else(|_| Err(Reason::of(&"it was cut off")))
}

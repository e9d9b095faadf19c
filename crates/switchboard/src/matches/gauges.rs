//! What the operator sees of matches: how many, and whether people act on them. Numbers about nobody.

use std::sync::Arc;
use std::time::Duration;

use kw_protocol::matching::MatchState;
use kw_runtime::Metrics;
use kw_runtime::metrics::Gauge;
use kw_store::switchboard::matches::MatchCount;
use kw_telemetry::Reason;

use super::rules::month;
use crate::app::App;

/// How often it is counted: every match that is kept is looked at.
pub(crate) const INTERVAL: Duration = Duration::from_secs(15);

/// The gauges of matches.
#[derive(Debug)]
pub(crate) struct Gauges {
    by_state: Vec<(MatchState, Gauge)>,
    arisen: Gauge,
    overdue: Gauge,
}

impl Gauges {
    /// The gauges, in these metrics.
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let help = "Matches that are kept, by where they are.";
        let of =
            |state: &MatchState| metrics.gauge("ketenwijzer_matches", help, &[("state", state.as_str())]);
        Self {
            by_state: MatchState::ALL.iter().map(|state| (*state, of(state))).collect(),
            arisen: metrics.gauge(
                "ketenwijzer_matches_arisen_this_month",
                "Matches that arose in this calendar month, those that ended included.",
                &[],
            ),
            overdue: metrics.gauge(
                "ketenwijzer_matches_overdue",
                "Live matches about which nobody made contact within the term.",
                &[],
            ),
        }
    }

    fn show(&self, counted: &[MatchCount], overdue: u64, month: i32) {
        let sum = |wanted: &dyn Fn(&MatchCount) -> bool| {
            counted.iter().filter(|one| wanted(one)).map(|one| one.count).sum::<u64>() as f64
        };
        for (state, gauge) in &self.by_state {
            gauge.set(sum(&|one| one.state == *state));
        }
        self.arisen.set(sum(&|one| one.month == month));
        self.overdue.set(overdue as f64);
    }
}

/// Counts, and shows what came of it.
pub(crate) async fn measure(app: Arc<App>) -> Result<(), Reason> {
    let now = app.now();
    let counted =
        app.store.read(move |index| Ok((index.count_matches()?, index.count_overdue_matches(now)?)));
    let (counted, overdue) = counted.await.map_err(|error| Reason::of(&error))?;
    app.match_gauges.show(&counted, overdue, month(now));
    Ok(())
}

//! What metrics tell of keeping the index in line.

use std::sync::Arc;

use kw_adapter::sync::{SyncGauges, Synchroniser};
use kw_runtime::Server;

type Figure = fn(&SyncGauges) -> f64;

/// Adds the gauges. Each is as of the end of the last run, and what is an age goes on growing.
pub(crate) fn observe(server: &Server, synchroniser: &Arc<Synchroniser>) {
    for (name, help, figure) in GAUGES {
        let seen = Arc::clone(synchroniser);
        server.metrics().computed(name, help, &[], move || figure(&seen.gauges()));
    }
}

const GAUGES: [(&str, &str, Figure); 7] = [
    (
        "ketenwijzer_sync_behind_seconds",
        "How long ago the oldest change may have been made at a source that the switchboard was not told.",
        |gauges| gauges.behind.as_secs_f64(),
    ),
    ("ketenwijzer_sync_outbox_waiting", "Messages to the switchboard that wait.", |gauges| {
        gauges.waiting as f64
    }),
    (
        "ketenwijzer_sync_parked",
        "Messages that the switchboard or the pseudonymiser refused: somebody has to mend something.",
        |gauges| gauges.parked as f64,
    ),
    ("ketenwijzer_sync_registered", "Records that have a pointer.", |gauges| gauges.registered as f64),
    (
        "ketenwijzer_sync_held",
        "Sources of which much was gone at once: somebody has to confirm it.",
        |gauges| gauges.held as f64,
    ),
    (
        "ketenwijzer_sync_differences",
        "Differences that the last comparisons with the switchboard found.",
        |gauges| gauges.differences as f64,
    ),
    (
        "ketenwijzer_sync_reconciled_seconds",
        "How long ago the last finished comparison was, of the source that was compared longest ago.",
        |gauges| gauges.reconciled.as_secs_f64(),
    ),
];

//! The partner process, if it runs: what it says about itself that somebody has to look at.

use std::path::Path;

use kw_protocol::local::{PartnerStatus, SourceStatus};

use super::super::local::client_of;
use super::findings::Findings;

/// A process that does not run is no finding: this is also asked before the first start.
pub(super) async fn examine(config: &Path, findings: &mut Findings) {
    let Ok(client) = client_of(config) else { return };
    let Ok(status) = client.status().await else { return };
    told(&status, findings);
}

fn told(status: &PartnerStatus, findings: &mut Findings) {
    if let Some(at) = status.left_at {
        findings.doubtful(
            "chain",
            format!("left the chain since {at}: nothing is registered"),
            "to come back: ketenwijzer departures list, then departures end ID",
        );
    }
    for source in &status.sources {
        of_source(source, findings);
    }
    for parked in &status.outbox.parked {
        findings.doubtful(
            "outbox",
            format!("{}: {} in {} refused: {}", parked.source, parked.count, parked.category, parked.reason),
            format!("mend it, then ketenwijzer sync; tried again by itself at {}", parked.next_at),
        );
    }
}

fn of_source(source: &SourceStatus, findings: &mut Findings) {
    let name = &source.source;
    if let Some(left) = source.held {
        findings.doubtful(
            "sources",
            format!("{name}: HELD: much is gone at once ({left} are left), and nothing was withdrawn"),
            format!("look at it, and if it is right: ketenwijzer sync --source {name} --confirm-shrink"),
        );
    }
    if let Some(problem) = &source.problem {
        findings.doubtful("sources", format!("{name}: {problem}"), "mend it, then ketenwijzer sync");
    }
    if source.refused > 0 {
        findings.doubtful(
            "sources",
            format!("{name}: {} rows cannot be used", source.refused),
            "ketenwijzer sync shows which; mend them at the source",
        );
    }
}

//! Comparing the logs of requesters, switchboard and holders (docs/audit.md).

use std::time::Duration;

use kw_agreement::LogOwner;
use kw_domain::Instant;
use kw_ledger::AccessRecord;
use kw_ledger::reconcile::{Place, Reconciler, Reconciliation, Scope};

use crate::records::merged_newest;
use crate::{Log, Pages, Tally};

/// A question is over within seconds, a grant within minutes; the rest is for clocks, and for the order of entries. Logs are to
/// be read so much before and after the time that is judged.
pub const GRACE: Duration = Duration::from_mins(15);
/// So many exchanges are held, at least, before those that are over are looked for.
const OPEN: usize = 10_000;

/// What came of it.
#[derive(Debug)]
pub struct Compared {
    /// The names of the logs that were compared.
    pub logs: Vec<String>,
    /// What was read of them.
    pub tally: Tally,
    /// Whether they tell the same story.
    pub verdict: Reconciliation,
}

/// Compares what began from `from` on and before `until`, and shows each record to `seen`. `None` when there are not two logs to compare: the pseudonymiser's
/// knows of no question and no pull.
pub async fn compare<P: Pages>(
    logs: Vec<Log<P>>,
    from: Option<Instant>,
    until: Instant,
    mut seen: impl FnMut(&AccessRecord),
) -> Result<Option<Compared>, P::Error> {
    let mut logs: Vec<Log<P>> =
        logs.into_iter().filter(|log| log.identity.owner != LogOwner::Pseudonymiser).collect();
    let places = logs.iter().filter_map(|log| place(log.identity.owner)).collect();
    let scope = Scope { logs: places, from, until, grace: GRACE };
    if scope.logs.len() < 2 {
        return Ok(None);
    }
    let mut reconciler = Reconciler::new(scope);
    let mut room = OPEN;
    while let Some(next) = merged_newest(&mut logs).await? {
        let log = &mut logs[next];
        if let (Some(found), Some(place)) = (log.next().await?, place(log.identity.owner)) {
            seen(&found.record);
            reconciler.add(place, log.logged(&found));
            if reconciler.open() > room {
                reconciler.reached(found.record.at);
                room = OPEN.max(reconciler.open() * 2);
            }
        }
    }
    Ok(Some(Compared {
        logs: logs.iter().map(|log| log.identity.origin.clone()).collect(),
        tally: logs.iter().fold(Tally::default(), |sum, log| sum.and(log.tally)),
        verdict: reconciler.finish(),
    }))
}

/// Whose log that is among those that are compared.
pub fn place(owner: LogOwner) -> Option<Place> {
    match owner {
        LogOwner::Switchboard => Some(Place::Switchboard),
        LogOwner::Partner(oin) => Some(Place::Partner(oin)),
        LogOwner::Pseudonymiser => None,
    }
}

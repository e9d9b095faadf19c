//! Matches about which nobody made contact in time: the holders and the coordinators are told again, or the auditors where a
//! chain has no coordinator.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use kw_agreement::Agreement;
use kw_domain::{MatchId, Oin};
use kw_ledger::Event;
use kw_protocol::matching::MatchState;
use kw_protocol::signal::SignalType;
use kw_runtime::Refusal;
use kw_store::switchboard::NewSignal;
use kw_store::switchboard::matches::StoredMatch;
use kw_telemetry::Reason;

use crate::app::{App, act};
use crate::events::MatchesUncontacted;

/// How often it is looked.
pub(crate) const INTERVAL: Duration = Duration::from_secs(10);
const AT_ONCE: u32 = 200;

/// Escalates every match whose term is over, each once in a term.
pub(crate) async fn escalate(app: Arc<App>) -> Result<(), Reason> {
    loop {
        let now = app.now();
        let due = app
            .store
            .read(move |index| index.uncontacted_matches(now, AT_ONCE))
            .await
            .map_err(|error| Reason::of(&error))?;
        if due.is_empty() {
            return Ok(());
        }
        let last = due.len() < AT_ONCE as usize;
        let agreement = app.agreement.current();
        let record = app.record(&agreement, Event::MatchEscalated, app.oin, None);
        let ids: Vec<MatchId> = due.iter().map(|one| one.id).collect();
        let (rules, entropy) = (agreement.clone(), app.entropy.clone());
        let done = app
            .store
            .write("escalate_matches", move |tx| {
                let mut count: u64 = 0;
                for id in &ids {
                    // Somebody may have made contact, or another process escalated it, since it was read.
                    let Some(mut one) = tx.read().found_match(*id)?.filter(|one| waits(one, now)) else {
                        continue;
                    };
                    one.escalated_at = Some(now);
                    tx.write().update_match(&one)?;
                    let signals: Vec<NewSignal> = recipients(&rules, &one)
                        .into_iter()
                        .map(|recipient| NewSignal {
                            id: entropy.id(now),
                            recipient,
                            kind: SignalType::MatchEscalated,
                            about: *id.as_bytes(),
                            at: now,
                        })
                        .collect();
                    tx.write().emit(&signals)?;
                    count += 1;
                }
                let mut record = record.clone();
                record.count = Some(count);
                Ok((count, act::<Refusal>(&record)?))
            })
            .await
            .map_err(|error| Reason::of(&error))?;
        if done.value > 0 {
            MatchesUncontacted { matches: done.value }.log();
        }
        if last {
            return Ok(());
        }
    }
}

fn waits(one: &StoredMatch, now: kw_domain::Instant) -> bool {
    matches!(one.state, MatchState::Arisen | MatchState::Notified)
        && one.ended_at.is_none()
        && one.escalated_at.is_none()
        && one.contact_by <= now
}

fn recipients(agreement: &Agreement, one: &StoredMatch) -> BTreeSet<Oin> {
    let coordinators = &agreement.matching().coordinators;
    let holders = one.present().map(|holder| holder.holder);
    if coordinators.is_empty() {
        holders.chain(agreement.auditors().map(|auditor| auditor.oin)).collect()
    } else {
        holders.chain(coordinators.iter().copied()).collect()
    }
}

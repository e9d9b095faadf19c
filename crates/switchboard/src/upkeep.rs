//! What the switchboard does by itself: dates that come, leases that run out, keys that change.

use std::sync::Arc;
use std::time::Duration;

use kw_agreement::RetentionClass;
use kw_domain::SubjectId;
use kw_ledger::{Event, LeafKind};
use kw_logbook::InForce;
use kw_logbook::retention::{Retention, due_before};
use kw_protocol::pointer::PointerState;
use kw_protocol::signal::SignalType;
use kw_runtime::{Refusal, Server};
use kw_store::Abort;
use kw_store::switchboard::{ActiveSelector, StoredPointer};
use kw_telemetry::{Explain, Reason};

use crate::app::{App, Keyring, act, recorded, rules};
use crate::events::{GenerationsChanged, HolderLeaseRanOut};
use crate::index::LiveGenerations;
use crate::keys::Keys;
use crate::lifecycle::{self, Due};
use crate::mandates::mandates_due;
use crate::matches::{self, Moved};
use crate::{alarms, departures, objections, reviews, signals, subscriptions};

const AT_ONCE: u32 = 500;
const UPLOADS_KEPT: Duration = Duration::from_hours(7 * 24);
const SIGNALS_KEPT: Duration = Duration::from_hours(90 * 24);
/// Choices that ended and objections that were rejected, so that the person can look back.
const CHOICES_KEPT: Duration = Duration::from_hours(365 * 24);

type Worked = Result<(), Reason>;

/// Starts the jobs; they end with the server.
pub(crate) fn spawn(server: &Server, app: &Arc<App>) {
    let jobs = server.jobs();
    let each = Arc::clone(app);
    jobs.spawn("lifecycle", Duration::from_secs(5), move || lifecycle_due(Arc::clone(&each)));
    let each = Arc::clone(app);
    jobs.spawn("mandates", Duration::from_secs(5), move || mandates_due(Arc::clone(&each)));
    let each = Arc::clone(app);
    jobs.spawn("leases", Duration::from_secs(5), move || leases(Arc::clone(&each)));
    let each = Arc::clone(app);
    jobs.spawn("departures", Duration::from_secs(2), move || departures::hand_over(Arc::clone(&each)));
    let each = Arc::clone(app);
    jobs.spawn("returns", Duration::from_secs(5), move || departures::notice_returns(Arc::clone(&each)));
    let each = Arc::clone(app);
    jobs.spawn("objections", Duration::from_mins(1), move || objections::watch(Arc::clone(&each)));
    let each = Arc::clone(app);
    jobs.spawn("forgetting", Duration::from_mins(10), move || forget(Arc::clone(&each)));
    let each = Arc::clone(app);
    jobs.spawn("generations", Duration::from_secs(1), move || {
        let app = Arc::clone(&each);
        async move { follow_generations(&app).await.map(drop) }
    });

    let each = Arc::clone(app);
    jobs.spawn_urgent("signals", signals::INTERVAL, Duration::from_secs(2), move || ring(Arc::clone(&each)));
    let each = Arc::clone(app);
    jobs.spawn("matches", matches::SWEEPING, move || matches::sweep(Arc::clone(&each)));
    let each = Arc::clone(app);
    jobs.spawn("escalating", matches::ESCALATING, move || matches::escalate(Arc::clone(&each)));
    let each = Arc::clone(app);
    jobs.spawn("match-gauges", matches::MEASURING, move || matches::measure(Arc::clone(&each)));
    let each = Arc::clone(app);
    jobs.spawn_urgent("deliveries", subscriptions::INTERVAL, Duration::from_secs(2), move || {
        subscriptions::deliver(Arc::clone(&each))
    });
    let each = Arc::clone(app);
    jobs.spawn("reviews", reviews::INTERVAL, move || reviews::escalate(Arc::clone(&each)));
    let each = Arc::clone(app);
    jobs.spawn_urgent("alarms", alarms::INTERVAL, alarms::INTERVAL * 2, move || {
        alarms::watch(Arc::clone(&each))
    });
    let bell = app.bell.clone();
    let help = "Readers that wait for their next signal.";
    server.metrics().computed("ketenwijzer_signals_waiting", help, &[], move || bell.waiting() as f64);

    let each = Arc::clone(app);
    InForce::new(Arc::clone(&app.store), app.oin, Arc::clone(&app.clock))
        .naming_approvers(app.agreement.clone())
        .follow(jobs, move || (each.agreement.current(), each.keyring.load().keys.signer.recorded()));
    Retention::new(Arc::clone(&app.store), app.agreement.clone(), app.oin, Arc::clone(&app.clock))
        .follow(jobs);

    let each = Arc::clone(app);
    server.readiness().check("database", move || {
        let app = Arc::clone(&each);
        async move {
            app.store
                .read(kw_store::LedgerRead::ledger_size)
                .await
                .map(drop)
                .map_err(|error| error.to_string())
        }
    });
}

/// Handles every pointer whose date has come: archive, tombstone, nothing.
async fn lifecycle_due(app: Arc<App>) -> Worked {
    loop {
        let now = app.now();
        let due = app
            .store
            .read(move |index| index.due_pointers(now, AT_ONCE))
            .await
            .map_err(|error| Reason::of(&error))?;
        if due.is_empty() {
            return Ok(());
        }
        let last = due.len() < AT_ONCE as usize;
        let (agreement, telling) = (app.agreement.current(), app.telling(SignalType::PointerLapsed));
        let mut lapsed = app.record(&agreement, Event::PointersLapsed, app.oin, None);
        let mut destroyed = app.record(&agreement, Event::PointersDestroyed, app.oin, None);
        let settler = app.settler(&agreement);
        app.store
            .write("lifecycle", move |tx| {
                let (mut changed, mut gone) = (0, 0);
                let mut subjects: Vec<SubjectId> = Vec::new();
                let mut active: Vec<SubjectId> = Vec::new();
                let mut ran_out = Vec::new();
                for pointer in &due {
                    // It may have been renewed since it was read.
                    let Some(pointer) =
                        tx.read().pointer(pointer.holder, pointer.id)?.filter(|p| p.due_at <= now)
                    else {
                        continue;
                    };
                    match lifecycle::due(&pointer, rules(&agreement, &pointer.category), now) {
                        Due::Becomes(next) => {
                            tx.write().update_pointer(&next)?;
                            if pointer.state == PointerState::Active {
                                active.extend(pointer.subject);
                                ran_out.push((pointer.holder, pointer.id));
                            }
                            subjects.extend(pointer.subject.filter(|_| next.subject.is_none()));
                            changed += 1;
                        }
                        Due::Destroyed => {
                            tx.write().delete_pointer(pointer.id)?;
                            gone += 1;
                        }
                    }
                }
                telling.tell(tx, ran_out)?;
                let settled = settler.settle(tx, &Moved::changed(active))?;
                tx.write().delete_orphans(&subjects)?;
                lapsed.count = Some(changed);
                destroyed.count = Some(gone);
                let mut act = act::<Refusal>(&lapsed)?;
                if gone > 0 {
                    act = act.and(LeafKind::Access, recorded(&destroyed).map_err(Abort::Refused)?);
                }
                Ok(((), settled.onto(act)?))
            })
            .await
            .map_err(|error| Reason::of(&error))?;
        if last {
            return Ok(());
        }
    }
}

/// Ends the pointers of holders that gave no sign of life for a whole lease.
async fn leases(app: Arc<App>) -> Worked {
    let now = app.now();
    for holder in
        app.store.read(move |index| index.lapsed_leases(now)).await.map_err(|error| Reason::of(&error))?
    {
        HolderLeaseRanOut { holder }.log();
        loop {
            let (agreement, telling) = (app.agreement.current(), app.telling(SignalType::PointerLapsed));
            let mut record = app.record(&agreement, Event::PointersLapsed, app.oin, None);
            record.holders = vec![holder];
            let settler = app.settler(&agreement);
            let vanished = departures::Vanished::new(&app, &agreement, holder, now);
            let done = app
                .store
                .write("lapse_lease", move |tx| {
                    let still = tx.read().lease(holder)?.is_some_and(|until| until <= now);
                    let departure = if still { departures::note_vanished(tx, &vanished)? } else { None };
                    let active: Vec<StoredPointer> = if still {
                        tx.write().select_active(holder, &ActiveSelector::default(), AT_ONCE)?
                    } else {
                        Vec::new()
                    };
                    for pointer in &active {
                        let next = lifecycle::lapse(pointer, rules(&agreement, &pointer.category), now);
                        tx.write().update_pointer(&next)?;
                    }
                    if let Some(departure) = departure {
                        departures::count(tx, departure, &active, false)?;
                    }
                    telling.tell(tx, active.iter().map(|pointer| (pointer.holder, pointer.id)))?;
                    let more = active.len() == AT_ONCE as usize;
                    if still && !more {
                        tx.write().delete_lease(holder)?;
                    }
                    let moved = Moved::changed(active.iter().filter_map(|pointer| pointer.subject));
                    let settled = settler.settle(tx, &moved)?;
                    record.count = Some(active.len() as u64);
                    Ok((more, settled.onto(act::<Refusal>(&record)?)?))
                })
                .await
                .map_err(|error| Reason::of(&error))?;
            if !done.value {
                break;
            }
        }
    }
    Ok(())
}

/// Looks for whoever waits how far the feeds are.
async fn ring(app: Arc<App>) -> Worked {
    if app.bell.waiting() > 0 {
        let heads = app.store.read(kw_store::switchboard::SignalsRead::signal_heads).await;
        app.bell.ring(heads.map_err(|error| Reason::of(&error))?);
    }
    Ok(())
}

/// Removes what nobody may repeat any more, signals that were kept long enough, and reviews and alarms whose records
/// are erased.
async fn forget(app: Arc<App>) -> Worked {
    let now = app.now();
    let agreement = app.agreement.current();
    let record = app.record(&agreement, Event::PointersDestroyed, app.oin, None);
    let records_before = due_before(&agreement, RetentionClass::Access, now);
    app.store
        .write("forget", move |tx| {
            tx.write().forget_old(now, now.minus(UPLOADS_KEPT))?;
            tx.write().forget_reviews(records_before)?;
            tx.write().forget_alarms(records_before)?;
            tx.write().forget_feedback_routes(records_before)?;
            tx.write().detach_matches(now.minus(matches::REMEMBERED))?;
            tx.write().forget_matches(records_before)?;
            tx.write().forget_signals(now.minus(SIGNALS_KEPT))?;
            tx.write().forget_subscriptions(now.minus(SIGNALS_KEPT))?;
            let subjects = tx.write().forget_consents(now.minus(CHOICES_KEPT), AT_ONCE)?;
            tx.write().delete_orphans(&subjects)?;
            let mut record = record.clone();
            record.count = Some(0);
            Ok(((), act::<Refusal>(&record)?))
        })
        .await
        .map(drop)
        .map_err(|error| Reason::of(&error))
}

/// Follows a rotation: takes in new generations with their keys, whole. Tells whether anything changed.
pub(crate) async fn follow_generations(app: &App) -> Result<bool, Reason> {
    let stored = app
        .store
        .read(kw_store::switchboard::SwitchboardRead::generations)
        .await
        .map_err(|error| Reason::of(&error))?;
    let live = LiveGenerations::of(&stored);
    if live == app.keyring.load().live {
        return Ok(false);
    }
    let (chain, folder) = (app.agreement.current().chain().clone(), app.key_folder.clone());
    let keys = tokio::task::spawn_blocking(move || Keys::read(&folder, &chain))
        .await
        .map_err(|_| Reason::of(&"the process is ending"))?
        .map_err(|error| Reason::of(&error))?;
    let keys = needed(keys, &live).map_err(|error| Reason::of(&error))?;
    GenerationsChanged {}.log();
    app.keyring.store(Arc::new(Keyring { keys: Arc::new(keys), live }));
    Ok(true)
}

/// Reads the key folder again, for new grant keys. The old keys stay on failure.
pub(crate) fn refresh_keyring(app: &App) -> Result<bool, Reason> {
    let chain = app.agreement.current().chain().clone();
    let keys = Keys::read(&app.key_folder, &chain).map_err(|error| Reason::of(&error))?;
    let before = app.keyring.load_full();
    let keys = needed(keys, &before.live).map_err(|error| Reason::of(&error))?;
    let changed = keys.signer.jwks() != before.keys.signer.jwks();
    // A rotation may have moved on while the folder was read: then the other job has the newer keys, and wins.
    let after = Arc::new(Keyring { keys: Arc::new(keys), live: before.live.clone() });
    app.keyring.compare_and_swap(&before, after);
    Ok(changed)
}

/// A key that a live generation of the index needs. For the operator.
#[derive(Debug, thiserror::Error)]
#[error(
    "{kind}-{epoch}.key is not in the key folder, but a live generation of the index needs it; copy it there"
)]
pub(crate) struct MissingKey {
    kind: &'static str,
    epoch: u32,
}

impl Explain for MissingKey {
    fn explain(&self, reason: &mut Reason) {
        reason.say("a key is not in the key folder").with("kind", &self.kind).with("epoch", &self.epoch);
    }
}

/// Only what the live generations use stays in memory: a destroyed key is destroyed here too. What they use must be there.
pub(crate) fn needed(mut keys: Keys, live: &LiveGenerations) -> Result<Keys, MissingKey> {
    let missing = |kind, epoch| MissingKey { kind, epoch };
    keys.index.retain(|epoch, _| live.iter().any(|generation| generation.index_epoch == *epoch));
    if let Some(generation) = live.iter().find(|generation| !keys.index.contains_key(&generation.index_epoch))
    {
        return Err(missing("switchboard-index", generation.index_epoch));
    }
    let oldest = live.iter().map(|generation| generation.pseudonymiser_epoch).min().unwrap_or_default();
    let later =
        |epoch: u32| live.iter().any(|generation| generation.pseudonymiser_epoch == epoch && epoch > oldest);
    keys.deltas.retain(|epoch, _| later(*epoch));
    match live
        .iter()
        .find(|g| g.pseudonymiser_epoch > oldest && !keys.deltas.contains_key(&g.pseudonymiser_epoch))
    {
        Some(generation) => Err(missing("index-delta", generation.pseudonymiser_epoch)),
        None => Ok(keys),
    }
}

//! Who delivers what, and when: one process at a time, each subscription by itself.
//!
//! A few times a second the process that leads looks which subscriptions are behind their feed and starts one worker for each;
//! a slow address holds up nobody but its own subscription.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kw_client::{Context, Entropy as ClientEntropy, WebhookClient};
use kw_domain::{Clock, Instant, Oin, SubscriptionId};
use kw_protocol::delegation::DelegationScope;
use kw_runtime::metrics::{Counter, Gauge};
use kw_runtime::{Entropy, Metrics, Refusal};
use kw_store::Leadership;
use kw_store::switchboard::StoredSubscription;
use kw_telemetry::Reason;
use kw_transport::Tls;
use tokio::time::Instant as Elapsed;

use super::settings::DeliverySettings;
use super::{admitted, work};
use crate::app::{App, not_read};

/// How often the feeds are looked at.
pub(crate) const INTERVAL: Duration = Duration::from_millis(200);
/// How often it is made sure that this process leads, and how old is what waits.
const CONFIRMED: Duration = Duration::from_secs(1);
const MEASURED: Duration = Duration::from_secs(5);
/// Subscriptions that are served at the same time.
const AT_ONCE: usize = 64;

/// What this process knows of deliveries. Nothing of it matters: another process goes on from what is stored.
pub(crate) struct Deliveries {
    pub(super) settings: DeliverySettings,
    tls: Tls,
    context: Context,
    leadership: Arc<Mutex<Leadership>>,
    leads: AtomicBool,
    confirmed: Mutex<Option<Elapsed>>,
    measured: Mutex<Option<Elapsed>>,
    running: Mutex<BTreeSet<SubscriptionId>>,
    places: Mutex<BTreeMap<SubscriptionId, Place>>,
    clients: Mutex<BTreeMap<Oin, (BTreeSet<Oin>, WebhookClient)>>,
    pub(super) delivered: Counter,
    pub(super) failures: Counter,
    oldest: Gauge,
    dead: Gauge,
    failing: Gauge,
}

/// How far one subscription is, as this process knows it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    /// Up to here nothing of the feed is left to deliver; at least what is stored.
    pub(super) seen: u64,
    /// When the last signal was sent.
    pub(super) sent: Option<Elapsed>,
}

impl Deliveries {
    /// Nothing is known yet.
    pub(crate) fn new(
        settings: DeliverySettings,
        tls: Tls,
        clock: Arc<dyn Clock>,
        entropy: &Entropy,
        leadership: Leadership,
        metrics: &Metrics,
    ) -> Self {
        let drawn = entropy.clone();
        let context = Context::new(clock, ClientEntropy::new(move || Box::new(drawn.clone())));
        let delivered = "Signals that subscribers' servers took.";
        let failures = "Attempts to deliver a signal that failed.";
        let oldest = "Seconds since the oldest signal that waits to be delivered at an address was recorded.";
        let dead = "Signals that were given up, of live subscriptions.";
        let failing = "Live subscriptions whose last signals could not be delivered.";
        Self {
            settings,
            tls,
            context,
            leadership: Arc::new(Mutex::new(leadership)),
            leads: AtomicBool::new(false),
            confirmed: Mutex::default(),
            measured: Mutex::default(),
            running: Mutex::default(),
            places: Mutex::default(),
            clients: Mutex::default(),
            delivered: metrics.counter("ketenwijzer_signals_delivered_total", delivered, &[]),
            failures: metrics.counter("ketenwijzer_signal_attempts_failed_total", failures, &[]),
            oldest: metrics.gauge("ketenwijzer_signals_undelivered_age_seconds", oldest, &[]),
            dead: metrics.gauge("ketenwijzer_signals_dead_letters", dead, &[]),
            failing: metrics.gauge("ketenwijzer_subscriptions_failing", failing, &[]),
        }
    }

    /// A client for a subscriber's own servers, and those of suppliers that may answer for it now: by the agreement and by a
    /// mandate that two of its people approved.
    pub(crate) async fn client(&self, app: &App, subscriber: Oin) -> Result<WebhookClient, Refusal> {
        let agreement = app.agreement.current();
        let agreed = agreement.stand_ins().remove(&subscriber).unwrap_or_default();
        let now = app.now();
        let suppliers = if agreed.is_empty() {
            agreed
        } else {
            let read = app.store.read(move |index| {
                let mut admitted = BTreeSet::new();
                for supplier in agreed {
                    let mandates = index.delegations_between(subscriber, supplier)?;
                    if mandates.iter().any(|one| one.admits(DelegationScope::Answer, now)) {
                        admitted.insert(supplier);
                    }
                }
                Ok(admitted)
            });
            read.await.map_err(not_read)?
        };
        let mut clients = locked(&self.clients);
        if let Some((known, client)) = clients.get(&subscriber)
            && *known == suppliers
        {
            return Ok(client.clone());
        }
        let client = WebhookClient::new(
            &self.tls,
            subscriber,
            suppliers.clone(),
            &agreement.switchboard().endpoint,
            self.context.clone(),
            self.settings.timeout(),
        );
        clients.insert(subscriber, (suppliers, client.clone()));
        Ok(client)
    }

    /// Whether this process delivered when that was last made sure.
    pub(super) fn leads(&self) -> bool {
        self.leads.load(Ordering::SeqCst)
    }

    pub(super) fn place(&self, id: SubscriptionId) -> Place {
        locked(&self.places).get(&id).copied().unwrap_or_default()
    }

    pub(super) fn note(&self, id: SubscriptionId, place: Place) {
        locked(&self.places).insert(id, place);
    }

    async fn take_lead(&self) -> Result<bool, Reason> {
        let fresh = locked(&self.confirmed).is_some_and(|at| at.elapsed() < CONFIRMED);
        if fresh {
            return Ok(self.leads());
        }
        let leadership = Arc::clone(&self.leadership);
        let asked = tokio::task::spawn_blocking(move || locked(&leadership).is_leader()).await;
        let asked = asked.map_err(|_| Reason::of(&"the process is ending"))?;
        let leads = asked.as_ref().is_ok_and(|leads| *leads);
        if self.leads.swap(leads, Ordering::SeqCst) != leads {
            // Another process may have gone on meanwhile: only what is stored counts.
            locked(&self.places).clear();
        }
        *locked(&self.confirmed) = Some(Elapsed::now());
        asked.map_err(|error| Reason::of(&error))
    }
}

/// A worker's place among those that run, until it is dropped.
struct Running {
    app: Arc<App>,
    id: SubscriptionId,
}

impl Drop for Running {
    fn drop(&mut self) {
        locked(&self.app.deliveries.running).remove(&self.id);
    }
}

/// One look at all subscriptions: what they name, who is behind, who is to be served now.
pub(crate) async fn deliver(app: Arc<App>) -> Result<(), Reason> {
    let looked = app.store.read(|index| {
        let live = index.live_subscriptions()?;
        let pushed = live.iter().any(|one| one.sink.is_some());
        let heads = if pushed { index.signal_heads()? } else { Vec::new() };
        let replaying = if pushed { index.replaying()? } else { Vec::new() };
        Ok((live, heads, replaying))
    });
    let (live, heads, replaying) = looked.await.map_err(|error| Reason::of(&error))?;
    app.wishes.replace(&live);
    let deliveries = &app.deliveries;
    let leads = deliveries.take_lead().await?;
    locked(&deliveries.places).retain(|id, _| live.iter().any(|one| one.id == *id));
    let heads: BTreeMap<Oin, u64> = heads.into_iter().collect();
    let (agreement, now) = (app.agreement.current(), app.now());
    let mut behind = Vec::new();
    for one in live.iter().filter(|one| one.sink.is_some() && one.verified_at.is_some()) {
        if !leads || !admitted(&agreement, one.subscriber) {
            continue;
        }
        let head = heads.get(&one.subscriber).copied().unwrap_or_default();
        let seen = deliveries.place(one.id).seen.max(one.reached);
        if head > seen {
            behind.push((one.subscriber, seen));
        }
        if (head > seen || replaying.contains(&one.id)) && one.next_attempt_at <= now {
            start(&app, one.clone());
        }
    }
    measure(&app, leads, &live, behind).await
}

fn start(app: &Arc<App>, subscription: StoredSubscription) {
    {
        let mut running = locked(&app.deliveries.running);
        if running.len() >= AT_ONCE || !running.insert(subscription.id) {
            return;
        }
    }
    let place = Running { app: Arc::clone(app), id: subscription.id };
    tokio::spawn(async move {
        work::serve(&place.app, subscription).await;
        drop(place);
    });
}

impl Deliveries {
    /// For how many seconds the oldest signal waits, and how many subscriptions fail: as the process that leads measured last.
    pub(crate) fn behind(&self) -> (u64, u64) {
        (self.oldest.value() as u64, self.failing.value() as u64)
    }
}

/// Shows how far behind deliveries are. Only the process that leads knows; the others show nothing.
async fn measure(
    app: &App,
    leads: bool,
    live: &[StoredSubscription],
    behind: Vec<(Oin, u64)>,
) -> Result<(), Reason> {
    let deliveries = &app.deliveries;
    if locked(&deliveries.measured).is_some_and(|at| at.elapsed() < MEASURED) {
        return Ok(());
    }
    *locked(&deliveries.measured) = Some(Elapsed::now());
    if !leads {
        for gauge in [&deliveries.oldest, &deliveries.dead, &deliveries.failing] {
            gauge.set(0.0);
        }
        return Ok(());
    }
    let read = app.store.read(move |index| {
        let mut oldest: Option<Instant> = None;
        for (party, seen) in behind {
            let next = index.signals_after(party, seen, 1)?;
            oldest = oldest.into_iter().chain(next.into_iter().map(|stored| stored.signal.at)).min();
        }
        Ok((oldest, index.count_all_dead_letters()?))
    });
    let (oldest, dead) = read.await.map_err(|error| Reason::of(&error))?;
    let now = app.now();
    deliveries.oldest.set(oldest.map_or(0.0, |at| now.since(at).as_secs_f64()));
    deliveries.dead.set(dead as f64);
    deliveries.failing.set(live.iter().filter(|one| one.failing_since.is_some()).count() as f64);
    Ok(())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

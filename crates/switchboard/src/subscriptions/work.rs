//! Serving one subscription: one signal after another, in the order of the feed.
//!
//! How far it is, is stored after the answers, some of them together, with their record. A process that is killed in between
//! leaves signals that another delivers once more, under the same id; none is left out. The place is stored only if it is
//! still where this worker began: two processes that both believe to lead deliver twice, and lose nothing either.

use std::time::Duration;

use kw_client::{Undelivered, WebhookClient};
use kw_domain::{MatchId, Oin, SubscriptionId};
use kw_ledger::{Event, LeafKind, Outcome};
use kw_protocol::signal::SignalType;
use kw_protocol::subscription::DeliveryFailure;
use kw_store::switchboard::{StoredDeadLetter, StoredSignal, StoredSubscription};
use kw_store::{Abort, WriteError};
use kw_telemetry::Reason;
use tokio::time::Instant as Elapsed;

use super::progress::{failed, names, succeeded};
use crate::app::{App, act, recorded};
use crate::events::DeliveryNotStored;
use crate::matches;
use crate::signals;

/// Signals that are read at a time.
const PAGE: u32 = 100;
/// How many of them, or for how long, are delivered before the place is stored.
const STORED_AFTER: u64 = 50;
const STORED_WITHIN: Duration = Duration::from_millis(500);
/// So many that were left out are worth a record of their own.
const LEFT_OUT: u64 = 10_000;
/// Dead letters that are tried once more at a time.
const REPLAYED: u32 = 100;

/// Why a worker ends.
enum End {
    /// It is another's turn, or nothing is left.
    Stopped,
    /// It could not be stored.
    NotStored(Reason),
}

/// What was done since the place was stored.
struct Batch {
    to: u64,
    delivered: u64,
    /// The matches that were told of: their holder has read so.
    matches: Vec<MatchId>,
    began: Elapsed,
}

impl Batch {
    fn from(to: u64) -> Self {
        Self { to, delivered: 0, matches: Vec::new(), began: Elapsed::now() }
    }
}

/// Delivers until nothing is left, something fails, or this process is to stop.
pub(super) async fn serve(app: &App, mut subscription: StoredSubscription) {
    let Some(sink) = subscription.sink.clone() else { return };
    let served = async {
        replay(app, &subscription, &sink).await?;
        while page(app, &mut subscription, &sink).await? {}
        Ok(())
    };
    if let Err(End::NotStored(reason)) = served.await {
        DeliveryNotStored { reason }.log();
    }
}

/// One page of the feed; `false` when there is no more.
async fn page(app: &App, subscription: &mut StoredSubscription, sink: &str) -> Result<bool, End> {
    let (subscriber, id) = (subscription.subscriber, subscription.id);
    let mut place = app.deliveries.place(id);
    place.seen = place.seen.max(subscription.reached);
    let after = place.seen;
    let read = app.store.read(move |index| index.signals_after(subscriber, after, PAGE)).await;
    let found = read.map_err(|error| End::NotStored(Reason::of(&error)))?;
    if found.is_empty() {
        return Ok(false);
    }
    let client = client(app, subscriber).await?;
    let mut batch = Batch::from(after);
    for stored in &found {
        if !wanted(app, subscription, stored) {
            batch.to = stored.number;
            continue;
        }
        let answer = match one(app, subscription, sink, &client, stored, place.sent).await {
            Some(answer) if app.deliveries.leads() => answer,
            _ => {
                store(app, subscription, &batch, None).await?;
                return Err(End::Stopped);
            }
        };
        place.sent = Some(Elapsed::now());
        match answer {
            Ok(()) => {
                batch.to = stored.number;
                batch.delivered += 1;
                batch.matches.extend(matches::told_of([stored]));
                app.deliveries.delivered.increment();
                if batch.delivered >= STORED_AFTER || batch.began.elapsed() >= STORED_WITHIN {
                    store(app, subscription, &batch, None).await?;
                    batch = Batch::from(batch.to);
                }
            }
            Err(undelivered) => {
                app.deliveries.failures.increment();
                store(app, subscription, &batch, Some((stored.number, undelivered))).await?;
                return Err(End::Stopped);
            }
        }
    }
    if batch.delivered > 0 || batch.to - subscription.reached >= LEFT_OUT {
        store(app, subscription, &batch, None).await?;
    }
    place.seen = batch.to;
    app.deliveries.note(id, place);
    Ok(true)
}

/// A client for the servers that may take this subscriber's signals now. Made after what is to be delivered was read: whose mandate
/// ended before a signal was told does not get it.
async fn client(app: &App, subscriber: Oin) -> Result<WebhookClient, End> {
    let made = app.deliveries.client(app, subscriber).await;
    made.map_err(|_| End::NotStored(Reason::of(&"the register of suppliers cannot be read")))
}

fn wanted(app: &App, subscription: &StoredSubscription, stored: &StoredSignal) -> bool {
    names(subscription, stored.signal.kind) && {
        let signal = signals::shown(app, stored);
        subscription.filters.iter().all(|filter| filter.passes(&signal))
    }
}

/// Delivers one signal, as soon as the address allows the next; nothing when the process ends.
async fn one(
    app: &App,
    subscription: &StoredSubscription,
    sink: &str,
    client: &WebhookClient,
    stored: &StoredSignal,
    sent: Option<Elapsed>,
) -> Option<Result<(), Undelivered>> {
    let signal = signals::shown(app, stored);
    let attempt = async {
        if let (Some(rate), Some(sent)) = (subscription.allowed_rate, sent) {
            tokio::time::sleep_until(sent + Duration::from_mins(1) / rate.max(1)).await;
        }
        client.deliver(sink, &signal).await
    };
    tokio::select! {
        biased;
        () = app.traffic.ending() => None,
        answer = attempt => Some(answer),
    }
}

/// Stores how far the subscription is, with the record of what was delivered.
async fn store(
    app: &App,
    subscription: &mut StoredSubscription,
    batch: &Batch,
    failure: Option<(u64, Undelivered)>,
) -> Result<(), End> {
    let (id, from, to, delivered) = (subscription.id, subscription.reached, batch.to, batch.delivered);
    if delivered == 0 && failure.is_none() && to - from < LEFT_OUT {
        return Ok(());
    }
    let (agreement, now) = (app.agreement.current(), app.now());
    let mut record = app.record(&agreement, Event::SignalsDelivered, app.oin, None);
    record.holders = vec![subscription.subscriber];
    record.count = Some(delivered);
    if failure.is_some() {
        record.result = Outcome::Error;
    }
    let mut end = app.record(&agreement, Event::SubscriptionChanged, app.oin, None);
    end.count = Some(1);
    let settings = app.deliveries.settings;
    let [jitter] = app.entropy.draw::<1>();
    let (subscriber, of_matches) = (subscription.subscriber, batch.matches.clone());
    let told = app.signal(subscription.subscriber, SignalType::SubscriptionFailing, *id.as_bytes(), now);
    let written = app
        .store
        .write("signals_delivered", move |tx| {
            let found = tx.read().subscription(id)?;
            let mut next = found
                .filter(|one| one.ended_at.is_none() && one.reached == from)
                .ok_or(Abort::Refused(Moved))?;
            next.reached = to;
            if delivered > 0 {
                succeeded(&mut next, now);
                matches::note_told(tx, subscriber, &of_matches, now)?;
            }
            let mut act = act(&record)?;
            if let Some((number, undelivered)) = failure {
                let consequences = failed(&mut next, number, undelivered, &settings, jitter, now);
                if let Some(letter) = &consequences.dead {
                    tx.write().store_dead_letter(letter)?;
                }
                if consequences.tell {
                    tx.write().emit(&[told])?;
                }
                if next.ended_at.is_some() {
                    act = act.and(LeafKind::Access, recorded(&end).map_err(|_| Abort::Refused(Moved))?);
                }
            }
            tx.write().update_subscription(&next)?;
            Ok((next, act))
        })
        .await;
    *subscription = committed(written.map(|done| done.value))?;
    Ok(())
}

/// The place is not where this worker began, or the subscription has ended.
struct Moved;

fn committed<T>(written: Result<T, WriteError<Moved>>) -> Result<T, End> {
    written.map_err(|error| match error {
        WriteError::Refused(Moved) => End::Stopped,
        WriteError::Busy | WriteError::Unavailable => {
            End::NotStored(Reason::of(&"the database does not take how far deliveries are"))
        }
    })
}

/// Tries dead letters once more, those that are asked for. What fails again stays; when nobody answers, the rest is not tried.
async fn replay(app: &App, subscription: &StoredSubscription, sink: &str) -> Result<(), End> {
    let (id, subscriber) = (subscription.id, subscription.subscriber);
    let read = app.store.read(move |index| {
        let mut letters = Vec::new();
        for letter in index.dead_letters(id, 0, true, REPLAYED)? {
            let next = index.signals_after(subscriber, letter.number.saturating_sub(1), 1)?;
            letters.push((letter, next.into_iter().find(|stored| stored.number == letter.number)));
        }
        Ok(letters)
    });
    let letters = read.await.map_err(|error| End::NotStored(Reason::of(&error)))?;
    if letters.is_empty() {
        return Ok(());
    }
    let client = client(app, subscriber).await?;
    for (letter, stored) in letters {
        // What is no longer kept cannot be told any more.
        let answer = match &stored {
            None => Some(Ok(())),
            Some(stored) => one(app, subscription, sink, &client, stored, None).await,
        };
        let Some(answer) = answer else { return Err(End::Stopped) };
        let goes_on = matches!(answer, Ok(()) | Err(Undelivered { failure: DeliveryFailure::Refused, .. }));
        replayed(app, subscription, letter, stored.is_some(), answer).await?;
        if !goes_on {
            return forget_replay(app, id).await;
        }
    }
    Ok(())
}

async fn replayed(
    app: &App,
    subscription: &StoredSubscription,
    letter: StoredDeadLetter,
    was_there: bool,
    answer: Result<(), Undelivered>,
) -> Result<(), End> {
    let (agreement, now) = (app.agreement.current(), app.now());
    let mut record = app.record(&agreement, Event::SignalsDelivered, app.oin, None);
    record.holders = vec![subscription.subscriber];
    record.count = Some(u64::from(answer.is_ok() && was_there));
    if answer.is_err() {
        record.result = Outcome::Error;
    }
    let written = app
        .store
        .write("signal_replayed", move |tx| {
            match answer {
                Ok(()) => tx.write().delete_dead_letter(letter.subscription, letter.number)?,
                Err(Undelivered { failure, .. }) => tx.write().store_dead_letter(&StoredDeadLetter {
                    failure,
                    attempts: letter.attempts + 1,
                    failed_at: now,
                    replay: false,
                    ..letter
                })?,
            }
            Ok(((), act::<Moved>(&record)?))
        })
        .await;
    committed(written.map(drop))
}

async fn forget_replay(app: &App, id: SubscriptionId) -> Result<(), End> {
    let agreement = app.agreement.current();
    let mut record = app.record(&agreement, Event::SubscriptionChanged, app.oin, None);
    record.count = Some(0);
    let written = app
        .store
        .write("replay_stopped", move |tx| {
            tx.write().mark_dead_letters(id, None, false)?;
            Ok(((), act::<Moved>(&record)?))
        })
        .await;
    committed(written.map(drop))
}

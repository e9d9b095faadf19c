//! A partner that gives no sign of life for a whole lease is told of once, and again when it is back.

use std::sync::Arc;

use kw_agreement::Agreement;
use kw_domain::{DepartureId, Instant, Oin};
use kw_ledger::Event;
use kw_protocol::departure::{DepartureKind, DepartureStatus};
use kw_runtime::Refusal;
use kw_store::switchboard::{NewSignal, StoredDeparture, Switchboard};
use kw_store::{StoreError, Tx};
use kw_telemetry::Reason;

use super::tell_all;
use crate::app::{App, act};

/// A departure of a partner that vanished, with the signals that tell of it; made before the transaction that needs them.
#[derive(Debug, Clone)]
pub(crate) struct Vanished {
    departure: StoredDeparture,
    signals: Vec<NewSignal>,
}

impl Vanished {
    pub(crate) fn new(app: &App, agreement: &Agreement, party: Oin, now: Instant) -> Self {
        let id = app.entropy.id::<DepartureId>(now);
        let departure = StoredDeparture {
            id,
            party,
            successor: None,
            kind: DepartureKind::Vanished,
            requested_at: now,
            requested_by: None,
            first: None,
            second: None,
            consent: None,
            effective_at: Some(now),
            closing_at: None,
            finished_at: Some(now),
            ended_at: None,
        };
        Self { departure, signals: tell_all(app, agreement, id, now) }
    }
}

/// Notes that a partner vanished, unless that is known, or it has left of its own will. The departure under which what lapses is
/// counted.
pub(crate) fn note_vanished(
    tx: &mut Tx<'_, Switchboard>,
    vanished: &Vanished,
) -> Result<Option<DepartureId>, StoreError> {
    let Vanished { departure, signals } = vanished;
    match tx.read().open_departure(departure.party)? {
        Some(open) if open.kind == DepartureKind::Vanished => return Ok(Some(open.id)),
        Some(open) if open.status() != DepartureStatus::Requested => return Ok(None),
        // It asked to leave and was gone before anybody approved.
        Some(open) => {
            let ended = StoredDeparture { ended_at: Some(departure.requested_at), ..open };
            tx.write().update_departure(&ended)?;
        }
        None => {}
    }
    tx.write().insert_departure(departure)?;
    let held = tx.read().active_by_category(departure.party)?;
    tx.write().note_held(departure.id, &held)?;
    tx.write().emit(signals)?;
    Ok(Some(departure.id))
}

/// Ends the departures of partners that vanished and have a lease again.
pub(crate) async fn notice_returns(app: Arc<App>) -> Result<(), Reason> {
    let now = app.now();
    let back = app.store.read(move |index| {
        let mut back = Vec::new();
        for departure in index.vanished_departures()? {
            if index.lease(departure.party)?.is_some_and(|until| until > now) {
                back.push(departure);
            }
        }
        Ok(back)
    });
    for departure in back.await.map_err(|error| Reason::of(&error))? {
        let agreement = app.agreement.current();
        let signals = tell_all(&app, &agreement, departure.id, now);
        let mut record = app.record(&agreement, Event::DepartureChanged, app.oin, None);
        record.holders = vec![departure.party];
        app.store
            .write("end_vanishing", move |tx| {
                // Another process may have noticed first.
                let open = tx.read().departure(departure.id)?.filter(|found| found.ended_at.is_none());
                if let Some(open) = open {
                    tx.write().update_departure(&StoredDeparture { ended_at: Some(now), ..open })?;
                    tx.write().emit(&signals)?;
                }
                Ok(((), act::<Refusal>(&record)?))
            })
            .await
            .map_err(|error| Reason::of(&error))?;
    }
    Ok(())
}

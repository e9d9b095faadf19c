//! Carries departures out: hands over what the successor has, and withdraws what nobody takes.

use std::collections::BTreeMap;
use std::sync::Arc;

use kw_domain::{Category, DepartureId};
use kw_ledger::Event;
use kw_protocol::departure::DepartureStatus;
use kw_protocol::pointer::WithdrawalReason;
use kw_runtime::Refusal;
use kw_store::switchboard::{ActiveSelector, StoredDeparture, StoredPointer, Switchboard};
use kw_store::{Abort, Act, StoreError, Tx};
use kw_telemetry::Reason;

use crate::app::{App, act, rules};
use crate::lifecycle;
use crate::matches::Moved;

/// More in one transaction would keep everybody else waiting.
const AT_ONCE: u32 = 500;

/// What one transaction came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Go on at once.
    More,
    /// Nothing to do until somebody registers, finishes or ends it.
    Rest,
}

/// Works on every departure that is running.
pub(crate) async fn hand_over(app: Arc<App>) -> Result<(), Reason> {
    let running = app.store.read(kw_store::switchboard::DeparturesRead::running_departures).await;
    for departure in running.map_err(|error| Reason::of(&error))? {
        while step(&app, departure.id).await? == Step::More {}
    }
    Ok(())
}

async fn step(app: &Arc<App>, id: DepartureId) -> Result<Step, Reason> {
    let (agreement, now) = (app.agreement.current(), app.now());
    let mut transferred = app.record(&agreement, Event::PointersTransferred, app.oin, None);
    let mut withdrawn = app.record(&agreement, Event::PointersWithdrawn, app.oin, None);
    let mut changed = app.record(&agreement, Event::DepartureChanged, app.oin, None);
    let settler = app.settler(&agreement);
    let references: Vec<_> = (0..AT_ONCE).map(|_| app.reference()).collect();
    let done = app
        .store
        .write("hand_over", move |tx| {
            // Somebody may have ended it, or another process have finished it.
            let running = |found: &StoredDeparture| found.status() == DepartureStatus::Running;
            let Some(departure) = tx.read().departure(id)?.filter(running) else {
                return Ok((Step::Rest, act(&changed)?));
            };
            let leave = |tx: &mut Tx<'_, Switchboard>, pointers: &[StoredPointer], mut act: Act| {
                for (pointer, reference) in pointers.iter().zip(&references) {
                    let rules = rules(&agreement, &pointer.category);
                    let left = lifecycle::withdraw(pointer, WithdrawalReason::HolderStopped, rules, now);
                    let Ok(left) = left else { continue };
                    tx.write().update_pointer(&left)?;
                    if let Some(subject) = pointer.subject {
                        act = act.link(subject, *reference);
                    }
                }
                // Who leaves is no party to a match any more.
                let moved = Moved::changed(pointers.iter().filter_map(|pointer| pointer.subject));
                settler.settle(tx, &moved)?.onto::<Refusal>(act)
            };
            let taken = taken_over(tx, &departure)?;
            if !taken.is_empty() {
                count(tx, id, &taken, true)?;
                transferred.holders =
                    [Some(departure.party), departure.successor].into_iter().flatten().collect();
                transferred.count = Some(taken.len() as u64);
                transferred.categories = categories(&taken);
                let act = leave(tx, &taken, act::<Refusal>(&transferred)?)?;
                return Ok((Step::More, act));
            }
            changed.holders = [Some(departure.party), departure.successor].into_iter().flatten().collect();
            if departure.closing_at.is_none() {
                return Ok((Step::Rest, act(&changed)?));
            }
            let rest = tx.write().select_active(departure.party, &ActiveSelector::default(), AT_ONCE)?;
            if rest.is_empty() {
                tx.write().delete_lease(departure.party)?;
                tx.write().update_departure(&StoredDeparture { finished_at: Some(now), ..departure })?;
                return Ok((Step::Rest, act(&changed)?));
            }
            count(tx, id, &rest, false)?;
            withdrawn.holders = vec![departure.party];
            withdrawn.count = Some(rest.len() as u64);
            withdrawn.categories = categories(&rest);
            let act = leave(tx, &rest, act::<Refusal>(&withdrawn)?)?;
            Ok::<_, Abort<Refusal>>((Step::More, act))
        })
        .await;
    done.map(|done| done.value).map_err(|error| Reason::of(&error))
}

/// A bounded number of pointers that the successor has too.
fn taken_over(
    tx: &mut Tx<'_, Switchboard>,
    departure: &StoredDeparture,
) -> Result<Vec<StoredPointer>, StoreError> {
    let Some(successor) = departure.successor else { return Ok(Vec::new()) };
    for (category, _) in tx.read().active_by_category(departure.party)? {
        let taken = tx.read().taken_over(departure.party, successor, &category, AT_ONCE)?;
        if !taken.is_empty() {
            return Ok(taken);
        }
    }
    Ok(Vec::new())
}

/// Counts what became of these pointers: `taken` over by the successor, or withdrawn or lapsed.
pub(crate) fn count(
    tx: &mut Tx<'_, Switchboard>,
    id: DepartureId,
    pointers: &[StoredPointer],
    taken: bool,
) -> Result<(), StoreError> {
    let mut numbers: BTreeMap<&Category, u64> = BTreeMap::new();
    for pointer in pointers {
        *numbers.entry(&pointer.category).or_default() += 1;
    }
    for (category, number) in numbers {
        let (transferred, withdrawn) = if taken { (number, 0) } else { (0, number) };
        tx.write().count_departed(id, category, transferred, withdrawn)?;
    }
    Ok(())
}

fn categories(pointers: &[StoredPointer]) -> Vec<Category> {
    let mut categories: Vec<_> = pointers.iter().map(|pointer| pointer.category.clone()).collect();
    categories.sort();
    categories.dedup();
    categories
}

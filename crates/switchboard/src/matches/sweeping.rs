//! Looking through everything: when the agreement changed, what matched before may not any more, and the other way round.
//! And once at the start, so that what an older version left is set right.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kw_domain::SubjectId;
use kw_ledger::Event;
use kw_protocol::matching::MatchKind;
use kw_store::StoreError;
use kw_store::switchboard::SwitchboardRead;
use kw_store::switchboard::matches::About;
use kw_telemetry::Reason;

use super::rules;
use super::settling::{Moved, Settler};
use crate::app::App;

/// How often it is looked whether there is something to do.
pub(crate) const INTERVAL: Duration = Duration::from_secs(2);
const AT_ONCE: u32 = 200;

/// Under which agreement everything was looked through last.
#[derive(Debug, Default)]
pub(crate) struct Sweep {
    done_for: Mutex<Option<String>>,
    /// How many times more.
    wanted: Arc<AtomicU8>,
}

/// Asks for everything to be looked through again.
#[derive(Debug, Clone)]
pub(crate) struct Again(Arc<AtomicU8>);

impl Sweep {
    /// For whoever finds a reason inside a transaction.
    pub(crate) fn again(&self) -> Again {
        Again(Arc::clone(&self.wanted))
    }
}

impl Again {
    /// A holder whose lease had run out is back before anybody noticed: what was settled meanwhile left it out.
    pub(crate) fn want(&self) {
        // Twice: the first time the transaction may not be committed yet.
        self.0.store(2, Ordering::Relaxed);
    }
}

/// Looks through everything, if the agreement is another one than the last time.
pub(crate) async fn sweep(app: Arc<App>) -> Result<(), Reason> {
    let agreement = app.agreement.current();
    let once_less = |left: u8| left.checked_sub(1);
    let wanted = app.sweep.wanted.fetch_update(Ordering::Relaxed, Ordering::Relaxed, once_less).is_ok();
    let done_for = app.sweep.done_for.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if !wanted && done_for.as_deref() == Some(agreement.hash()) {
        return Ok(());
    }
    if let Err(reason) = look_through(&app).await {
        app.sweep.again().want();
        return Err(reason);
    }
    let hash = agreement.hash().to_owned();
    *app.sweep.done_for.lock().unwrap_or_else(PoisonError::into_inner) = Some(hash);
    Ok(())
}

async fn look_through(app: &App) -> Result<(), Reason> {
    let mut after = None;
    loop {
        let page = read(app, move |index| index.live_matches_after(after, AT_ONCE)).await?;
        let subjects = page.iter().filter_map(|one| one.about).flat_map(About::subjects).collect();
        settle(app, subjects).await?;
        match page.last() {
            Some(last) if page.len() == AT_ONCE as usize => after = Some(last.id),
            _ => break,
        }
    }
    let agreement = app.agreement.current();
    let categories = rules::counting(&agreement, MatchKind::Person);
    let mut after = None;
    while !categories.is_empty() {
        let asked = categories.clone();
        let page = read(app, move |index| index.held_by_several(&asked, after, AT_ONCE)).await?;
        settle(app, page.iter().copied().collect()).await?;
        match page.last() {
            Some(last) if page.len() == AT_ONCE as usize => after = Some(*last),
            _ => break,
        }
    }
    let mut after = None;
    loop {
        let page = read(app, move |index| index.relations_after(after, AT_ONCE)).await?;
        settle(app, page.iter().flat_map(|relation| [relation.one, relation.other]).collect()).await?;
        match page.last() {
            Some(last) if page.len() == AT_ONCE as usize => after = Some(last.id),
            _ => return Ok(()),
        }
    }
}

/// Looks first, and writes only about those of whom something is not as it should be.
async fn settle(app: &App, subjects: BTreeSet<SubjectId>) -> Result<(), Reason> {
    if subjects.is_empty() {
        return Ok(());
    }
    let agreement = app.agreement.current();
    let settler: Settler = app.settler(&agreement);
    let looking = settler.clone();
    let unsettled = read(app, move |index| looking.unsettled(index, &subjects)).await?;
    if unsettled.is_empty() {
        return Ok(());
    }
    let mut nothing = app.record(&agreement, Event::MatchChanged, app.oin, None);
    nothing.count = Some(0);
    app.store
        .write("sweep_matches", move |tx| {
            let settled = settler.settle(tx, &Moved::changed(unsettled.iter().copied()))?;
            Ok(((), settled.into_act(&nothing)?))
        })
        .await
        .map(drop)
        .map_err(|error| Reason::of(&error))
}

async fn read<T: Send + 'static>(
    app: &App,
    ask: impl FnOnce(&mut (dyn SwitchboardRead + 'static)) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Reason> {
    app.store.read(ask).await.map_err(|error| Reason::of(&error))
}

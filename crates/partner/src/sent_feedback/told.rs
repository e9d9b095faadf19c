//! What the partner is told about reports: where one stands, and that a value of an own pull was wrong.

use futures_util::stream::{self, StreamExt as _};
use kw_domain::{FeedbackId, TransactionId};
use kw_protocol::signal::{Signal, SignalType};
use kw_store::partner::StoredCorrection;

use super::Fault;
use super::steps::after_failure;
use crate::app::App;

/// How many corrections are asked after in one run, and how many at the same time.
const AT_ONCE: u32 = 50;
const SIDE_BY_SIDE: usize = 4;
/// A correction that nobody could tell of for so many attempts is let go: about two weeks.
const MOST_ATTEMPTS: u32 = 350;

/// Makes durable what signals ask to be looked at. The feed is read anew after a start, so hearing the same twice is hearing it once.
pub(crate) async fn hear(app: &App, signals: &[Signal]) -> Result<(), Fault> {
    let mut reports = Vec::new();
    let mut pulls = Vec::new();
    for signal in signals {
        match signal.known() {
            Some(SignalType::FeedbackChanged) => reports.extend(FeedbackId::parse(&signal.about)),
            Some(SignalType::ValueCorrected) => pulls.extend(TransactionId::parse(&signal.about)),
            _ => {}
        }
    }
    if reports.is_empty() && pulls.is_empty() {
        return Ok(());
    }
    let now = app.clock.now();
    let heard = app.store.keep("hear_of_feedback", move |books| {
        for report in &reports {
            books.look_at_feedback(*report, now)?;
        }
        for pull in &pulls {
            books.note_correction(*pull, now)?;
        }
        Ok(())
    });
    Ok(heard.await?)
}

/// Asks the switchboard which values were wrong.
pub(super) async fn follow_corrections(app: &App) -> Result<(), Fault> {
    let now = app.clock.now();
    let due = app.store.read(move |tables| tables.corrections_due(now, AT_ONCE)).await?;
    let asking = due.into_iter().map(|correction| ask(app, correction));
    let asked: Vec<Result<(), Fault>> = stream::iter(asking).buffer_unordered(SIDE_BY_SIDE).collect().await;
    asked.into_iter().collect()
}

async fn ask(app: &App, mut correction: StoredCorrection) -> Result<(), Fault> {
    let told = match app.clients.current() {
        Ok(clients) => clients.switchboard.correction(correction.transaction).await,
        Err(error) => Err(error),
    };
    match told {
        Ok(view) => {
            correction.mended = Some((view.holder, view.category, view.corrected_at));
            correction.next_at = None;
        }
        Err(error) if error.retryable() && correction.attempts < MOST_ATTEMPTS => {
            correction.attempts += 1;
            let next = after_failure(app.clock.now(), correction.attempts, error.retry_after(), &app.entropy);
            correction.next_at = Some(next);
        }
        // Not this party's to know, or not any more.
        Err(_) => correction.next_at = None,
    }
    Ok(app.store.keep("store_correction", move |books| books.store_correction(&correction)).await?)
}

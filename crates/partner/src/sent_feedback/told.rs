//! What the partner is told about reports: where one stands, and that a value of an own pull was wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use kw_domain::{FeedbackId, Instant, TransactionId};
use kw_ledger::AccessRecord;
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
            // What the own log does not know as a pull of one's own is nobody's to ask anew.
            correction.record = own_record(app, correction.transaction).await?;
            let is_own = correction.record.is_some();
            correction.mended = is_own.then_some((view.holder, view.category, view.corrected_at));
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

/// Which record of the own log says why a pull was made: the question under whose answer it was granted.
async fn own_record(app: &App, pull: TransactionId) -> Result<Option<u64>, Fault> {
    let moment = moment_of(pull);
    let found = app.store.read(move |tables| {
        let mut next = tables.index_at(moment)?;
        let (last, mut asked) = (next + MOST_ENTRIES, BTreeMap::new());
        while next < last {
            let entries = tables.ledger_entries(next, ENTRIES_AT_ONCE)?;
            let Some(end) = entries.last().map(|entry| (entry.index, entry.at)) else { break };
            for entry in entries {
                let Some(text) = entry.record else { continue };
                let Ok(record) = serde_json::from_str::<AccessRecord>(text.as_str()) else { continue };
                let Some(exchange) = record.transaction else { continue };
                if record.case.is_some() {
                    asked.insert(exchange, entry.index);
                }
                if record.grants.iter().any(|grant| grant.transaction == pull) {
                    return Ok(Some(asked.get(&exchange).copied().unwrap_or(entry.index)));
                }
            }
            if end.1 > moment.plus(AFTERWARDS) {
                break;
            }
            next = end.0 + 1;
        }
        Ok(None)
    });
    Ok(found.await?)
}

/// When the switchboard gave a transaction its id.
fn moment_of(transaction: TransactionId) -> Instant {
    let millis = transaction.as_bytes().iter().take(6).fold(0, |sum, byte| sum << 8 | i64::from(*byte));
    Instant::from_millis(millis)
}

/// The answer is recorded right after the switchboard gave it; clocks differ, and acts wait in the queue.
const AFTERWARDS: Duration = Duration::from_mins(20);
/// More than an organisation's people ask in that time.
const MOST_ENTRIES: u64 = 50_000;
const ENTRIES_AT_ONCE: u32 = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_says_when_it_began() {
        let moment = Instant::from_millis(1_795_000_000_123);
        assert_eq!(moment_of(TransactionId::new(moment, [255; 10])), moment);
    }
}

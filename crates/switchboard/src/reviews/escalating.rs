//! Reviews that nobody gave in time are passed on: to the asker's organisation again, and to the chain's auditors.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use kw_agreement::Agreement;
use kw_domain::Oin;
use kw_ledger::Event;
use kw_protocol::signal::SignalType;
use kw_runtime::Refusal;
use kw_store::switchboard::{NewSignal, ReviewsRead, StoredReview};
use kw_telemetry::Reason;

use crate::app::{App, act};
use crate::events::ReviewsOverdue;

/// How often it is looked.
pub(crate) const INTERVAL: Duration = Duration::from_secs(10);
const AT_ONCE: u32 = 200;

/// Passes on every review whose time is over, each once.
pub(crate) async fn escalate(app: Arc<App>) -> Result<(), Reason> {
    loop {
        let now = app.now();
        let due = app
            .store
            .read(move |index| index.overdue_reviews(now, AT_ONCE))
            .await
            .map_err(|error| Reason::of(&error))?;
        let parties: BTreeSet<Oin> = due.iter().map(|review| review.party).collect();
        for party in parties {
            let own = due.iter().filter(|review| review.party == party).cloned().collect();
            pass_on(&app, party, own).await?;
        }
        if due.len() < AT_ONCE as usize {
            break;
        }
    }
    let counted = app.store.read(ReviewsRead::count_reviews).await.map_err(|error| Reason::of(&error))?;
    app.review_gauges.show(counted);
    Ok(())
}

async fn pass_on(app: &App, party: Oin, due: Vec<StoredReview>) -> Result<(), Reason> {
    let (now, agreement) = (app.now(), app.agreement.current());
    let mut record = app.record(&agreement, Event::ReviewEscalated, app.oin, None);
    record.holders = vec![party];
    let told: Vec<(StoredReview, Vec<NewSignal>)> = due
        .into_iter()
        .map(|review| {
            let about = *review.id.as_bytes();
            let signals = recipients(&agreement, party)
                .map(|recipient| app.signal(recipient, SignalType::ReviewEscalated, about, now))
                .collect();
            (review, signals)
        })
        .collect();
    let done = app
        .store
        .write("escalate_reviews", move |tx| {
            let mut count = 0;
            for (review, signals) in &told {
                // Somebody may have judged it, or another process passed it on, since it was read.
                if tx.write().escalate_review(review.id, now)? {
                    tx.write().emit(signals)?;
                    count += 1;
                }
            }
            let mut record = record.clone();
            record.count = Some(count);
            Ok((count, act::<Refusal>(&record)?))
        })
        .await
        .map_err(|error| Reason::of(&error))?;
    ReviewsOverdue { caller: party, reviews: done.value }.log();
    Ok(())
}

fn recipients(agreement: &Agreement, party: Oin) -> impl Iterator<Item = Oin> {
    let auditors = agreement.auditors().map(|auditor| auditor.oin);
    std::iter::once(party).chain(auditors)
}

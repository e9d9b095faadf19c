//! Who received a value that was wrong: the own log knows (GDPR art. 19).

use std::collections::BTreeSet;

use kw_domain::{Category, FeedbackId, Handle, Instant, Oin, TransactionId};
use kw_ledger::{AccessRecord, Event, Outcome};
use kw_protocol::feedback::{CorrectionReport, MOST_RECEIVED, ReceivedBy};
use kw_store::StoreError;
use kw_store::partner::PartnerRead;
use kw_telemetry::Reason;

use super::Feedback;
use super::telling::Untold;

impl Feedback {
    /// Has everybody told who received the record until then; tells how many pulls that were.
    ///
    /// Nobody can say since when a value was wrong, so it is everybody since the record's first pull, as far as the log still
    /// says whom a record is about.
    pub(super) async fn correct(
        &self,
        report: FeedbackId,
        category: &Category,
        until: Instant,
    ) -> Result<u64, Untold> {
        let holder = self.pulls.holder;
        let read = self.pulls.store.read(move |tables| {
            let Some(report) = tables.feedback(report)? else { return Ok(BTreeSet::new()) };
            let mut received = received(tables, report.handle, until)?;
            received.retain(|(recipient, _)| *recipient != holder);
            Ok(received)
        });
        let received = read.await.map_err(|error| Untold::NotRead(Reason::of(&error)))?;
        let told = received.len() as u64;
        let received: Vec<ReceivedBy> = received
            .into_iter()
            .map(|(recipient, transaction)| ReceivedBy { recipient, transaction })
            .collect();
        for part in received.chunks(MOST_RECEIVED) {
            let correction = CorrectionReport { report, category: category.clone(), received: part.to_vec() };
            self.routing.tell_correction(&correction).await.map_err(Untold::Client)?;
        }
        Ok(told)
    }
}

/// Party and transaction of every delivery of a record until a moment.
fn received(
    tables: &mut (dyn PartnerRead + 'static),
    handle: Handle,
    until: Instant,
) -> Result<BTreeSet<(Oin, TransactionId)>, StoreError> {
    let (mut found, mut after) = (BTreeSet::new(), None);
    loop {
        let links = tables.links_of(handle, after, AT_ONCE)?;
        for (index, _) in &links {
            for entry in tables.ledger_entries(*index, 1)? {
                let Some(text) = entry.record.filter(|_| entry.at <= until) else { continue };
                // A record of another kind, or of a later version, is no delivery that this version made.
                let Ok(record) = serde_json::from_str::<AccessRecord>(text.as_str()) else { continue };
                found.extend(delivery(&record));
            }
        }
        match links.last() {
            Some((last, _)) if links.len() == AT_ONCE as usize => after = Some(*last),
            _ => return Ok(found),
        }
    }
}

fn delivery(record: &AccessRecord) -> Option<(Oin, TransactionId)> {
    let is_delivery = matches!(record.event, Event::PullAnswered | Event::CollectionAnswered)
        && record.result == Outcome::Success
        && record.count.is_some_and(|count| count > 0);
    let recipient = record.on_behalf_of.unwrap_or(record.party);
    record.transaction.filter(|_| is_delivery).map(|transaction| (recipient, transaction))
}

const AT_ONCE: u32 = 500;

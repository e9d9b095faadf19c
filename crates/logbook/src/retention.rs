//! The end of a record's term: record, salt and links are erased, the leaf stays, and the tree verifies as before.
//!
//! Each class is kept as long as the agreement says. Erasing is an act like any other: each part of it leaves a record of its
//! own in the same transaction (class, range, how many, from before when), which is what a destruction report is made of. The
//! oldest go first, in the order of the log.

use std::sync::Arc;
use std::time::Duration;

use kw_agreement::{Agreement, RetentionClass};
use kw_domain::{Clock, Instant, Oin};
use kw_ledger::{AccessRecord, ErasedRange, Event, LeafKind, canonical};
use kw_runtime::{Jobs, SharedAgreement};
use kw_store::{Abort, Act, Service, Store, StoreError, WriteError};
use kw_telemetry::{Explain, Reason};

/// How many records one transaction erases.
const AT_ONCE: u32 = 500;
/// A term is years: an hour is nothing.
const INTERVAL: Duration = Duration::from_hours(1);

/// Erases what one service has kept long enough.
#[derive(Debug)]
pub struct Retention<S: Service> {
    store: Arc<Store<S>>,
    agreement: SharedAgreement,
    service: Oin,
    clock: Arc<dyn Clock>,
}

/// There is nothing to erase.
struct NothingDue;

impl<S: Service> Retention<S> {
    /// What `service` keeps in `store`.
    pub fn new(
        store: Arc<Store<S>>,
        agreement: SharedAgreement,
        service: Oin,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, agreement, service, clock }
    }

    /// Erases now and every hour, as long as the server runs.
    pub fn follow(self, jobs: &Jobs) {
        let this = Arc::new(self);
        jobs.spawn("retention", INTERVAL, move || {
            let this = Arc::clone(&this);
            async move { this.erase_due().await.map(drop) }
        });
    }

    /// Erases everything whose term is over; tells how many records.
    pub async fn erase_due(&self) -> Result<u64, NotErased> {
        let mut erased = 0;
        for class in RetentionClass::ALL {
            loop {
                let part = self.erase_part(class).await?;
                erased += part;
                if part < u64::from(AT_ONCE) {
                    break;
                }
            }
        }
        Ok(erased)
    }

    async fn erase_part(&self, class: RetentionClass) -> Result<u64, NotErased> {
        let (agreement, now) = (self.agreement.current(), self.clock.now());
        let before = due_before(&agreement, class, now);
        let chain = agreement.chain().clone();
        let blank =
            AccessRecord::new(Event::RecordsErased, now, chain, self.service, self.service, agreement.hash());
        let written = self.store.write("erase_records", move |tx| {
            let erased = tx.erase_records(kind_of(class), before, AT_ONCE)?;
            let erased = erased.ok_or(Abort::Refused(NothingDue))?;
            let mut record = blank.clone();
            record.count = Some(erased.count);
            record.erased = Some(ErasedRange {
                before,
                class: class.as_str().to_owned(),
                first: erased.first,
                last: erased.last,
            });
            let text = canonical(&record).map_err(StoreError::from)?;
            Ok((erased.count, Act::new(now, LeafKind::Access, text)))
        });
        match written.await {
            Ok(committed) => Ok(committed.value),
            Err(WriteError::Refused(NothingDue)) => Ok(0),
            Err(WriteError::Busy | WriteError::Unavailable) => Err(NotErased),
        }
    }
}

/// Records of this class from before then have been kept long enough.
pub fn due_before(agreement: &Agreement, class: RetentionClass, now: Instant) -> Instant {
    agreement.retention(class).before(now)
}

/// The leaves of a class.
pub fn kind_of(class: RetentionClass) -> LeafKind {
    match class {
        RetentionClass::Access => LeafKind::Access,
        RetentionClass::Agreement => LeafKind::Agreement,
        RetentionClass::Key => LeafKind::Key,
    }
}

/// What is due could not be erased now; it is tried again.
#[derive(Debug, thiserror::Error)]
#[error("records whose term is over cannot be erased now")]
pub struct NotErased;

impl Explain for NotErased {
    fn explain(&self, reason: &mut Reason) {
        reason.say("records whose term is over cannot be erased now");
    }
}

#[cfg(test)]
mod tests;

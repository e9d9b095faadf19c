//! What a person does to single records: taking a pointer back for good, and giving the record free again.

use kw_domain::{Handle, PointerId, Subject};
use kw_ledger::{AccessRecord, Event};
use kw_protocol::pointer::{PointerSelector, WithdrawalReason};
use kw_store::Abort;
use kw_store::partner::{LocalRecord, LocalState};
use tokio::time::timeout;

use super::acts::into_act;
use super::records::{AgeLimit, Arrival, arrive, forget_pointer, leave, suppress};
use super::upkeep::FETCH_DEADLINE;
use super::{CHUNK, Never, SyncError, Synchroniser, act_about};

/// What came of giving a suppressed record free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// The person has reached the category's age limit.
    AgeReached,
    /// The source has no such record any more.
    Gone,
    /// No such record is suppressed, or it is about somebody else.
    NotSuppressed,
    /// Its registration is in the outbox; the next run sends it.
    Queued,
}

impl Synchroniser {
    /// Has a record's pointer taken back, and the record stay away: no read, renewal or refresh registers it again as long
    /// as the source has it, until [`Self::release`]. `false` when no record here has that pointer.
    ///
    /// The withdrawal is in the outbox when this returns, so it happens even if the caller is cut off; a caller that also
    /// tells the switchboard itself does no harm. A record that leaves its source is forgotten, and one that comes back is
    /// a new one.
    pub async fn suppress(&self, pointer: PointerId, reason: WithdrawalReason) -> Result<bool, SyncError> {
        let now = self.now();
        let (agreement, holder) = (self.parts.agreement.current(), self.parts.holder);
        let found = self.parts.store.read(move |tables| tables.record_by_pointer(pointer)).await?;
        let Some(found) = found else { return Ok(false) };
        let mut record = AccessRecord::new(
            Event::PointerWithdrawn,
            now,
            agreement.chain().clone(),
            holder,
            holder,
            agreement.hash(),
        );
        record.categories = vec![found.category];
        record.holders = vec![holder];
        record.count = Some(1);
        let reference = self.parts.vault.entropy().id(now);
        record.subject = Some(reference);
        let handle = found.handle;
        self.parts
            .store
            .write("suppress_record", move |tx| {
                if let Some(found) = tx.read().record_by_handle(handle)? {
                    suppress(tx.write(), found, reason, now)?;
                }
                Ok::<_, Abort<Never>>(((), into_act(&record)?.link_record(handle, reference, None)))
            })
            .await?;
        Ok(true)
    }

    /// Has records stay away whose pointers the switchboard has taken back all at once; how many there were.
    pub async fn suppress_withdrawn(&self, selector: &PointerSelector) -> Result<u64, SyncError> {
        let mut total = 0;
        if selector.source.is_none() && selector.category.is_none() && !selector.all {
            return Ok(total);
        }
        loop {
            let (agreement, holder, now) = (self.parts.agreement.current(), self.parts.holder, self.now());
            let (vault, selector) = (self.parts.vault.clone(), selector.clone());
            let done = self
                .parts
                .store
                .write("suppress_records", move |tx| {
                    let (source, category) = (selector.source.as_ref(), selector.category.as_ref());
                    let found = tx.read().records_registered(source, category, CHUNK as u32)?;
                    let about: Vec<Handle> = found.iter().map(|record| record.handle).collect();
                    let categories = found.iter().map(|record| record.category.clone()).collect();
                    for record in found {
                        let handle = record.handle;
                        tx.write().store_record(&LocalRecord { state: LocalState::Suppressed, ..record })?;
                        forget_pointer(tx.write(), handle)?;
                    }
                    let count = about.len() as u64;
                    let act = act_about(&vault, &about, holder, &agreement, now, count, categories)?;
                    Ok::<_, Abort<Never>>((count, act))
                })
                .await?
                .value;
            total += done;
            if done < CHUNK as u64 {
                return Ok(total);
            }
        }
    }

    /// Gives a suppressed record free: it is registered again under a new handle.
    ///
    /// The caller names the subject, for subjects are nowhere at rest; it must be the one the record is about. The source
    /// is asked whether the record is still there.
    pub async fn release(&self, handle: Handle, subject: &Subject) -> Result<Release, SyncError> {
        let vault = &self.parts.vault;
        let found = self.parts.store.read(move |tables| tables.record_by_handle(handle)).await?;
        let subject_key = vault.subject_key(subject);
        let is_it =
            |found: &LocalRecord| found.state == LocalState::Suppressed && found.subject_key == subject_key;
        let Some(found) = found.filter(is_it) else { return Ok(Release::NotSuppressed) };
        let Some(source) = self.parts.sources.get(&found.source) else { return Ok(Release::Gone) };
        let record = vault
            .open_record(handle, &found.record_sealed)
            .map_err(|_| SyncError::Own("a sealed value in it does not open"))?;
        let document = timeout(FETCH_DEADLINE, source.fetch(&found.category, &record))
            .await
            .map_err(|_| SyncError::SourceSlow)??;
        let Some(document) = document else { return Ok(Release::Gone) };
        let (agreement, holder, now) = (self.parts.agreement.current(), self.parts.holder, self.now());
        let limit = agreement.category(&found.category).and_then(|rules| rules.age_limit);
        let age = AgeLimit::of(limit, document.birth_date.as_ref(), now);
        if age == AgeLimit::Reached {
            return Ok(Release::AgeReached);
        }
        let arrival = Arrival {
            category: found.category.clone(),
            key: found.record_key,
            record,
            subject: subject.clone(),
            subject_key,
            age,
            administrative: false,
        };
        let vault = vault.clone();
        let released = self
            .parts
            .store
            .write("release_record", move |tx| {
                let found = tx.read().record_by_handle(handle)?;
                let still = found.filter(|found| found.state == LocalState::Suppressed);
                let Some(found) = still else {
                    let act = act_about(&vault, &[], holder, &agreement, now, 0, Vec::new())?;
                    return Ok::<_, Abort<Never>>((Release::NotSuppressed, act));
                };
                let (source, seen) = (found.source.clone(), found.seen_read);
                // A withdrawal that still waits goes first: the new registration needs its place.
                leave(tx.write(), &vault, found, WithdrawalReason::NoLongerPresent, now)?;
                let new = arrive(tx.write(), &vault, &source, &arrival, seen, now)?;
                let categories = vec![arrival.category.clone()];
                let act = act_about(&vault, &[handle, new], holder, &agreement, now, 1, categories)?;
                Ok((Release::Queued, act))
            })
            .await?
            .value;
        Ok(released)
    }
}

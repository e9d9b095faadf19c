//! The lease: the sign of life without which the switchboard lapses every pointer of this partner.
//!
//! Until when it was given is stored here too. A partner that was down or cut off for longer knows by that what the
//! switchboard does not tell: that its pointers lapsed, although all of its own records say that they are registered.

use std::sync::Arc;
use std::time::Duration;

use kw_agreement::Agreement;
use kw_domain::Handle;
use kw_store::Abort;
use kw_telemetry::Reason;

use super::records::{set_back, start_over};
use super::{CHUNK, Never, SyncError, Synchroniser, act, act_about};
use crate::events::{LeaseNotRenewed, LeaseRanOut};

impl Synchroniser {
    /// Gives a sign of life, unless one was given lately: each is an entry in the switchboard's log.
    pub(super) async fn keep_lease(&self, agreement: &Arc<Agreement>) -> Result<(), SyncError> {
        let (term, now) = (agreement.lease_term(), self.now());
        let fresh = self.board.lease().is_some_and(|until| until > now.plus(term * 7 / 8));
        if fresh {
            return Ok(());
        }
        let lease = match self.parts.index.lease().await {
            Ok(lease) => lease,
            Err(error) => {
                LeaseNotRenewed { reason: Reason::of(&error) }.log();
                return Ok(());
            }
        };
        // The last one may have run out during this run; the new one must not hide that.
        self.notice_lapse(agreement).await?;
        let (holder, agreement, until) = (self.parts.holder, Arc::clone(agreement), lease.valid_until);
        self.parts
            .store
            .write("store_lease", move |tx| {
                tx.write().store_lease(holder, until)?;
                Ok::<_, Abort<Never>>(((), act(holder, &agreement, now, 0, Vec::new())?))
            })
            .await?;
        self.board.leased_until(until);
        Ok(())
    }

    /// When the last lease has run out: sets every registered record back to be registered again under its handle, and has
    /// the sources read from the start, for only they can name the subjects. Cut off in between, the next run goes on,
    /// because the old lease stays stored until a new one is had.
    pub(super) async fn notice_lapse(&self, agreement: &Arc<Agreement>) -> Result<(), SyncError> {
        let (holder, now) = (self.parts.holder, self.now());
        let last = self.parts.store.read(move |tables| tables.stored_lease(holder)).await?;
        if last.is_none_or(|until| until > now.plus(CLOCKS)) {
            return Ok(());
        }
        let total = self.set_all_back(agreement).await?;
        if total > 0 {
            LeaseRanOut { count: total }.log();
        }
        Ok(())
    }

    /// Sets every registered record back; how many there were.
    pub(super) async fn set_all_back(&self, agreement: &Arc<Agreement>) -> Result<u64, SyncError> {
        let mut total = 0;
        loop {
            let done = self.set_back_some(agreement).await?;
            total += done;
            if done < CHUNK as u64 {
                return Ok(total);
            }
        }
    }

    /// A bounded number of records; how many there were.
    async fn set_back_some(&self, agreement: &Arc<Agreement>) -> Result<u64, SyncError> {
        let sources: Vec<_> = self.parts.sources.keys().cloned().collect();
        let (holder, vault, now) = (self.parts.holder, self.parts.vault.clone(), self.now());
        let agreement = Arc::clone(agreement);
        let committed = self
            .parts
            .store
            .write("set_back_lapsed", move |tx| {
                let found = tx.read().records_registered(None, None, CHUNK as u32)?;
                let about: Vec<Handle> = found.iter().map(|record| record.handle).collect();
                let categories = found.iter().map(|record| record.category.clone()).collect();
                for record in found {
                    set_back(tx.write(), record)?;
                }
                if !about.is_empty() {
                    for source in &sources {
                        start_over(tx.write(), source)?;
                    }
                }
                let count = about.len() as u64;
                let act = act_about(&vault, &about, holder, &agreement, now, count, categories)?;
                Ok::<_, Abort<Never>>((count, act))
            })
            .await?;
        Ok(committed.value)
    }
}

/// How far the switchboard's clock may be ahead of ours. Noticing a lapse that was none costs one read and harms nothing.
const CLOCKS: Duration = Duration::from_mins(1);

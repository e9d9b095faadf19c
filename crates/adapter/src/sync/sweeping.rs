//! Withdrawing what a read of everything did not see, unless that is suspiciously much.

use std::sync::Arc;

use kw_agreement::Agreement;
use kw_domain::SourceName;
use kw_protocol::pointer::WithdrawalReason;
use kw_runtime::telemetry::Audience;
use kw_store::Abort;

use super::place::{Place, Sweep};
use super::records::leave;
use super::{CHUNK, HeldShrink, Never, SyncError, Synchroniser, act};

impl Synchroniser {
    /// Carries out the sweep that a complete read left, or that a person has confirmed.
    pub(super) async fn sweep(
        &self,
        agreement: &Arc<Agreement>,
        name: &SourceName,
        place: &mut Place,
        confirmed: bool,
    ) -> Result<(), SyncError> {
        if confirmed && place.state.sweep.is_none() {
            place.state.sweep = place.state.held.take();
        }
        if let Some(sweep) = place.state.sweep
            && !confirmed
            && self.is_suspicious(name, sweep).await?
        {
            place.state.sweep = None;
            place.state.held = Some(sweep);
            self.store_place(agreement, name, place).await?;
            log::error!(
                audience = Audience::Application, source:% = name, left = sweep.known;
                "much fewer records at the source than before: nothing is withdrawn until somebody confirms it"
            );
        }
        if let Some(sweep) = place.state.sweep {
            while self.sweep_chunk(agreement, name, sweep).await? > 0 {}
            place.state.sweep = None;
            place.state.held = None;
            self.store_place(agreement, name, place).await?;
        }
        self.board.held(name, place.state.held.map(|sweep| HeldShrink { left: sweep.known }));
        Ok(())
    }

    /// More than a fifth of the records gone, and more than ten. Records that the guard would have to count beyond that
    /// are not loaded.
    async fn is_suspicious(&self, name: &SourceName, sweep: Sweep) -> Result<bool, SyncError> {
        let harmless = (sweep.known / 4).max(FEW);
        let limit = u32::try_from(harmless + 1).unwrap_or(u32::MAX);
        let name = name.clone();
        let gone = self
            .parts
            .store
            .read(move |tables| Ok(tables.records_unseen(&name, sweep.read, limit)?.len() as u64))
            .await?;
        Ok(gone > harmless)
    }

    /// Lets a bounded number of unseen records go; how many there were.
    async fn sweep_chunk(
        &self,
        agreement: &Arc<Agreement>,
        name: &SourceName,
        sweep: Sweep,
    ) -> Result<u64, SyncError> {
        let (vault, name, now) = (self.parts.vault.clone(), name.clone(), self.now());
        let (holder, agreement) = (self.parts.holder, Arc::clone(agreement));
        let committed = self
            .parts
            .store
            .write("sweep_source", move |tx| {
                let gone = tx.read().records_unseen(&name, sweep.read, CHUNK as u32)?;
                let count = gone.len() as u64;
                let categories = gone.iter().map(|record| record.category.clone()).collect();
                for record in gone {
                    leave(tx.write(), &vault, record, WithdrawalReason::NoLongerPresent, now)?;
                }
                Ok::<_, Abort<Never>>((count, act(holder, &agreement, now, count, categories)?))
            })
            .await?;
        Ok(committed.value)
    }

    async fn store_place(
        &self,
        agreement: &Arc<Agreement>,
        name: &SourceName,
        place: &Place,
    ) -> Result<(), SyncError> {
        let (name, stored, now) = (name.clone(), place.to_stored(), self.now());
        let (holder, agreement) = (self.parts.holder, Arc::clone(agreement));
        self.parts
            .store
            .write("store_place", move |tx| {
                tx.write().store_cursor(&name, &stored)?;
                Ok::<_, Abort<Never>>(((), act(holder, &agreement, now, 0, Vec::new())?))
            })
            .await?;
        Ok(())
    }
}

/// That few may always go at once.
const FEW: u64 = 10;

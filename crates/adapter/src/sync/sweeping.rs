//! Withdrawing what a read of everything did not see, unless that is suspiciously much.

use std::sync::Arc;

use kw_agreement::Agreement;
use kw_domain::{Handle, SourceName};
use kw_protocol::pointer::WithdrawalReason;
use kw_store::Abort;
use kw_store::partner::LocalRecord;
use kw_telemetry::Configured;
use tokio::time::timeout;

use super::place::{Place, Sweep};
use super::records::leave;
use super::upkeep::FETCH_DEADLINE;
use super::{CHUNK, HeldShrink, Never, SyncError, Synchroniser, act, act_about};
use crate::events::SourceShrank;
use crate::{Source, SourceError};

impl Synchroniser {
    /// Carries out the sweep that a complete read left, or that a person has confirmed.
    pub(super) async fn sweep(
        &self,
        agreement: &Arc<Agreement>,
        source: &dyn Source,
        place: &mut Place,
        confirmed: bool,
    ) -> Result<(), SyncError> {
        let name = source.name();
        if confirmed && place.state.sweep.is_none() {
            place.state.sweep = place.state.held.take();
        }
        if let Some(sweep) = place.state.sweep
            && !confirmed
            && self.is_suspicious(name, sweep).await?
        {
            place.state.sweep = None;
            place.state.held = Some(sweep);
            place.state.held_at.get_or_insert_with(|| self.now());
            self.store_place(agreement, name, place).await?;
            SourceShrank { source: Configured::source(name), left: sweep.known }.log();
        }
        if let Some(sweep) = place.state.sweep {
            while self.sweep_chunk(agreement, source, sweep).await? > 0 {}
            place.state.sweep = None;
            place.state.held = None;
            place.state.held_at = None;
            self.store_place(agreement, name, place).await?;
        }
        self.board.held(name, place.state.held.map(|sweep| HeldShrink { left: sweep.known }));
        Ok(())
    }

    /// More than a fifth of the records gone, and more than ten.
    async fn is_suspicious(&self, name: &SourceName, sweep: Sweep) -> Result<bool, SyncError> {
        let name = name.clone();
        let gone = self.parts.store.read(move |tables| tables.count_unseen(&name, sweep.read)).await?;
        Ok(is_much(gone, sweep.known))
    }

    /// Lets a bounded number of unseen records go; how many were dealt with.
    async fn sweep_chunk(
        &self,
        agreement: &Arc<Agreement>,
        source: &dyn Source,
        sweep: Sweep,
    ) -> Result<u64, SyncError> {
        let unseen = {
            let name = source.name().clone();
            self.parts
                .store
                .read(move |tables| tables.records_unseen(&name, sweep.read, CHUNK as u32))
                .await?
        };
        let (kept, gone) = self.part(source, sweep, unseen).await?;
        let (vault, now) = (self.parts.vault.clone(), self.now());
        let (holder, agreement) = (self.parts.holder, Arc::clone(agreement));
        let committed = self
            .parts
            .store
            .write("sweep_source", move |tx| {
                tx.write().mark_seen(&kept, sweep.read)?;
                let (mut about, mut categories) = (Vec::new(), Vec::new());
                for handle in &gone {
                    // It may have been dealt with in the meantime.
                    let Some(record) = tx.read().record_by_handle(*handle)? else { continue };
                    about.push(*handle);
                    categories.push(record.category.clone());
                    leave(tx.write(), &vault, record, WithdrawalReason::NoLongerPresent, now)?;
                }
                let count = about.len() as u64;
                let act = act_about(&vault, &about, holder, &agreement, now, count, categories)?;
                Ok::<_, Abort<Never>>(((kept.len() + gone.len()) as u64, act))
            })
            .await?;
        Ok(committed.value)
    }

    /// Which of the unseen records stay, and which go. After a read with rows of which nobody can tell which record they
    /// are, the source is asked about each: one that is there and cannot be used is not gone.
    async fn part(
        &self,
        source: &dyn Source,
        sweep: Sweep,
        unseen: Vec<LocalRecord>,
    ) -> Result<(Vec<Handle>, Vec<Handle>), SyncError> {
        let (mut kept, mut gone) = (Vec::new(), Vec::new());
        for record in unseen {
            if sweep.doubtful && self.is_unusable(source, &record).await? {
                kept.push(record.handle);
            } else {
                gone.push(record.handle);
            }
        }
        Ok((kept, gone))
    }

    async fn is_unusable(&self, source: &dyn Source, record: &LocalRecord) -> Result<bool, SyncError> {
        let Ok(id) = self.parts.vault.open_record(record.handle, &record.record_sealed) else {
            return Ok(false);
        };
        match timeout(FETCH_DEADLINE, source.fetch(&record.category, &id)).await {
            Ok(Ok(_)) => Ok(false),
            Ok(Err(SourceError::Content(_))) => Ok(true),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(SyncError::SourceSlow),
        }
    }

    pub(super) async fn store_place(
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

/// More than a fifth, and more than a few: a fault rather than a change.
pub(super) fn is_much(gone: u64, left: u64) -> bool {
    gone > (left / 4).max(FEW)
}

/// That few may always go at once.
const FEW: u64 = 10;

//! Keeping up what is registered: pointers that run out, bindings of an older key.

use std::sync::Arc;
use std::time::Duration;

use kw_agreement::Agreement;
use kw_domain::{Epoch, Instant, KeyUse, Subject};
use kw_protocol::evaluation::BudgetClass;
use kw_protocol::pointer::{RenewPointer, WithdrawalReason};
use kw_protocol::problem::ProblemCode;
use kw_pseudonym::Binding;
use kw_store::Abort;
use kw_store::partner::{LocalRecord, LocalState};
use kw_telemetry::{Configured, Reason};
use tokio::time::timeout;

use super::records::{AgeLimit, leave, set_back, start_over};
use super::sending::Flow;
use super::{Never, PAGE_DEADLINE, SyncError, Synchroniser, act_about};
use crate::events::{BindingsDelayed, BindingsNotRefreshed, SourceSilent};
use crate::{Change, Cursor, Source};

/// What became of a pointer that runs out.
#[derive(Debug, Clone)]
enum Renewal {
    Extended(LocalRecord, Instant),
    /// The switchboard does not have it any more; a read from the start registers it again if the source still has it.
    Lost(LocalRecord),
    Over(LocalRecord, WithdrawalReason),
}

impl Synchroniser {
    /// Renews and refreshes.
    pub(super) async fn keep_up(&self, agreement: &Arc<Agreement>) -> Result<(), SyncError> {
        self.renew_expiring(agreement).await?;
        self.refresh_bindings(agreement).await
    }

    /// Renews pointers in the last 30 days of their time, as long as the source still has the record.
    async fn renew_expiring(&self, agreement: &Arc<Agreement>) -> Result<(), SyncError> {
        let now = self.now();
        let before = now.plus(RENEW_WITHIN);
        let limit = RENEWALS.saturating_add(u32::try_from(self.board.resting(now)).unwrap_or(u32::MAX));
        let expiring = self.parts.store.read(move |tables| tables.records_expiring(before, limit)).await?;
        let mut renewals = Vec::new();
        for record in expiring {
            if self.board.is_resting(record.handle) {
                continue;
            }
            // Near its last day a pointer gains little or nothing by renewing; once a day is enough.
            self.board.rest(record.handle, now.plus(REST));
            match self.renew(agreement, record, now).await {
                Ok(Some(renewal)) => renewals.push(renewal),
                Ok(None) | Err(Flow::GoOn) => {}
                Err(Flow::Stop) => break,
            }
        }
        if renewals.is_empty() {
            return Ok(());
        }
        let vault = self.parts.vault.clone();
        let (holder, agreement) = (self.parts.holder, Arc::clone(agreement));
        self.parts
            .store
            .write("renew_pointers", move |tx| {
                let mut about = Vec::new();
                for renewal in &renewals {
                    let (Renewal::Extended(old, _) | Renewal::Lost(old) | Renewal::Over(old, _)) = renewal;
                    let Some(mut record) = tx.read().record_by_handle(old.handle)? else { continue };
                    if record.state != LocalState::Registered {
                        continue;
                    }
                    about.push(record.handle);
                    match renewal {
                        Renewal::Extended(_, valid_until) => {
                            record.valid_until = Some(*valid_until);
                            tx.write().store_record(&record)?;
                        }
                        Renewal::Lost(_) => {
                            start_over(tx.write(), &record.source)?;
                            set_back(tx.write(), record)?;
                        }
                        Renewal::Over(_, reason) => leave(tx.write(), &vault, record, *reason, now)?,
                    }
                }
                let act =
                    act_about(&vault, &about, holder, &agreement, now, renewals.len() as u64, Vec::new())?;
                Ok::<_, Abort<Never>>(((), act))
            })
            .await?;
        Ok(())
    }

    async fn renew(
        &self,
        agreement: &Agreement,
        record: LocalRecord,
        now: Instant,
    ) -> Result<Option<Renewal>, Flow> {
        let (Some(source), Some(pointer)) = (self.parts.sources.get(&record.source), record.pointer) else {
            return Ok(None);
        };
        let id =
            self.parts.vault.open_record(record.handle, &record.record_sealed).map_err(|_| Flow::GoOn)?;
        let asked = timeout(FETCH_DEADLINE, source.fetch(&record.category, &id)).await;
        let Ok(Ok(document)) = asked else {
            SourceSilent { source: Configured::source(&record.source) }.log();
            return Err(Flow::GoOn);
        };
        let Some(document) = document else {
            return Ok(Some(Renewal::Over(record, WithdrawalReason::NoLongerPresent)));
        };
        let limit = agreement.category(&record.category).and_then(|rules| rules.age_limit);
        if AgeLimit::of(limit, document.birth_date.as_ref(), now) == AgeLimit::Reached {
            return Ok(Some(Renewal::Over(record, WithdrawalReason::AgeReached)));
        }
        match self.parts.index.renew(pointer, &RenewPointer { valid_until: None }).await {
            Ok(renewed) if Some(renewed.valid_until) == record.valid_until => Ok(None),
            Ok(renewed) => Ok(Some(Renewal::Extended(record, renewed.valid_until))),
            Err(error) => match error.code() {
                Some(ProblemCode::NotFound | ProblemCode::IllegalTransition) => {
                    Ok(Some(Renewal::Lost(record)))
                }
                Some(code) if !code.retryable() => Err(Flow::GoOn),
                _ => Err(Flow::Stop),
            },
        }
    }

    /// After a rotation of the binding key: reads the sources once more and makes the bindings of what is registered anew.
    /// The subjects are nowhere at rest, so only the source can give them.
    async fn refresh_bindings(&self, agreement: &Arc<Agreement>) -> Result<(), SyncError> {
        let Some((&newest, _)) = agreement.pseudonymiser_keys(KeyUse::Binding).last_key_value() else {
            return Ok(());
        };
        if self.board.refresh_rests(self.now()) || !self.has_older_binding(newest).await? {
            return Ok(());
        }
        for source in self.parts.sources.values() {
            if self.has_older_binding(newest).await? {
                let refreshed = self.refresh_source(agreement, &**source, newest).await;
                if let Err(error) = refreshed {
                    if matches!(error, SyncError::Own(_)) {
                        return Err(error);
                    }
                    let (source, reason) = (Configured::source(source.name()), Reason::of(&error));
                    BindingsNotRefreshed { source, reason }.log();
                }
            }
        }
        // What is left could not be done now; reading everything every minute would not change that.
        let left = self.has_older_binding(newest).await?;
        self.board.rest_refresh(left.then(|| self.now().plus(REFRESH_REST)));
        Ok(())
    }

    async fn has_older_binding(&self, newest: Epoch) -> Result<bool, SyncError> {
        let older = self.parts.store.read(move |tables| tables.records_with_older_binding(newest, None, 1));
        Ok(!older.await?.is_empty())
    }

    async fn refresh_source(
        &self,
        agreement: &Arc<Agreement>,
        source: &dyn Source,
        newest: Epoch,
    ) -> Result<(), SyncError> {
        let mut after: Option<Cursor> = self.board.refreshed_to(source.name());
        let mut read = 0;
        let until = tokio::time::Instant::now() + self.read_at_most;
        loop {
            if tokio::time::Instant::now() >= until {
                self.board.refresh_from(source.name(), after);
                return Err(SyncError::SourceLong { read });
            }
            let page = timeout(PAGE_DEADLINE, source.changes(after.as_ref()))
                .await
                .map_err(|_| SyncError::SourceSlow)??;
            if page.more && after.as_ref() == Some(&page.cursor) {
                return Err(SyncError::SourceStuck);
            }
            read += page.changes.len() as u64;
            let present = page.changes.into_iter().filter_map(|change| match change {
                Change::Present(found) => Some(found),
                Change::Gone { .. } => None,
            });
            let vault = &self.parts.vault;
            let found: Vec<_> = present
                .map(|found| {
                    let key = vault.record_key(source.name(), &found.category, &found.record);
                    (found.category, key, vault.subject_key(&found.subject), found.subject)
                })
                .collect();
            for chunk in found.chunks(kw_protocol::evaluation::MAX_BATCH) {
                if self.refresh_chunk(agreement, source, chunk.to_vec(), newest).await? == Flow::Stop {
                    return Ok(());
                }
            }
            if !page.more {
                self.board.refresh_from(source.name(), None);
                return Ok(());
            }
            after = Some(page.cursor);
        }
    }

    async fn refresh_chunk(
        &self,
        agreement: &Arc<Agreement>,
        source: &dyn Source,
        found: Vec<(kw_domain::Category, [u8; 16], [u8; 16], Subject)>,
        newest: Epoch,
    ) -> Result<Flow, SyncError> {
        let name = source.name().clone();
        let stale: Vec<(LocalRecord, Subject)> = self
            .parts
            .store
            .read(move |tables| {
                let mut stale = Vec::new();
                for (category, key, subject_key, subject) in found {
                    let record = tables.record_by_key(&name, &category, &key)?;
                    let record = record.filter(|record| {
                        record.state == LocalState::Registered
                            && record.subject_key == subject_key
                            && record.binding_epoch.is_some_and(|epoch| epoch < newest)
                    });
                    stale.extend(record.map(|record| (record, subject)));
                }
                Ok(stale)
            })
            .await?;
        if stale.is_empty() {
            return Ok(Flow::GoOn);
        }
        let subjects: Vec<Subject> = stale.iter().map(|(_, subject)| subject.clone()).collect();
        let elements =
            match self.parts.pseudonymiser.evaluate(&subjects, KeyUse::Binding, BudgetClass::Refresh).await {
                Ok(elements) => elements,
                Err(error) => {
                    BindingsDelayed { reason: Reason::of(&error) }.log();
                    return Ok(Flow::Stop);
                }
            };
        let (vault, holder) = (&self.parts.vault, self.parts.holder);
        let bindings: Vec<_> = stale
            .iter()
            .zip(elements)
            .filter_map(|((record, _), elements)| {
                let newest = elements.last()?;
                let newer = record.binding_epoch.is_none_or(|epoch| epoch < newest.epoch);
                let binding = Binding::derive(&newest.element, holder);
                newer.then(|| (record.handle, newest.epoch, vault.seal_binding(record.handle, &binding)))
            })
            .collect();
        if bindings.is_empty() {
            // The pseudonymiser does not have the agreement's newest key yet.
            return Ok(Flow::Stop);
        }
        let (agreement, now, vault) = (Arc::clone(agreement), self.now(), vault.clone());
        self.parts
            .store
            .write("refresh_bindings", move |tx| {
                for (handle, epoch, sealed) in &bindings {
                    let Some(mut record) = tx.read().record_by_handle(*handle)? else { continue };
                    record.binding_sealed = Some(sealed.clone());
                    record.binding_epoch = Some(*epoch);
                    tx.write().store_record(&record)?;
                }
                let about: Vec<_> = bindings.iter().map(|(handle, _, _)| *handle).collect();
                let act =
                    act_about(&vault, &about, holder, &agreement, now, bindings.len() as u64, Vec::new())?;
                Ok::<_, Abort<Never>>(((), act))
            })
            .await?;
        Ok(Flow::GoOn)
    }
}

/// How long a source may take to say whether one record is there.
pub(super) const FETCH_DEADLINE: Duration = Duration::from_secs(10);
const RENEW_WITHIN: Duration = Duration::from_hours(30 * 24);
/// In one run.
const RENEWALS: u32 = 256;
const REFRESH_REST: Duration = Duration::from_hours(1);
const REST: Duration = Duration::from_hours(24);

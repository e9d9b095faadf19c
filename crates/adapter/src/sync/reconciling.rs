//! Mending what differs between the records of a source and the switchboard's pointers.
//!
//! What the source says is right. A record that is registered here and not there is set back, and registered again when the source
//! names its subject again. A pointer that nothing here stands for is withdrawn through the outbox, but only when the source was
//! read to its end, no registration of it waits, and it is not suspiciously much. Both are looked at once more inside the
//! transaction, so what changed meanwhile is left alone. A comparison that is cut off is begun again; what it mended stays so.

use std::sync::Arc;
use std::time::Duration;

use kw_agreement::Agreement;
use kw_domain::{Handle, Instant, PointerId, SourceName};
use kw_protocol::digest::Member;
use kw_protocol::local::Reconciliation;
use kw_protocol::pointer::WithdrawalReason;
use kw_store::partner::{
    LocalRecord, LocalState, OutboxItem, OutboxTask, PartnerWrite, StoredReconciliation,
};
use kw_store::{Abort, StoreError};
use kw_telemetry::{Configured, Reason};

use super::comparing::{ComparingError, Differences};
use super::place::Place;
use super::records::{message, set_back, start_over};
use super::sweeping::is_much;
use super::{CHUNK, Never, SyncError, Synchroniser, act, act_about, backoff};
use crate::events::{ReconciliationHeld, ReconciliationNotFinished};
use crate::{LocalId, Vault};

/// One thing to be mended.
#[derive(Debug, Clone)]
enum Mend {
    /// Nothing here stands for it.
    Withdraw(Member),
    /// The switchboard does not have it.
    Again(Handle, PointerId),
    /// The switchboard knows another end.
    Until(Handle, PointerId, Instant),
}

impl Synchroniser {
    /// Whether the next comparison of a source is due. The first one is planned when it is asked about for the first time.
    pub(super) async fn is_reconciliation_due(
        &self,
        agreement: &Arc<Agreement>,
        name: &SourceName,
    ) -> Result<bool, SyncError> {
        let Some(every) = self.parts.reconcile_every else { return Ok(false) };
        if let Some(stored) = self.reconciliation(name).await? {
            Ok(stored.due_at <= self.now())
        } else {
            let due_at = self.now().plus(self.spread(every));
            self.store_reconciliation(agreement, name, due_at, &Reconciliation::default()).await?;
            Ok(false)
        }
    }

    /// Compares one source with the switchboard and mends what differs. Whether there is something to read or to tell again.
    pub(super) async fn reconcile(
        &self,
        agreement: &Arc<Agreement>,
        name: &SourceName,
        confirmed: bool,
    ) -> Result<bool, SyncError> {
        let before = self.reconciliation(name).await?;
        let before: Reconciliation =
            before.and_then(|stored| serde_json::from_str(&stored.state).ok()).unwrap_or_default();
        let began_at = self.now();
        let mut report = Reconciliation { began_at: Some(began_at), ..Reconciliation::default() };
        // Cut off from here on, it is due at once.
        self.store_reconciliation(agreement, name, began_at, &report).await?;
        let found = match self.compare(name).await {
            Ok(found) => found,
            Err(ComparingError::Sync(error)) => return Err(error),
            Err(error) => {
                ReconciliationNotFinished { source: Configured::source(name), reason: Reason::of(&error) }
                    .log();
                report.failures = before.failures.saturating_add(1);
                report.problem = Some(error.to_string());
                let asked = match &error {
                    ComparingError::Switchboard(error) => error.retry_after(),
                    _ => None,
                };
                let entropy = self.parts.vault.entropy();
                let next = backoff::after_failure(self.now(), report.failures, asked, entropy);
                self.store_reconciliation(agreement, name, next, &report).await?;
                return Ok(false);
            }
        };
        let mends = self.plan(name, found, confirmed, &mut report).await?;
        for chunk in mends.chunks(CHUNK) {
            self.mend(agreement, chunk.to_vec(), &mut report).await?;
        }
        report.finished_at = Some(self.now());
        let every = self.parts.reconcile_every.unwrap_or(DAY);
        let unsettled = report.held + report.waiting > 0;
        let next = self.spread(if unsettled { every.min(SOON) } else { every });
        self.store_reconciliation(agreement, name, self.now().plus(next), &report).await?;
        Ok(report.registered_again + report.withdrawn > 0)
    }

    /// What to do about the differences, with the guards applied.
    async fn plan(
        &self,
        name: &SourceName,
        found: Differences,
        confirmed: bool,
        report: &mut Reconciliation,
    ) -> Result<Vec<Mend>, SyncError> {
        (report.here, report.there, report.requests) = (found.here, found.there, found.requests);
        let mut strangers = Vec::new();
        for chunk in found.strangers.chunks(CHUNK) {
            strangers.extend(self.unknown(chunk.to_vec()).await?);
        }
        let gone = strangers.len() as u64;
        if gone > 0 && !self.is_settled(name).await? {
            report.waiting = gone;
            strangers.clear();
        } else if !confirmed && is_much(gone, found.there.saturating_sub(gone)) {
            ReconciliationHeld { source: Configured::source(name), count: gone }.log();
            report.held = gone;
            strangers.clear();
        }
        let again = found.missing.into_iter().map(|(handle, pointer)| Mend::Again(handle, pointer));
        let until =
            found.stale.into_iter().map(|(handle, pointer, until)| Mend::Until(handle, pointer, until));
        Ok(strangers.into_iter().map(Mend::Withdraw).chain(again).chain(until).collect())
    }

    /// Those that no record here stands for, whatever its state.
    async fn unknown(&self, members: Vec<Member>) -> Result<Vec<Member>, SyncError> {
        let unknown = self.parts.store.read(move |tables| {
            let mut unknown = Vec::new();
            for member in members {
                let known = tables.record_by_handle(member.handle)?.is_some()
                    || tables.record_by_pointer(member.id)?.is_some();
                if !known {
                    unknown.push(member);
                }
            }
            Ok(unknown)
        });
        Ok(unknown.await?)
    }

    /// Whether everything the source has is registered: only then is what nothing stands for really nobody's.
    async fn is_settled(&self, name: &SourceName) -> Result<bool, SyncError> {
        let own = name.clone();
        let (place, unsettled) = self
            .parts
            .store
            .read(move |tables| {
                let place = Place::of(tables.source_cursor(&own)?);
                let waiting = tables.waiting_of(&own, Some(OutboxTask::Register))?.waiting;
                Ok((place, waiting > tables.count_parked(Some(&own))?))
            })
            .await?;
        let read = place.synced().is_some() && place.state.cursor.is_some() && !place.state.open;
        Ok(read && place.state.held.is_none() && !unsettled && !self.board.has_problem(name))
    }

    async fn mend(
        &self,
        agreement: &Arc<Agreement>,
        mends: Vec<Mend>,
        report: &mut Reconciliation,
    ) -> Result<(), SyncError> {
        let (vault, holder, now) = (self.parts.vault.clone(), self.parts.holder, self.now());
        let agreement = Arc::clone(agreement);
        let (withdrawn, again, mended) = self
            .parts
            .store
            .write("reconcile_source", move |tx| {
                let (mut withdrawn, mut again, mut mended) = (0, 0, 0);
                let mut about = Vec::new();
                for mend in &mends {
                    match mend {
                        Mend::Withdraw(member) => {
                            let known = tx.read().record_by_handle(member.handle)?.is_some()
                                || tx.read().record_by_pointer(member.id)?.is_some();
                            if !known {
                                take_in(tx.write(), &vault, member, now)?;
                                about.push(member.handle);
                                withdrawn += 1;
                            }
                        }
                        Mend::Again(handle, pointer) => {
                            if let Some(record) = registered(tx.write(), *handle, *pointer)? {
                                start_over(tx.write(), &record.source)?;
                                set_back(tx.write(), record)?;
                                about.push(*handle);
                                again += 1;
                            }
                        }
                        Mend::Until(handle, pointer, until) => {
                            if let Some(mut record) = registered(tx.write(), *handle, *pointer)? {
                                record.valid_until = Some(*until);
                                tx.write().store_record(&record)?;
                                about.push(*handle);
                                mended += 1;
                            }
                        }
                    }
                }
                let act = act_about(&vault, &about, holder, &agreement, now, about.len() as u64, Vec::new())?;
                Ok::<_, Abort<Never>>(((withdrawn, again, mended), act))
            })
            .await?
            .value;
        report.withdrawn += withdrawn;
        report.registered_again += again;
        report.mended += mended;
        Ok(())
    }

    async fn reconciliation(&self, name: &SourceName) -> Result<Option<StoredReconciliation>, SyncError> {
        let name = name.clone();
        Ok(self.parts.store.read(move |tables| tables.reconciliation(&name)).await?)
    }

    async fn store_reconciliation(
        &self,
        agreement: &Arc<Agreement>,
        name: &SourceName,
        due_at: Instant,
        report: &Reconciliation,
    ) -> Result<(), SyncError> {
        // Texts, numbers and moments always have a JSON form.
        let state = serde_json::to_string(report).unwrap_or_default();
        let (name, stored) = (name.clone(), StoredReconciliation { due_at, state });
        let (holder, agreement, now) = (self.parts.holder, Arc::clone(agreement), self.now());
        self.parts
            .store
            .write("store_reconciliation", move |tx| {
                tx.write().store_reconciliation(&name, &stored)?;
                Ok::<_, Abort<Never>>(((), act(holder, &agreement, now, 0, Vec::new())?))
            })
            .await?;
        Ok(())
    }

    /// Three quarters to five quarters of it, so that partners do not fall in step.
    fn spread(&self, every: Duration) -> Duration {
        let [byte] = self.parts.vault.entropy().draw::<1>();
        every / 4 * 3 + every / 2 * u32::from(byte) / 255
    }
}

/// The record, if it is still registered under this pointer.
fn registered(
    tables: &mut (dyn PartnerWrite + 'static),
    handle: Handle,
    pointer: PointerId,
) -> Result<Option<LocalRecord>, StoreError> {
    let found = tables.record_by_handle(handle)?;
    Ok(found.filter(|record| record.state == LocalState::Registered && record.pointer == Some(pointer)))
}

/// Takes a pointer that nothing stands for in as a record on its way out, so that the outbox withdraws it.
fn take_in(
    tables: &mut (dyn PartnerWrite + 'static),
    vault: &Vault,
    member: &Member,
    now: Instant,
) -> Result<(), StoreError> {
    let record = LocalId::new(UNKNOWN).map_err(|_| StoreError::Damaged("record key"))?;
    tables.store_record(&LocalRecord {
        handle: member.handle,
        source: member.source.clone(),
        category: member.category.clone(),
        record_key: vault.leaving_key(member.handle),
        record_sealed: vault.seal_record(member.handle, &record),
        subject_key: [0; 16],
        binding_sealed: None,
        binding_epoch: None,
        pointer: Some(member.id),
        state: LocalState::Leaving,
        valid_until: Some(member.valid_until),
        seen_read: 0,
    })?;
    let withdrawal = message(member.handle, OutboxTask::Withdraw, now);
    tables.queue(&OutboxItem { reason: Some(WithdrawalReason::NoLongerPresent), ..withdrawal })
}

const UNKNOWN: &str = "unknown";
const DAY: Duration = Duration::from_hours(24);
/// When something is left to do.
const SOON: Duration = Duration::from_mins(10);

//! Telling the switchboard what the outbox holds.

use std::sync::Arc;
use std::time::Duration;

use kw_agreement::Agreement;
use kw_client::ClientError;
use kw_domain::{Handle, Instant};
use kw_protocol::pointer::{WithdrawPointer, WithdrawalReason};
use kw_protocol::problem::ProblemCode;
use kw_store::Abort;
use kw_store::partner::{LocalRecord, OutboxItem, OutboxTask};
use kw_telemetry::{Configured, Reason};

use super::records::forget_pointer;
use super::{Never, SyncError, SyncProgress, Synchroniser, act_about, backoff};
use crate::events::{MessageParked, SwitchboardNotTold};

/// A message with the record that it is about.
#[derive(Debug, Clone)]
pub(super) struct Errand {
    pub(super) item: OutboxItem,
    pub(super) record: LocalRecord,
}

/// Whether going on makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    GoOn,
    /// A service cannot be used now; everything else would fail the same way.
    Stop,
}

/// What becomes of a message without its task being done.
#[derive(Debug, Clone, Copy)]
pub(super) enum Settled {
    /// The switchboard does not have the pointer: the record and its messages go, or only the messages of a suppressed
    /// one.
    Forget(Handle),
    /// It is tried again then.
    Later { id: i64, attempts: u32, at: Instant },
    /// It was refused for this reason, and is tried again then.
    Parked { id: i64, attempts: u32, at: Instant, reason: &'static str },
    /// It has no meaning any more.
    Void(i64),
}

impl Synchroniser {
    /// Sends what is due until nothing is, or a service cannot be used.
    pub(super) async fn tell(
        &self,
        agreement: &Arc<Agreement>,
        progress: &(dyn Fn(SyncProgress<'_>) + Send + Sync),
    ) -> Result<(), SyncError> {
        let mut told = 0;
        for _ in 0..MAX_BATCHES {
            if !self.leads().await? {
                return Err(SyncError::Elsewhere);
            }
            let (void, errands) = self.due().await?;
            if void.is_empty() && errands.is_empty() {
                break;
            }
            told += (void.len() + errands.len()) as u64;
            self.settle(agreement, void.into_iter().map(Settled::Void).collect()).await?;
            let (registrations, withdrawals): (Vec<_>, Vec<_>) =
                errands.into_iter().partition(|errand| errand.item.task == OutboxTask::Register);
            // Withdrawals first: a new pointer about the same person needs the place of the old one.
            let withdrawn = self.withdraw(agreement, withdrawals).await?;
            let registered = if self.board.left().is_some() {
                let parked = |errand: &Errand| self.park(&errand.item, &errand.record, LEFT_THE_CHAIN);
                self.settle(agreement, registrations.iter().map(parked).collect()).await?;
                Flow::GoOn
            } else {
                self.register(agreement, registrations).await?
            };
            progress(SyncProgress::Told(told));
            if withdrawn == Flow::Stop || registered == Flow::Stop {
                break;
            }
        }
        Ok(())
    }

    /// A batch of messages with their records, and the ids of messages whose record is gone.
    async fn due(&self) -> Result<(Vec<i64>, Vec<Errand>), SyncError> {
        let now = self.now();
        let due = self
            .parts
            .store
            .read(move |tables| {
                let mut void = Vec::new();
                let mut errands = Vec::new();
                for item in tables.outbox_due(now, BATCH)? {
                    match tables.record_by_handle(item.handle)? {
                        Some(record) => errands.push(Errand { item, record }),
                        None => void.push(item.id),
                    }
                }
                Ok((void, errands))
            })
            .await?;
        Ok(due)
    }

    async fn withdraw(&self, agreement: &Arc<Agreement>, errands: Vec<Errand>) -> Result<Flow, SyncError> {
        let mut settled = Vec::with_capacity(errands.len());
        let mut flow = Flow::GoOn;
        for Errand { item, record } in errands {
            let now = self.now();
            let Some(pointer) = record.pointer else {
                // What became of its registration is not known yet; that message is still in the outbox.
                settled.push(Settled::Later {
                    id: item.id,
                    attempts: item.attempts,
                    at: backoff::waiting(now),
                });
                continue;
            };
            if flow == Flow::Stop {
                settled.push(self.later(&item, None));
                continue;
            }
            let reason = item.reason.unwrap_or(WithdrawalReason::NoLongerPresent);
            match self.parts.index.withdraw(pointer, &WithdrawPointer { reason }).await {
                Ok(_) => {
                    self.board.count(&record.source, |counts| counts.withdrawn += 1);
                    settled.push(Settled::Forget(item.handle));
                }
                Err(error) => match error.code() {
                    // It is not findable any more, which is what was asked.
                    Some(ProblemCode::NotFound | ProblemCode::IllegalTransition) => {
                        settled.push(Settled::Forget(item.handle));
                    }
                    Some(code) if !code.retryable() => settled.push(self.park(&item, &record, code.code())),
                    _ => {
                        flow = Flow::Stop;
                        settled.push(self.failed(&item, &error));
                    }
                },
            }
        }
        self.settle(agreement, settled).await?;
        Ok(flow)
    }

    /// Writes what became of messages. Counts each try, so that what never works is tried ever less often.
    pub(super) async fn settle(
        &self,
        agreement: &Arc<Agreement>,
        settled: Vec<Settled>,
    ) -> Result<(), SyncError> {
        if settled.is_empty() {
            return Ok(());
        }
        let (holder, agreement, now) = (self.parts.holder, Arc::clone(agreement), self.now());
        let vault = self.parts.vault.clone();
        self.parts
            .store
            .write("settle_outbox", move |tx| {
                let mut about = Vec::new();
                for one in &settled {
                    match *one {
                        Settled::Forget(handle) => {
                            about.push(handle);
                            forget_pointer(tx.write(), handle)?;
                        }
                        Settled::Later { id, attempts, at } => tx.write().put_off(id, attempts, at)?,
                        Settled::Parked { id, attempts, at, reason } => {
                            tx.write().put_off(id, attempts, at)?;
                            tx.write().park(id, reason, now)?;
                        }
                        Settled::Void(id) => tx.write().dequeue(id)?,
                    }
                }
                let act =
                    act_about(&vault, &about, holder, &agreement, now, settled.len() as u64, Vec::new())?;
                Ok::<_, Abort<Never>>(((), act))
            })
            .await?;
        Ok(())
    }

    pub(super) fn failed(&self, item: &OutboxItem, error: &ClientError) -> Settled {
        SwitchboardNotTold { reason: Reason::of(error) }.log();
        self.board.untold(error.to_string());
        self.later(item, error.retry_after())
    }

    pub(super) fn later(&self, item: &OutboxItem, asked: Option<Duration>) -> Settled {
        let entropy = self.parts.vault.entropy();
        let at = backoff::after_failure(self.now(), item.attempts, asked, entropy);
        Settled::Later { id: item.id, attempts: item.attempts.saturating_add(1), at }
    }

    /// Puts a message off for long, and says so in the status.
    pub(super) fn park(&self, item: &OutboxItem, record: &LocalRecord, reason: &'static str) -> Settled {
        log_parked(record, reason);
        let at = backoff::parked(self.now(), self.parts.vault.entropy());
        Settled::Parked { id: item.id, attempts: item.attempts.saturating_add(1), at, reason }
    }
}

pub(super) fn log_parked(record: &LocalRecord, reason: &'static str) {
    MessageParked {
        source: Configured::source(&record.source),
        category: Configured::category(&record.category),
        reason,
    }
    .log();
}

/// The reason for which a registration is parked while the partner is leaving: the switchboard would refuse it.
const LEFT_THE_CHAIN: &str = "left-the-chain";
/// The most messages at once: as many subjects as the pseudonymiser takes.
const BATCH: u32 = kw_protocol::evaluation::MAX_BATCH as u32;
/// The most batches in one run; what is left waits for the next one.
const MAX_BATCHES: u32 = 8_192;

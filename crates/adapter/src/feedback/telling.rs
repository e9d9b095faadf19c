//! What the switchboard hears of reports: an outbox that is written with the annotation, and emptied by a job.
//!
//! A message says where a report stands at the moment at which it was written, and the switchboard takes only what is newer
//! than what it has. Sending one twice, or after a newer one, does no harm.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use kw_client::ClientError;
use kw_domain::{Category, FeedbackId, Instant, TransactionId};
use kw_ledger::{AccessRecord, Event};
use kw_protocol::feedback::FeedbackStatusReport;
use kw_store::partner::{FeedbackMessage, StoredFeedback};
use kw_store::{Abort, StoreError, WriteError};
use kw_telemetry::Reason;
use serde::{Deserialize, Serialize};

use super::Feedback;
use crate::events::{FeedbackNotTold, FeedbackParked};
use crate::sync::{backoff, into_act};

/// One message as it waits. Nothing in it is about a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "tell", rename_all = "kebab-case")]
pub(super) enum Message {
    /// Where a report stands.
    Status(FeedbackStatusReport),
    /// A value was corrected; who received it is looked up in the own log when it is told.
    Correction { report: FeedbackId, category: Category, until: Instant },
}

/// When what is tried again. In memory: after a restart everything is tried at once.
#[derive(Debug, Default)]
pub(super) struct Waiting(Mutex<Later>);

#[derive(Debug, Default)]
struct Later {
    /// Failures in a row that would befall every message.
    failures: u32,
    /// Nothing is sent before then.
    all: Option<Instant>,
    /// These are refused until somebody mends something.
    parked: HashMap<i64, Instant>,
}

/// The message that says that a report was received, under a grant of this transaction.
pub(super) fn received<E>(
    report: &StoredFeedback,
    transaction: TransactionId,
    now: Instant,
) -> Result<FeedbackMessage, Abort<E>> {
    tell_status(report, Some(now), Some(transaction), now)
}

/// The message that says how a report stands now, and when something was said about it.
pub(super) fn status<E>(
    report: &StoredFeedback,
    annotated_at: Option<Instant>,
    now: Instant,
) -> Result<FeedbackMessage, Abort<E>> {
    tell_status(report, annotated_at, None, now)
}

fn tell_status<E>(
    report: &StoredFeedback,
    annotated_at: Option<Instant>,
    transaction: Option<TransactionId>,
    now: Instant,
) -> Result<FeedbackMessage, Abort<E>> {
    let standing = &report.standing;
    let told = FeedbackStatusReport {
        id: report.id,
        reporter: report.reporter,
        status: standing.status,
        since: standing.since,
        overdue: standing.is_overdue(now),
        annotated_at,
        transaction,
    };
    queued(report.id, &Message::Status(told), now)
}

/// The message that has everybody told who received what was wrong, until it was mended.
pub(super) fn correction<E>(
    report: &StoredFeedback,
    until: Instant,
    now: Instant,
) -> Result<FeedbackMessage, Abort<E>> {
    queued(
        report.id,
        &Message::Correction { report: report.id, category: report.category.clone(), until },
        now,
    )
}

fn queued<E>(report: FeedbackId, message: &Message, now: Instant) -> Result<FeedbackMessage, Abort<E>> {
    let message = serde_json::to_string(message).map_err(|_| StoreError::Damaged("feedback message"))?;
    Ok(FeedbackMessage { id: 0, report, message, queued_at: now })
}

impl Feedback {
    /// Tells the switchboard what waits, until nothing does or it cannot be told. For a background job.
    pub async fn tell(&self) -> Result<(), Reason> {
        if self.waiting.holds(self.pulls.clock.now()) {
            return Ok(());
        }
        let waiting = self.pulls.store.read(|tables| tables.feedback_messages(AT_ONCE)).await;
        let waiting = waiting.map_err(|error| Reason::of(&error))?;
        let mut told = Vec::new();
        for message in &waiting {
            if self.waiting.is_parked(message.id, self.pulls.clock.now()) {
                continue;
            }
            match self.tell_one(message).await {
                Ok(count) => {
                    self.waiting.succeed(message.id);
                    told.push((message.id, count));
                }
                Err(Untold::NotRead(reason)) => return Err(reason),
                Err(Untold::Client(error)) if error.code().is_some_and(|code| !code.retryable()) => {
                    let reason = error.code().map_or("refused", |code| code.code());
                    FeedbackParked { reason }.log();
                    self.waiting.park(message.id, backoff::parked(self.pulls.clock.now(), self.entropy()));
                }
                Err(Untold::Client(error)) => {
                    FeedbackNotTold { reason: Reason::of(&error) }.log();
                    self.waiting.fail(|failures| {
                        let now = self.pulls.clock.now();
                        backoff::after_failure(now, failures, error.retry_after(), self.entropy())
                    });
                    break;
                }
            }
        }
        self.settle(told).await
    }

    async fn tell_one(&self, message: &FeedbackMessage) -> Result<Option<u64>, Untold> {
        // Our own writing, so it can be read.
        let parsed: Message = serde_json::from_str(&message.message)
            .map_err(|_| Untold::NotRead(Reason::of(&StoreError::Damaged("feedback message"))))?;
        match parsed {
            Message::Status(status) => {
                self.routing.tell_status(&status).await.map_err(Untold::Client)?;
                Ok(None)
            }
            Message::Correction { report, category, until } => {
                let told = self.correct(report, &category, until).await?;
                Ok(Some(told))
            }
        }
    }

    /// Removes what was told, and records it: who received a value learns that it was wrong.
    async fn settle(&self, told: Vec<(i64, Option<u64>)>) -> Result<(), Reason> {
        if told.is_empty() {
            return Ok(());
        }
        let agreement = self.pulls.agreement.current();
        let mut record: AccessRecord = self.record(Event::FeedbackChanged, &agreement, self.pulls.holder);
        record.count = Some(told.iter().filter(|(_, corrected)| corrected.is_none()).count() as u64);
        let corrections: Vec<AccessRecord> = told
            .iter()
            .filter_map(|(_, corrected)| *corrected)
            .map(|count| {
                let mut record = self.record(Event::CorrectionTold, &agreement, self.pulls.holder);
                record.count = Some(count);
                record
            })
            .collect();
        let written = self
            .pulls
            .store
            .write("tell_feedback", move |tx| {
                for (id, _) in &told {
                    tx.write().dequeue_feedback_message(*id)?;
                }
                let mut act = into_act::<()>(&record)?;
                for correction in &corrections {
                    let canonical = kw_ledger::canonical(correction).map_err(StoreError::from)?;
                    act = act.and(kw_ledger::LeafKind::Access, canonical);
                }
                Ok(((), act))
            })
            .await;
        match written {
            Ok(_) | Err(WriteError::Refused(())) => Ok(()),
            Err(error) => Err(Reason::of(&error)),
        }
    }

    fn entropy(&self) -> &kw_runtime::Entropy {
        self.pulls.vault.entropy()
    }
}

/// Why a message was not told.
pub(super) enum Untold {
    /// The switchboard did not take it.
    Client(ClientError),
    /// The own database could not be read.
    NotRead(Reason),
}

impl Waiting {
    fn holds(&self, now: Instant) -> bool {
        self.with(|later| later.all.is_some_and(|until| now < until))
    }

    fn is_parked(&self, id: i64, now: Instant) -> bool {
        self.with(|later| later.parked.get(&id).is_some_and(|until| now < *until))
    }

    fn succeed(&self, id: i64) {
        self.with(|later| {
            (later.failures, later.all) = (0, None);
            later.parked.remove(&id);
        });
    }

    fn park(&self, id: i64, until: Instant) {
        self.with(|later| later.parked.insert(id, until));
    }

    fn fail(&self, until: impl FnOnce(u32) -> Instant) {
        self.with(|later| {
            later.all = Some(until(later.failures));
            later.failures = later.failures.saturating_add(1);
        });
    }

    fn with<T>(&self, what: impl FnOnce(&mut Later) -> T) -> T {
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// As many as one look at the outbox takes.
const AT_ONCE: u32 = 200;

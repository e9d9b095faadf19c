//! Reports that nobody took up in time, and reports that were kept long enough.

use kw_domain::Instant;
use kw_ledger::Event;
use kw_store::partner::{FeedbackCounts, FeedbackRead, OutboxDepth, PartnerWrite};
use kw_store::{Abort, StoreError, WriteError};
use kw_telemetry::Reason;

use super::{Feedback, telling};
use crate::events::FeedbackOverdue;
use crate::sync::into_act;

impl Feedback {
    /// Notices what became overdue, once each, and has both sides told. For a background job.
    pub async fn watch(&self) -> Result<(), Reason> {
        let now = self.pulls.clock.now();
        let found = self.pulls.store.read(move |tables| tables.feedback_newly_overdue(now, AT_ONCE)).await;
        let found = found.map_err(|error| Reason::of(&error))?;
        if found.is_empty() {
            return Ok(());
        }
        let agreement = self.pulls.agreement.current();
        let record = self.record(Event::FeedbackChanged, &agreement, self.pulls.holder);
        let written = self
            .pulls
            .store
            .write("feedback_overdue", move |tx| {
                let mut noticed = 0;
                for report in &found {
                    // Somebody may have taken it up since it was read.
                    let still = tx.read().feedback(report.id)?.filter(|now| now.standing == report.standing);
                    let Some(mut report) = still else { continue };
                    report.standing.overdue_told = true;
                    tx.write().change_feedback(report.id, &report.standing)?;
                    tx.write().queue_feedback_message(&telling::status(&report, None, now)?)?;
                    noticed += 1;
                }
                let mut record = record.clone();
                record.count = Some(noticed);
                Ok((noticed, into_act::<()>(&record)?))
            })
            .await;
        match written {
            Ok(done) => {
                FeedbackOverdue { reports: done.value }.log();
                Ok(())
            }
            Err(WriteError::Refused(())) => Ok(()),
            Err(error) => Err(Reason::of(&error)),
        }
    }

    /// Removes reports that are not open since before a moment, files and all. For a background job.
    pub async fn forget(&self, before: Instant) -> Result<(), Reason> {
        self.forget_in_steps("forget_feedback", move |tables| tables.forget_feedback(before, AT_ONCE)).await
    }

    /// Removes the files of reports that ended before a moment: what was decided is kept longer. For a background job.
    pub async fn forget_files(&self, before: Instant) -> Result<(), Reason> {
        self.forget_in_steps("forget_feedback_files", move |tables| {
            tables.forget_ended_files(before, AT_ONCE)
        })
        .await
    }

    /// Forgets so many at once, each step with its record, until nothing is left to forget.
    async fn forget_in_steps(
        &self,
        name: &'static str,
        forget: impl Fn(&mut (dyn PartnerWrite + 'static)) -> Result<u64, StoreError> + Copy + Send + 'static,
    ) -> Result<(), Reason> {
        loop {
            let record =
                self.record(Event::FeedbackChanged, &self.pulls.agreement.current(), self.pulls.holder);
            let gone = self
                .pulls
                .store
                .write(name, move |tx| {
                    let gone = forget(tx.write())?;
                    if gone == 0 {
                        return Err(Abort::Refused(()));
                    }
                    let mut record = record.clone();
                    record.count = Some(gone);
                    Ok((gone, into_act::<()>(&record)?))
                })
                .await;
            match gone {
                Ok(done) if done.value == u64::from(AT_ONCE) => {}
                Ok(_) | Err(WriteError::Refused(())) => return Ok(()),
                Err(error) => return Err(Reason::of(&error)),
            }
        }
    }

    /// How many reports wait, and what the switchboard was not told yet.
    pub async fn counts(&self) -> Result<(FeedbackCounts, OutboxDepth), Reason> {
        let now = self.pulls.clock.now();
        let read = self.pulls.store.read(move |tables| {
            Ok((tables.count_feedback(now)?, FeedbackRead::feedback_messages_waiting(tables)?))
        });
        read.await.map_err(|error| Reason::of(&error))
    }
}

const AT_ONCE: u32 = 100;

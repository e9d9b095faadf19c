//! Something is said or done about a report.

use kw_agreement::Agreement;
use kw_domain::{AnnotationId, FeedbackId, Instant};
use kw_ledger::Event;
use kw_protocol::feedback::{FeedbackOutcome, FeedbackStatus, FeedbackView, NewAnnotation};
use kw_protocol::problem::ProblemCode;
use kw_protocol::query::Actor;
use kw_runtime::{Refusal, Trace};
use kw_store::partner::StoredAnnotation;
use kw_store::{Abort, WriteError};

use super::refusal::mistaken;
use super::standing::{self, NotTaken, Rules};
use super::viewing::{Reader, side_of, unknown};
use super::{Feedback, sealing, telling};
use crate::grants::recorded;
use crate::pulls::{Caller, act_about, unrecorded};

/// Who says something.
#[derive(Debug, Clone, Copy)]
pub enum Annotator<'a> {
    /// One of the holder's own people.
    Holder(&'a Actor, &'a Trace),
    /// The party that reported.
    Reporter(&'a Caller),
}

impl Feedback {
    /// Adds an annotation, if it follows on what was said before and is this side's to say. The same twice in a row is once.
    pub async fn annotate(
        &self,
        id: FeedbackId,
        by: Annotator<'_>,
        annotation: NewAnnotation,
    ) -> Result<FeedbackView, Refusal> {
        let pulls = &*self.pulls;
        let agreement = pulls.agreement.current();
        let (reader, party) = match by {
            Annotator::Holder(..) => (Reader::Holder, pulls.holder),
            Annotator::Reporter(caller) => (Reader::Reporter(caller.oin), caller.oin),
        };
        let side = side_of(reader);
        let before = self.view(id, &agreement, reader).await?;
        if before.annotations.last().is_some_and(|last| last.side == side && last.content == annotation) {
            return Ok(before);
        }
        if before.annotations.len() >= MOST_ANNOTATIONS {
            let detail = "So much was said about this report that nothing is added any more. Report it anew.";
            return Err(Refusal::new(ProblemCode::TooMany, detail));
        }
        self.of_this_chain(&agreement, &annotation)?;
        let mut record = self.record(Event::FeedbackChanged, &agreement, party);
        match by {
            Annotator::Holder(actor, trace) => {
                record.actor = Some(recorded(actor));
                record.trace = Some(trace.trace_id());
                record.transaction = Some(trace.transaction);
            }
            Annotator::Reporter(caller) => {
                record.party = caller.supplier.unwrap_or(caller.oin);
                record.on_behalf_of = caller.supplier.map(|_| caller.oin);
                record.trace.clone_from(&caller.trace);
            }
        }
        record.count = Some(1);
        let (now, annotation_id) = (record.at, pulls.vault.entropy().id::<AnnotationId>(record.at));
        let content_sealed = sealing::seal_annotation(&pulls.vault, id, annotation_id, &annotation)
            .map_err(|_| Refusal::fault("an annotation cannot be written"))?;
        let rules = Rules { holder: pulls.holder, take_up_within: agreement.feedback().take_up_within };
        let reference = pulls.reference(now);
        let written = pulls
            .store
            .write("annotate_feedback", move |tx| {
                let found = tx.read().feedback(id)?;
                let Some(mut report) = found else { return Err(Abort::Refused(unknown())) };
                let after = standing::after(&report.standing, &annotation, side, rules, now)
                    .map_err(|not| Abort::Refused(told(&not)))?;
                let at = standing::moment(&report.standing, now);
                let number = tx.read().feedback_annotations(id)?.len() as u32;
                tx.write().annotate_feedback(&StoredAnnotation {
                    report: id,
                    number,
                    id: annotation_id,
                    at,
                    side,
                    party,
                    content_sealed: content_sealed.clone(),
                })?;
                if after != report.standing {
                    tx.write().change_feedback(id, &after)?;
                    if after.status == FeedbackStatus::Withdrawn {
                        // Whoever took a report back does not mean its files to be looked at any more.
                        tx.write().forget_feedback_files(id)?;
                    }
                    report.standing = after;
                }
                // Once another holder took it over, that one tells where it stands: two would contradict each other.
                if report.standing.handler == rules.holder {
                    tx.write().queue_feedback_message(&telling::status(&report, Some(at), now)?)?;
                }
                if was_wrong(&annotation) {
                    tx.write().queue_feedback_message(&telling::correction(&report, at, now)?)?;
                }
                let mut record = record.clone();
                record.categories = vec![report.category.clone()];
                Ok(((), act_about(tx.read(), report.handle, reference, record)?))
            })
            .await;
        match written {
            Ok(_) => self.view(id, &agreement, reader).await,
            Err(WriteError::Refused(refusal)) => Err(refusal),
            Err(error) => Err(unrecorded(&error)),
        }
    }

    /// What this chain and this moment do not fit.
    fn of_this_chain(&self, agreement: &Agreement, annotation: &NewAnnotation) -> Result<(), Refusal> {
        let mut refusal = not_taken(ProblemCode::Invalid);
        if let Some(handler) = annotation.handler {
            let is_known = agreement.partner(handler).is_some();
            let is_other =
                annotation.status != Some(FeedbackStatus::WrongHolder) || handler != self.pulls.holder;
            if !is_known || !is_other {
                refusal = refusal.field("/handler", "expected another partner of this chain");
            }
        }
        let now: Instant = self.pulls.clock.now();
        if annotation.planned_for.is_some_and(|planned| planned <= now) {
            refusal = refusal.field("/plannedFor", "expected a moment that is to come");
        }
        refusal.if_any()
    }
}

/// More than two sides have to say to each other.
const MOST_ANNOTATIONS: usize = 200;

/// Whether somebody received a wrong value.
fn was_wrong(annotation: &NewAnnotation) -> bool {
    matches!(annotation.outcome, Some(FeedbackOutcome::Upheld | FeedbackOutcome::PartlyUpheld))
}

fn not_taken(code: ProblemCode) -> Refusal {
    Refusal::new(
        code,
        "The annotation cannot be taken in. Look how the report stands, correct it and send it again.",
    )
}

fn told(not: &NotTaken) -> Refusal {
    match not {
        NotTaken::Elsewhere => {
            let detail = "Another holder took this report over: it is handled there.";
            Refusal::new(ProblemCode::IllegalTransition, detail)
        }
        NotTaken::Mistakes(mistakes) => mistaken(not_taken(ProblemCode::Invalid), "", mistakes),
        NotTaken::OutOfTurn(mistakes) => mistaken(not_taken(ProblemCode::IllegalTransition), "", mistakes),
    }
}

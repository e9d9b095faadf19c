//! Taking a report in: checked, recorded and durable before anything is asked for it.

use std::sync::Arc;

use kw_agreement::Agreement;
use kw_domain::{Bsn, FeedbackId, Oin};
use kw_protocol::feedback::FeedbackKind;
use kw_protocol::local::feedback::{FeedbackDelivery, FeedbackRequest};
use kw_protocol::problem::ProblemCode;
use kw_runtime::{Refusal, Trace};
use kw_store::partner::SentFeedback;
use kw_store::{Abort, WriteError};
use kw_telemetry::Reason;

use super::{CLAIM, MOST_WAITING, records, sealing};
use crate::app::App;
use crate::events::AccessNotRecorded;
use crate::local::dossiers::question;

/// What became of a request.
pub(crate) enum TakenIn {
    /// The report was there before.
    Known(SentFeedback),
    /// It is there now, and its first step is the caller's to take.
    New(SentFeedback),
}

/// Why a report is not taken in.
enum NotTaken {
    /// It was there before.
    Known(Box<SentFeedback>),
    /// Too many wait.
    TooMany,
}

/// Checks a request and makes it durable.
pub(crate) async fn take_in(app: &App, request: &FeedbackRequest, trace: &Trace) -> Result<TakenIn, Refusal> {
    let now = app.clock.now();
    let id = request.id.unwrap_or_else(|| FeedbackId::new(now, app.entropy.draw()));
    check(request, id)?;
    let asked = question(app, &request.question())?;
    let agreement = app.agreement.current();
    may_report(&agreement, app.oin, request)?;
    app.require_actor(&request.actor).await?;

    let report = SentFeedback {
        id,
        version: 0,
        about: app.vault.asked_key(&asked.subject),
        kind: request.kind,
        holder: request.holder,
        category: request.category.clone(),
        reference: request.reference.clone(),
        pointers: request.attributes.iter().map(|one| one.pointer.clone()).collect(),
        delivery: FeedbackDelivery::Waiting,
        status: None,
        outcome: None,
        reason: None,
        sent_on_by: Vec::new(),
        must_tell: false,
        must_look: false,
        transaction: trace.transaction,
        attempts: 0,
        next_at: Some(now.plus(CLAIM)),
        claimed_until: Some(now.plus(CLAIM)),
        queued_at: now,
        sent_at: now,
        changed_at: now,
    };
    let mut record = records::sent(app, request, request.holder, &request.category, trace.transaction);
    record.trace = Some(trace.trace_id());
    let sealed: Arc<[u8]> = sealing::seal(&app.vault, id, request).map_err(Refusal::fault)?.into();
    let row = report.clone();
    let written = app.store.write("send_feedback", move |tx| {
        if let Some(known) = tx.read().feedback_sent(row.id)? {
            return Err(Abort::Refused(NotTaken::Known(Box::new(known))));
        }
        if tx.read().count_feedback_waiting()? >= MOST_WAITING {
            return Err(Abort::Refused(NotTaken::TooMany));
        }
        tx.write().begin_feedback(&row, &sealed)?;
        Ok(((), records::act(&record, row.about)?))
    });
    match written.await {
        Ok(_) => Ok(TakenIn::New(report)),
        Err(WriteError::Refused(NotTaken::Known(known))) if known.about == report.about => {
            Ok(TakenIn::Known(*known))
        }
        Err(WriteError::Refused(NotTaken::Known(_))) => Err(Refusal::new(
            ProblemCode::Conflict,
            "Another report has this id. Leave it out, or make a new one.",
        )),
        Err(WriteError::Refused(NotTaken::TooMany)) => Err(Refusal::new(
            ProblemCode::TooMany,
            "Too many reports wait to be delivered. See why with GET /v1/feedback-reports/sent?delivery=waiting.",
        )),
        Err(error) => {
            AccessNotRecorded { reason: Reason::of(&error) }.log();
            let detail = "The partner's own ledger cannot record this, so nothing was sent. Try again.";
            Err(Refusal::new(ProblemCode::Unavailable, detail))
        }
    }
}

/// The shape of a report, all mistakes at once.
fn check(request: &FeedbackRequest, id: FeedbackId) -> Result<(), Refusal> {
    let mut refusal = Refusal::new(ProblemCode::Invalid, "Correct the fields and report again.");
    for mistake in request.report(id).mistakes() {
        refusal = refusal.field(mistake.pointer, mistake.expected);
    }
    // It is stored beside the report to find it by, and not sealed.
    if request.reference.as_deref().is_some_and(Bsn::occurs_in) {
        refusal = refusal.field("/reference", "this seems to hold a BSN: use a reference that names nobody");
    }
    refusal.if_any()
}

/// A correction is asked for by the person, at a partner that knows who they are, or by who represents them.
fn may_report(agreement: &Agreement, own: Oin, request: &FeedbackRequest) -> Result<(), Refusal> {
    let is_admitted = request.kind == FeedbackKind::Report
        || request.representation.is_some()
        || agreement.subject_access().partners.contains(&own);
    if is_admitted {
        return Ok(());
    }
    Err(Refusal::new(
        ProblemCode::Denied,
        "The agreement lets only partners of [subject_access] pass a person's own request on, unless somebody represents \
         the person. Report what a colleague noticed as kind 'report'.",
    ))
}

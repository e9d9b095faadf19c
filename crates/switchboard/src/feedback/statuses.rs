//! `POST /v1/feedback-statuses` and `GET /v1/feedback-reports/{id}`.

use std::time::Duration;

use actix_web::web::{Data, Json, Path, Query};
use kw_agreement::Agreement;
use kw_domain::{FeedbackId, Instant, Oin};
use kw_ledger::Event;
use kw_protocol::feedback::{FeedbackRoute, FeedbackStatus, FeedbackStatusReport, RouteAsked};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_protocol::signal::SignalType;
use kw_runtime::{Asking, Body, Refusal, Registering, Trace};
use kw_store::Abort;
use kw_store::switchboard::GivenGrant;

use super::charge;
use crate::app::{App, act, not_read, not_written};

/// A holder tells where a report stands that it received, or that something was said about it. Both sides get a signal. Telling it again, or something older, changes
/// nothing.
#[utoipa::path(
    post, path = "/v1/feedback-statuses", tag = "feedback", request_body = FeedbackStatusReport,
    responses(
        (status = 200, description = "Where the report stands now", body = FeedbackRoute),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`denied`: no feedback grant was given for such a report", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`illegal-transition`: it cannot come after what was told before", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`budget-exhausted`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was done", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn tell_status(
    app: Data<App>,
    party: Registering,
    trace: Trace,
    body: Body<FeedbackStatusReport>,
) -> Result<Json<FeedbackRoute>, Refusal> {
    charge(&app, party.oin)?;
    let (agreement, now) = (app.agreement.current(), app.now());
    let granted_in = body.0.transaction;
    let told = understood(&agreement, party.oin, body.0, now)?;
    let id = told.id;
    let known = app.store.read(move |index| index.feedback_routes(id)).await.map_err(not_read)?;
    let known = known.into_iter().find(|known| is_between(known, &told));
    if let Some(known) = known.filter(|known| !is_newer(known, &told)) {
        return Ok(Json(known));
    }
    let mut record = app.record(&agreement, Event::FeedbackChanged, &*party, Some(&trace));
    record.holders = vec![party.oin];
    record.count = Some(1);
    let about = *told.id.as_bytes();
    let mut recipients = vec![told.reporter, told.holder];
    recipients.dedup();
    let signals: Vec<_> = recipients
        .into_iter()
        .map(|recipient| app.signal(recipient, SignalType::FeedbackChanged, about, now))
        .collect();
    let done = app
        .store
        .write("tell_feedback_status", move |tx| {
            let known = tx.read().feedback_routes(id)?.into_iter().find(|known| is_between(known, &told));
            let stands = match known {
                // Another message came first and knows more.
                Some(known) if !is_newer(&known, &told) => known,
                known => {
                    match (&known, granted_in) {
                        (Some(known), _) => follows(known, &told).map_err(Abort::Refused)?,
                        (None, Some(grant)) => {
                            let given = tx.read().grants_given(told.holder, &[grant])?;
                            begins(&given, &told).map_err(Abort::Refused)?;
                            tx.write().spend_feedback_grant(grant)?;
                        }
                        (None, None) => return Err(Abort::Refused(not_granted())),
                    }
                    let stands = with_known(known, told.clone());
                    tx.write().store_feedback_route(&stands, now)?;
                    tx.write().emit(&signals)?;
                    stands
                }
            };
            Ok((stands, act(&record)?))
        })
        .await
        .map_err(not_written)?;
    Ok(Json(done.value))
}

/// Reads where a report stands. For its two parties; what it is about, they ask the holder.
#[utoipa::path(
    get, path = "/v1/feedback-reports/{id}", tag = "feedback",
    params(
        ("id" = String, Path, description = "The report: `about` of its signal"),
        ("holder" = Option<String>, Query, description = "The one at this holder, when one id was given to several; the last changed without it"),
    ),
    responses(
        (status = 200, description = "Where the report stands", body = FeedbackRoute),
        (status = 404, description = "There is no such report, or the caller is none of its parties", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn read_route(
    app: Data<App>,
    party: Asking,
    id: Path<FeedbackId>,
    asked: Query<RouteAsked>,
) -> Result<Json<FeedbackRoute>, Refusal> {
    let id = *id;
    let found = app.store.read(move |index| index.feedback_routes(id)).await.map_err(not_read)?;
    let own = found
        .into_iter()
        .filter(|route| route.holder == party.oin || route.reporter == party.oin)
        .find(|route| asked.holder.is_none_or(|holder| holder == route.holder));
    own.map(Json).ok_or_else(|| {
        Refusal::new(ProblemCode::NotFound, "There is no such feedback report of your organisation's.")
    })
}

fn understood(
    agreement: &Agreement,
    holder: Oin,
    told: FeedbackStatusReport,
    now: Instant,
) -> Result<FeedbackRoute, Refusal> {
    let mut refusal = Refusal::new(ProblemCode::Invalid, "The status cannot be taken in.");
    if agreement.partner(told.reporter).is_none() {
        refusal = refusal.field("/reporter", "expected a partner of this chain");
    }
    let latest = now.plus(CLOCKS_DIFFER);
    if told.since > latest {
        refusal = refusal.field("/since", "expected a moment that has been");
    }
    if told.annotated_at.is_some_and(|at| at > latest) {
        refusal = refusal.field("/annotatedAt", "expected a moment that has been");
    }
    refusal.if_any()?;
    Ok(told.told_by(holder))
}

fn is_between(known: &FeedbackRoute, told: &FeedbackRoute) -> bool {
    known.holder == told.holder && known.reporter == told.reporter
}

/// The first that is heard of a report: it came in, under a grant that was given to its reporter for a record of its holder.
fn begins(given: &[GivenGrant], told: &FeedbackRoute) -> Result<(), Refusal> {
    if !given.iter().any(|grant| grant.for_feedback && grant.requester == told.reporter) {
        return Err(not_granted());
    }
    if told.status != FeedbackStatus::Reported {
        return Err(out_of_turn(
            "Nothing was heard of this feedback report. Tell first that it was reported.",
        ));
    }
    Ok(())
}

/// What comes after what is known may come after it. A status in between may have been told in vain.
fn follows(known: &FeedbackRoute, told: &FeedbackRoute) -> Result<(), Refusal> {
    if told.status == known.status || told.status.may_follow(known.status) {
        return Ok(());
    }
    Err(out_of_turn("This status does not follow on what was told of this feedback report before."))
}

fn not_granted() -> Refusal {
    let detail = "No feedback grant was given to this reporter for a record of yours under this transaction, or another report came with it.";
    Refusal::new(ProblemCode::Denied, detail)
}

fn out_of_turn(detail: &'static str) -> Refusal {
    Refusal::new(ProblemCode::IllegalTransition, detail)
}

/// Whether what is told came after what is known: a later status, or that the same one is overdue by now or was spoken about.
fn is_newer(known: &FeedbackRoute, told: &FeedbackRoute) -> bool {
    let is_same = told.since == known.since && told.status == known.status;
    let says_more = (told.overdue && !known.overdue) || told.annotated_at > known.annotated_at;
    told.since > known.since || (is_same && says_more)
}

/// What is told, with what is known beside it.
fn with_known(known: Option<FeedbackRoute>, mut told: FeedbackRoute) -> FeedbackRoute {
    if let Some(known) = known.filter(|known| is_between(known, &told)) {
        told.annotated_at = told.annotated_at.max(known.annotated_at);
        told.overdue |= known.overdue && known.since == told.since;
    }
    told
}

/// How far the clocks of two parties may be apart: about as far as a grant is good for.
const CLOCKS_DIFFER: Duration = Duration::from_mins(1);

//! `POST /v1/feedback-statuses` and `GET /v1/feedback-reports/{id}`.

use std::time::Duration;

use actix_web::web::{Data, Json, Path};
use kw_agreement::Agreement;
use kw_domain::{FeedbackId, Instant, Oin};
use kw_ledger::Event;
use kw_protocol::feedback::{FeedbackRoute, FeedbackStatus, FeedbackStatusReport};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_protocol::signal::SignalType;
use kw_runtime::{Asking, Body, Refusal, Registering, Trace};
use kw_store::Abort;

use super::charge;
use crate::app::{App, act, not_read, not_written};

/// A holder tells where a report stands that it received, or that something was said about it. Both sides get a signal. Telling it again, or something older, changes
/// nothing.
#[utoipa::path(
    post, path = "/v1/feedback-statuses", tag = "feedback", request_body = FeedbackStatusReport,
    responses(
        (status = 200, description = "Where the report stands now", body = FeedbackRoute),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: the report is between other parties", body = Problem, content_type = "application/problem+json"),
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
    let told = understood(&agreement, party.oin, body.0, now)?;
    let id = told.id;
    let known = app.store.read(move |index| index.feedback_route(id)).await.map_err(not_read)?;
    if let Some(known) = known.filter(|known| is_between(known, &told) && !is_newer(known, &told)) {
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
            let stands = match tx.read().feedback_route(id)? {
                Some(known) if !is_between(&known, &told) && !takes_over(&known, &told) => {
                    return Err(Abort::Refused(of_others()));
                }
                // Another message came first and knows more.
                Some(known) if is_between(&known, &told) && !is_newer(&known, &told) => known,
                known => {
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
    params(("id" = String, Path, description = "The report: `about` of its signal")),
    responses(
        (status = 200, description = "Where the report stands", body = FeedbackRoute),
        (status = 404, description = "There is no such report, or the caller is none of its parties", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn read_route(
    app: Data<App>,
    party: Asking,
    id: Path<FeedbackId>,
) -> Result<Json<FeedbackRoute>, Refusal> {
    let id = *id;
    let found = app.store.read(move |index| index.feedback_route(id)).await.map_err(not_read)?;
    let own = found.filter(|route| route.holder == party.oin || route.reporter == party.oin);
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

/// Whether a holder takes a report over that the one before gave up: from then on it tells where the report stands.
fn takes_over(known: &FeedbackRoute, told: &FeedbackRoute) -> bool {
    known.reporter == told.reporter
        && known.status == FeedbackStatus::WrongHolder
        && told.status == FeedbackStatus::Reported
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

fn of_others() -> Refusal {
    let detail =
        "There is a feedback report with this id between other parties. Give each report an id of its own.";
    Refusal::new(ProblemCode::Conflict, detail)
}

/// How far the clocks of two parties may be apart.
const CLOCKS_DIFFER: Duration = Duration::from_mins(5);

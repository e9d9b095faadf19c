//! `POST /v1/feedback-reports` and `/v1/feedback-reports/sent…`: the partner's own systems doubt a value at a holder, and follow
//! what becomes of it.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::web::{Path, Query};
use kw_domain::{ActorId, FeedbackId, TransactionId};
use kw_ledger::{AccessRecord, Event};
use kw_protocol::feedback::{AnnotateFeedback, CorrectionView, FeedbackStatus, FeedbackView, NewAnnotation};
use kw_protocol::local::feedback::{
    Corrections, FeedbackDelivery, FeedbackRequest, LARGEST_PAGE, OwnCorrection, SentReport, SentReports,
    SentSearch, WithdrawReport,
};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_protocol::query::Actor;
use kw_requester::ReportError;
use kw_runtime::{Body, Refusal, Trace};
use kw_store::partner::SentFeedback;

use crate::app::{App, Own};
use crate::reader::Reader;
use crate::refusals;
use crate::sent_feedback::{self, Advanced, TakenIn};

/// Reports a doubt about a value to its holder: straight there, under a grant of its own. When the holder cannot be reached the
/// report waits, sealed, and is sent again until it is there or a week has passed.
#[utoipa::path(
    post,
    path = "/v1/feedback-reports",
    operation_id = "reportFeedback",
    tag = "local",
    security(("token" = [])),
    request_body = FeedbackRequest,
    responses(
        (status = 200, description = "A report with this id was there before.", body = SentReport),
        (status = 201, description = "The holder has it.", body = SentReport),
        (status = 202, description = "It waits: `delivery` and `reason` say how and why.", body = SentReport),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`actor-unproven`, `denied`, or what else the switchboard or the holder refuses", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: the index discloses no such record at that holder", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: which of several records is not said; or another report has this id", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`too-large`", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`too-many`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: it could not be recorded, so nothing was sent", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn report(
    own: Own,
    trace: Trace,
    body: Body<FeedbackRequest>,
) -> Result<HttpResponse, Refusal> {
    let (app, request) = (&own.0, body.0);
    let taken = match sent_feedback::take_in(app, &request, &trace).await? {
        TakenIn::Known(report) => {
            return Ok(HttpResponse::Ok().json(shown(app, &report, None, None)));
        }
        TakenIn::New(report) => report,
    };
    // A caller that goes away does not stop it: the job takes it up where this one ended.
    let Advanced { report, view, error } =
        sent_feedback::advance(app, taken, Some(&request)).await.map_err(Refusal::fault)?;
    match (report.delivery, error) {
        (FeedbackDelivery::Refused | FeedbackDelivery::GivenUp, Some(error)) => Err(refusal(&error)),
        (FeedbackDelivery::Waiting, _) => Ok(HttpResponse::Accepted().json(shown(app, &report, view, None))),
        _ => Ok(HttpResponse::Created().json(shown(app, &report, view, None))),
    }
}

/// Lists reports of the own people, newest first. Without what was doubted: that is at the holder.
#[utoipa::path(
    get,
    path = "/v1/feedback-reports/sent",
    operation_id = "listSentFeedback",
    tag = "local",
    security(("token" = [])),
    params(
        ("status" = Option<FeedbackStatus>, Query, description = "Only with this status at the holder"),
        ("delivery" = Option<FeedbackDelivery>, Query, description = "Only that far on their way"),
        ("reference" = Option<String>, Query, description = "Only with this reference"),
        ("limit" = Option<u32>, Query, description = "At most so many, 1 to 500; 100 without it"),
    ),
    responses(
        (status = 200, description = "The reports.", body = SentReports),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(own: Own, search: Query<SentSearch>) -> Result<HttpResponse, Refusal> {
    let (app, search) = (&own.0, search.into_inner());
    let limit = search.limit.unwrap_or(PAGE);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        return Err(Refusal::new(ProblemCode::Invalid, "The page cannot be given.")
            .field("limit", format!("expected 1 to {LARGEST_PAGE}")));
    }
    let found = app.store.read(move |tables| tables.feedback_list(&search, limit)).await;
    let found = found.map_err(Refusal::fault)?;
    let mut reporters = reporters(app, &found).await?;
    let named = |report: &SentFeedback| SentReport {
        reporter: reporters.remove(&report.transaction),
        ..shown(app, report, None, None)
    };
    let reports = found.iter().map(named).collect();
    Ok(HttpResponse::Ok().json(SentReports { reports }))
}

/// Shows one report, as its holder has it now.
#[utoipa::path(
    get,
    path = "/v1/feedback-reports/sent/{id}",
    operation_id = "showSentFeedback",
    tag = "local",
    security(("token" = [])),
    params(
        ("id" = String, Path, description = "The report"),
        ("Actor" = Option<String>, Header, description = "Who reads: an `Actor` as JSON in unpadded base64url. It is recorded."),
    ),
    responses(
        (status = 200, description = "The report; `viewMissing` says why the holder does not show it.", body = SentReport),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: it could not be recorded, so nothing is shown", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show(
    own: Own,
    reader: Reader,
    trace: Trace,
    id: Path<String>,
) -> Result<HttpResponse, Refusal> {
    let app = &own.0;
    let by = reader.admitted(app).await?;
    let mut report = find(app, &id).await?;
    let reporter = reporters(app, std::slice::from_ref(&report)).await?.remove(&report.transaction);
    let named = |shown: SentReport| HttpResponse::Ok().json(SentReport { reporter, ..shown });
    if report.delivery != FeedbackDelivery::Delivered {
        return Ok(named(shown(app, &report, None, None)));
    }
    note(app, Event::FeedbackRead, &report, by.as_ref(), &trace).await?;
    let clients = app.services()?;
    match clients.requester.reported(report.holder, report.id).await {
        Ok(view) => {
            sent_feedback::see(app, &mut report, &view).await.map_err(Refusal::fault)?;
            Ok(named(shown(app, &report, Some(view), None)))
        }
        Err(error) => Ok(named(shown(app, &report, None, Some(error.reason())))),
    }
}

/// Takes a report back, at the holder too.
#[utoipa::path(
    post,
    path = "/v1/feedback-reports/sent/{id}/_withdraw",
    operation_id = "withdrawSentFeedback",
    tag = "local",
    security(("token" = [])),
    params(("id" = String, Path, description = "The report")),
    request_body = WithdrawReport,
    responses(
        (status = 200, description = "It is taken back.", body = SentReport),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`illegal-transition`: the holder has planned or settled it, or it was refused", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: nobody knows whether the holder has it; or just now it is being sent", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn withdraw(
    own: Own,
    trace: Trace,
    id: Path<String>,
    body: Body<WithdrawReport>,
) -> Result<HttpResponse, Refusal> {
    let (app, request) = (&own.0, body.0);
    app.require_staff(&request.actor).await?;
    let report = find(app, &id).await?;
    if matches!(report.delivery, FeedbackDelivery::Refused | FeedbackDelivery::GivenUp) {
        let detail =
            "This report never reached its holder and is not tried again: there is nothing to take back.";
        return Err(Refusal::new(ProblemCode::IllegalTransition, detail));
    }
    let claimed = sent_feedback::claim(app, report).await.map_err(Refusal::fault)?;
    let mut report = claimed.ok_or_else(|| {
        Refusal::new(ProblemCode::Unavailable, "This report is being worked on just now. Try again.")
    })?;
    note(app, Event::FeedbackChanged, &report, Some(&request.actor), &trace).await?;
    let clients = app.services()?;
    let taken_back = NewAnnotation {
        status: Some(FeedbackStatus::Withdrawn),
        note: request.note,
        ..NewAnnotation::default()
    };
    let told = clients.requester.annotate(report.holder, report.id, &taken_back).await;
    let never_arrived = report.delivery == FeedbackDelivery::Waiting;
    let view = match told {
        Ok(view) => Some(view),
        Err(error) if never_arrived && is_unknown(&error) => None,
        Err(error) => {
            // What was due is due again.
            report.next_at = Some(app.clock.now()).filter(|_| never_arrived || report.must_tell);
            sent_feedback::save(app, &mut report, true).await.map_err(Refusal::fault)?;
            return Err(refusal(&error));
        }
    };
    for (before, _) in &report.sent_on_by {
        // They sent it on, and most know that already; none of them waits for it.
        let _ = clients.requester.annotate(*before, report.id, &taken_back).await;
    }
    (report.status, report.changed_at) = (Some(FeedbackStatus::Withdrawn), app.clock.now());
    if view.is_none() {
        report.delivery = FeedbackDelivery::GivenUp;
    } else {
        report.delivery = FeedbackDelivery::Delivered;
    }
    (report.must_tell, report.must_look, report.next_at, report.reason) = (false, false, None, None);
    sent_feedback::save(app, &mut report, false).await.map_err(Refusal::fault)?;
    Ok(HttpResponse::Ok().json(shown(app, &report, view, None)))
}

/// Says something more about a report to its holder.
#[utoipa::path(
    post,
    path = "/v1/feedback-reports/sent/{id}/annotations",
    operation_id = "annotateSentFeedback",
    tag = "local",
    security(("token" = [])),
    params(("id" = String, Path, description = "The report")),
    request_body = AnnotateFeedback,
    responses(
        (status = 200, description = "The holder has it.", body = SentReport),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`illegal-transition`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn annotate(
    own: Own,
    trace: Trace,
    id: Path<String>,
    body: Body<AnnotateFeedback>,
) -> Result<HttpResponse, Refusal> {
    let (app, request) = (&own.0, body.0);
    app.require_staff(&request.actor).await?;
    let mut report = find(app, &id).await?;
    if report.delivery != FeedbackDelivery::Delivered {
        let detail = "This report is not at its holder, so nothing can be said about it there.";
        return Err(Refusal::new(ProblemCode::IllegalTransition, detail));
    }
    note(app, Event::FeedbackChanged, &report, Some(&request.actor), &trace).await?;
    let clients = app.services()?;
    let told = clients.requester.annotate(report.holder, report.id, &request.annotation).await;
    let view = told.map_err(|error| refusal(&error))?;
    sent_feedback::see(app, &mut report, &view).await.map_err(Refusal::fault)?;
    Ok(HttpResponse::Ok().json(shown(app, &report, Some(view), None)))
}

/// Lists the own pulls in which a value was wrong, newest first: ask anew for whom they were.
#[utoipa::path(
    get,
    path = "/v1/corrections",
    operation_id = "listCorrections",
    tag = "local",
    security(("token" = [])),
    responses(
        (status = 200, description = "At most 500 pulls.", body = Corrections),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn corrections(own: Own) -> Result<HttpResponse, Refusal> {
    let read = own.0.store.read(|tables| {
        let mut found = Vec::new();
        for one in tables.corrections(LARGEST_PAGE)? {
            let Some((holder, category, corrected_at)) = one.mended else { continue };
            let record = match one.record {
                Some(index) => tables.ledger_entries(index, 1)?.pop().filter(|entry| entry.index == index),
                None => None,
            };
            let record = record.and_then(|entry| entry.record);
            let record = record.and_then(|text| serde_json::from_str::<AccessRecord>(text.as_str()).ok());
            let (case, actor) = record.map_or((None, None), |record| (record.case, record.actor));
            let view = CorrectionView { transaction: one.transaction, holder, category, corrected_at };
            found.push(OwnCorrection { view, case, actor: actor.map(|actor| actor.id) });
        }
        Ok(found)
    });
    let corrections = read.await.map_err(Refusal::fault)?;
    Ok(HttpResponse::Ok().json(Corrections { corrections }))
}

/// Who reported these, by the exchange in which they were taken in: the own log knows.
async fn reporters(app: &App, reports: &[SentFeedback]) -> Result<BTreeMap<TransactionId, ActorId>, Refusal> {
    let exchanges: Vec<TransactionId> = reports.iter().map(|report| report.transaction).collect();
    let entries =
        app.store.read(move |log| log.entries_asked_in(&exchanges)).await.map_err(Refusal::fault)?;
    let records = entries.into_iter().filter_map(|entry| {
        let record: AccessRecord = serde_json::from_str(entry.record?.as_str()).ok()?;
        Some((record.transaction?, record.actor?.id))
    });
    Ok(records.collect())
}

async fn find(app: &App, id: &str) -> Result<SentFeedback, Refusal> {
    let unknown = || Refusal::new(ProblemCode::NotFound, "There is no such report here. List the reports.");
    let id = FeedbackId::parse(id).map_err(|_| unknown())?;
    let found = app.store.read(move |tables| tables.feedback_sent(id)).await.map_err(Refusal::fault)?;
    found.ok_or_else(unknown)
}

/// The own record of what is done about a report, before it is done.
async fn note(
    app: &App,
    event: Event,
    report: &SentFeedback,
    actor: Option<&Actor>,
    trace: &Trace,
) -> Result<(), Refusal> {
    sent_feedback::note(app, event, report, actor, trace).await.map_err(|_| {
        let detail = "The partner's own ledger cannot record this, so nothing was done. Try again.";
        Refusal::new(ProblemCode::Unavailable, detail)
    })
}

fn shown(
    app: &App,
    report: &SentFeedback,
    view: Option<FeedbackView>,
    view_missing: Option<&str>,
) -> SentReport {
    sent_feedback::shown(&app.agreement.current(), report, view, view_missing)
}

fn is_unknown(error: &ReportError) -> bool {
    matches!(error, ReportError::Holder(error) if error.code() == Some(ProblemCode::NotFound))
}

fn refusal(error: &ReportError) -> Refusal {
    match error {
        ReportError::Question(error) => refusals::of_request(error),
        ReportError::Holder(error) => refusals::of_client("holder", error),
        ReportError::NotFound => Refusal::new(
            ProblemCode::NotFound,
            "The index discloses no such record of this person at that holder. Ask for the dossier anew.",
        ),
        ReportError::Ambiguous => Refusal::new(
            ProblemCode::Conflict,
            "The holder has several records of this person in this category. Say which one.",
        )
        .field("/handle", "expected the handle of the dossier's section"),
        ReportError::PartyUnknown => {
            Refusal::new(ProblemCode::Invalid, "Correct the fields and report again.")
                .field("/holder", "expected a partner of the agreement that is not suspended")
        }
    }
}

/// What a report with all its files takes, in base64.
pub(crate) const LARGEST_REPORT: usize = 32 * 1024 * 1024;
const PAGE: u32 = 100;

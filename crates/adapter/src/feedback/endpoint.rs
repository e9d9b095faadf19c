//! `/v1/feedback-reports` at the holder, over mutual TLS: for whoever reports.

use std::time::Duration;

use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::{self, Data, Json, Path, Payload, ServiceConfig};
use actix_web::{FromRequest as _, HttpRequest, HttpResponse};
use kw_domain::FeedbackId;
use kw_protocol::feedback::{FeedbackSubmission, FeedbackView, NewAnnotation};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::http::BodyLimit;
use kw_runtime::{Asking, Body, Refusal, Trace};
use tokio::time::timeout;

use super::{Annotator, Feedback};
use crate::pulls::Caller;

/// The largest body in bytes: 20 MiB of files in base64, and a report with its grant and proofs.
const BODY_LIMIT: usize = 29_000_000;
/// Reports with more than this are large.
const SMALL: usize = 256 * 1024;
/// A body that is not there by then is not waited for.
const BODY_DEADLINE: Duration = Duration::from_mins(1);
/// How long a large report waits for its turn.
const TURN: Duration = Duration::from_secs(5);

/// Adds the routes. The application's data must hold `Data<Feedback>` and what [`Asking`] needs.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/v1/feedback-reports")
                .app_data(BodyLimit(BODY_LIMIT))
                .route(web::post().to(report)),
        )
        .service(web::resource("/v1/feedback-reports/{id}").route(web::get().to(show)))
        .service(web::resource("/v1/feedback-reports/{id}/annotations").route(web::post().to(annotate)));
}

/// Takes in a doubt about one record, under a feedback grant. Sending the same report again, under the same or a new grant,
/// gives the same report.
#[utoipa::path(
    post,
    path = "/v1/feedback-reports",
    operation_id = "reportFeedback",
    tag = "feedback",
    request_body = FeedbackSubmission,
    responses(
        (status = 201, description = "The report as it stands. It was recorded before this answer left.", body = FeedbackView),
        (status = 400, description = "`invalid`: everything that is wrong with the report at once", body = Problem),
        (status = 401, description = "`certificate-refused`", body = Problem),
        (status = 403, description = "`party-unknown`, `grant-refused`, `grant-expired`, `actor-mismatch`, `actor-unproven`, `denied`, `consent-withheld`, `subject-mismatch`, `birth-date-mismatch`, `birth-date-required`, `birth-date-unknown`, `representation-age`", body = Problem),
        (status = 404, description = "`not-found`: the holder has nothing there any more", body = Problem),
        (status = 409, description = "`grant-reused`; `conflict`: another report has this id", body = Problem),
        (status = 413, description = "`too-large`", body = Problem),
        (status = 415, description = "`unsupported-media-type`", body = Problem),
        (status = 429, description = "`too-many`: open reports about this record, or large reports at a time", body = Problem),
        (status = 500, description = "`fault`", body = Problem),
        (status = 503, description = "`source-unavailable`, `unavailable`", body = Problem),
    )
)]
pub async fn report(
    party: Asking,
    trace: Trace,
    feedback: Data<Feedback>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Refusal> {
    let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let _turn = if length.is_some_and(|length: usize| length <= SMALL) {
        None
    } else {
        Some(feedback.turns.take(party.oin, TURN).await.ok_or_else(busy)?)
    };
    let body = Body::<FeedbackSubmission>::from_request(&request, &mut payload.into_inner());
    let body = timeout(BODY_DEADLINE, body).await.map_err(|_| {
        let detail =
            "The body was not there within a minute. Send it again, over a faster line or with fewer files.";
        Refusal::new(ProblemCode::Invalid, detail)
    })??;
    let view = feedback.receive(&caller(party, &trace), body.0).await?;
    Ok(HttpResponse::Created().json(view))
}

/// Shows an own report: where it stands and what was said.
#[utoipa::path(
    get,
    path = "/v1/feedback-reports/{id}",
    operation_id = "showFeedback",
    tag = "feedback",
    params(("id" = String, Path, description = "The report: `about` of its signal")),
    responses(
        (status = 200, description = "The report as it stands.", body = FeedbackView),
        (status = 401, description = "`certificate-refused`", body = Problem),
        (status = 403, description = "`party-unknown`", body = Problem),
        (status = 404, description = "`not-found`: there is none, or another party reported it", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    )
)]
pub async fn show(
    party: Asking,
    trace: Trace,
    feedback: Data<Feedback>,
    id: Path<FeedbackId>,
) -> Result<Json<FeedbackView>, Refusal> {
    feedback.show_reporter(&caller(party, &trace), *id).await.map(Json)
}

/// Adds what the reporter says or does: a note, `withdrawn`, or `reported` with the holder that took it over.
#[utoipa::path(
    post,
    path = "/v1/feedback-reports/{id}/annotations",
    operation_id = "annotateFeedback",
    tag = "feedback",
    params(("id" = String, Path, description = "The report")),
    request_body = NewAnnotation,
    responses(
        (status = 200, description = "The report as it stands.", body = FeedbackView),
        (status = 400, description = "`invalid`", body = Problem),
        (status = 401, description = "`certificate-refused`", body = Problem),
        (status = 403, description = "`party-unknown`", body = Problem),
        (status = 404, description = "`not-found`", body = Problem),
        (status = 409, description = "`illegal-transition`: it does not follow on where the report stands", body = Problem),
        (status = 503, description = "`unavailable`", body = Problem),
    )
)]
pub async fn annotate(
    party: Asking,
    trace: Trace,
    feedback: Data<Feedback>,
    id: Path<FeedbackId>,
    body: Body<NewAnnotation>,
) -> Result<Json<FeedbackView>, Refusal> {
    let caller = caller(party, &trace);
    feedback.annotate(*id, Annotator::Reporter(&caller), body.0).await.map(Json)
}

fn caller(party: Asking, trace: &Trace) -> Caller {
    Caller {
        supplier: party.supplier,
        oin: party.oin,
        certificate_sha256: party.certificate_sha256,
        trace: Some(trace.trace_id()),
    }
}

fn busy() -> Refusal {
    let detail = "This holder takes in one large report of a party at a time, and a few of all. Send it again in a while.";
    Refusal::new(ProblemCode::TooMany, detail).retry_after(TURN)
}

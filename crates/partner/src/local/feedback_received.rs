//! `/v1/feedback-reports/received`: the holder's own people look what was reported, and say what becomes of it.

use actix_web::HttpResponse;
use actix_web::web::{Path, Query};
use kw_adapter::feedback::{Annotator, Listed};
use kw_domain::{AttachmentId, FeedbackId};
use kw_protocol::feedback::{
    AnnotateFeedback, FeedbackAttachment, FeedbackList, FeedbackListed, FeedbackView,
};
use kw_protocol::problem::Problem;
use kw_runtime::{Body, Refusal, Trace};

use crate::app::Own;
use crate::reader::Reader;

/// Lists the reports that were received, the oldest first, without what they say about a person.
#[utoipa::path(
    get,
    path = "/v1/feedback-reports/received",
    operation_id = "list-received-feedback",
    tag = "local",
    security(("token" = [])),
    params(
        ("status" = Option<String>, Query, description = "Only with this status"),
        ("overdue" = Option<bool>, Query, description = "Only those that were not taken up in time, or only the others"),
        ("limit" = Option<u32>, Query, description = "At most so many, 1 to 200; 50 without it"),
        ("cursor" = Option<String>, Query, description = "What the page before gave as `nextCursor`"),
    ),
    responses(
        (status = 200, description = "One page", body = FeedbackList),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(own: Own, asked: Query<FeedbackListed>) -> Result<HttpResponse, Refusal> {
    let listed = Listed::parse(&asked, own.0.clock.now())?;
    Ok(HttpResponse::Ok().json(own.0.received_feedback.list(listed).await?))
}

/// Shows one report with all that was said.
#[utoipa::path(
    get,
    path = "/v1/feedback-reports/received/{id}",
    operation_id = "show-received-feedback",
    tag = "local",
    security(("token" = [])),
    params(
        ("id" = String, Path, description = "The report: `about` of its signal"),
        ("Actor" = Option<String>, Header, description = "Who reads: an `Actor` as JSON in unpadded base64url. It is recorded."),
    ),
    responses(
        (status = 200, description = "The report as it stands.", body = FeedbackView),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show(
    own: Own,
    reader: Reader,
    trace: Trace,
    id: Path<FeedbackId>,
) -> Result<HttpResponse, Refusal> {
    let by = reader.admitted(&own.0).await?;
    Ok(HttpResponse::Ok().json(own.0.received_feedback.show_holder(*id, by.as_ref(), &trace).await?))
}

/// Says what becomes of a report: taken up, planned, settled with an outcome, not enough to go by, or another holder's.
#[utoipa::path(
    post,
    path = "/v1/feedback-reports/received/{id}/annotations",
    operation_id = "annotate-received-feedback",
    tag = "local",
    security(("token" = [])),
    params(("id" = String, Path, description = "The report")),
    request_body = AnnotateFeedback,
    responses(
        (status = 200, description = "The report as it stands.", body = FeedbackView),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`actor-unproven`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`illegal-transition`: it does not follow on where the report stands", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn annotate(
    own: Own,
    trace: Trace,
    id: Path<FeedbackId>,
    body: Body<AnnotateFeedback>,
) -> Result<HttpResponse, Refusal> {
    let AnnotateFeedback { actor, annotation } = body.0;
    own.0.require_staff(&actor).await?;
    let by = Annotator::Holder(&actor, &trace);
    Ok(HttpResponse::Ok().json(own.0.received_feedback.annotate(*id, by, annotation).await?))
}

/// Gives one file of a report. Nobody else can have it.
#[utoipa::path(
    get,
    path = "/v1/feedback-reports/received/{id}/attachments/{attachment}",
    operation_id = "read-received-attachment",
    tag = "local",
    security(("token" = [])),
    params(
        ("id" = String, Path, description = "The report"),
        ("attachment" = String, Path, description = "The file"),
        ("Actor" = Option<String>, Header, description = "Who reads: an `Actor` as JSON in unpadded base64url. It is recorded."),
    ),
    responses(
        (status = 200, description = "The file, in base64.", body = FeedbackAttachment),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn attachment(
    own: Own,
    reader: Reader,
    trace: Trace,
    path: Path<(FeedbackId, AttachmentId)>,
) -> Result<HttpResponse, Refusal> {
    let (id, attachment) = path.into_inner();
    let by = reader.admitted(&own.0).await?;
    let file: FeedbackAttachment =
        own.0.received_feedback.attachment(id, attachment, by.as_ref(), &trace).await?;
    Ok(HttpResponse::Ok().json(file))
}

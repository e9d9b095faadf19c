//! `POST /v1/access-reports`: a member of staff asks, for a person whom they identified, what the chain's logs say about them.

use actix_web::HttpResponse;
use kw_protocol::access_report::{AccessReport, AccessReportRequest};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_requester::ReportQuestion;
use kw_runtime::{Body, Refusal};

use crate::app::Own;
use crate::people::ONLY_TEST_NUMBERS;
use crate::refusals;

/// Gathers from the switchboard, and from every party that its records name, who registered something about one person and
/// who looked. Only a partner that the agreement lists gets an answer.
#[utoipa::path(
    post,
    path = "/v1/access-reports",
    operation_id = "reportAccess",
    tag = "local",
    security(("token" = [])),
    request_body = AccessReportRequest,
    responses(
        (status = 200, description = "One entry per act. `complete` tells whether every party answered in full.", body = AccessReport),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`actor-unproven`, `denied`: the agreement does not list this partner", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`too-large`: ask for one period after the other", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`budget-exhausted`, `too-many`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn report(own: Own, body: Body<AccessReportRequest>) -> Result<HttpResponse, Refusal> {
    let app = &own.0;
    let invalid = || Refusal::new(ProblemCode::Invalid, "Correct the fields and ask again.");
    let question = ReportQuestion::parse(&body.0).map_err(|mistakes| {
        mistakes.into_iter().fold(invalid(), |refusal, one| refusal.field(one.pointer, one.detail))
    })?;
    if !app.admission.admits(&app.agreement.current(), &question.subject) {
        return Err(invalid().field("/subject", ONLY_TEST_NUMBERS));
    }
    app.require_actor(&question.actor).await?;
    let clients = app.services()?;
    let report =
        clients.requester.access_report(&question).await.map_err(|error| refusals::of_request(&error))?;
    Ok(HttpResponse::Ok().json(report))
}

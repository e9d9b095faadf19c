//! `POST /v1/dossiers`: a caseworker's system asks for the virtual dossier of one person.

use actix_web::HttpResponse;
use kw_protocol::dossier::{Dossier, DossierRequest};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_requester::DossierQuery;
use kw_runtime::{Body, Refusal};

use crate::app::{App, Own};
use crate::people::ONLY_TEST_NUMBERS;
use crate::refusals;
use crate::sent_feedback;

/// Asks who holds what about one person, pulls it at each holder, and puts the answers side by side.
#[utoipa::path(
    post,
    path = "/v1/dossiers",
    operation_id = "assembleDossier",
    tag = "local",
    security(("token" = [])),
    request_body = DossierRequest,
    responses(
        (status = 200, description = "One section per disclosed holder, whatever became of it.", body = Dossier),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`actor-unproven`, `denied`", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`budget-exhausted`, `too-many`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn assemble(own: Own, body: Body<DossierRequest>) -> Result<HttpResponse, Refusal> {
    let question = question(&own.0, &body.0)?;
    own.0.require_actor(&question.actor).await?;
    let clients = own.0.services()?;
    let asked = clients.requester.dossier(&question).await;
    let mut dossier = asked.map_err(|error| refusals::of_request(&error))?;
    sent_feedback::mark_open(&own.0, &question.subject, &mut dossier).await.map_err(Refusal::fault)?;
    Ok(HttpResponse::Ok().json(dossier))
}

/// The question in a request, if it may be asked here.
pub(crate) fn question(app: &App, request: &DossierRequest) -> Result<DossierQuery, Refusal> {
    let invalid = || Refusal::new(ProblemCode::Invalid, "Correct the fields and ask again.");
    let question = DossierQuery::parse(request).map_err(|mistakes| {
        mistakes.into_iter().fold(invalid(), |refusal, one| refusal.field(one.pointer, one.detail))
    })?;
    let agreement = app.agreement.current();
    if !app.admission.admits(&agreement, &question.subject) {
        return Err(invalid().field("/subject", ONLY_TEST_NUMBERS));
    }
    let representative = question.representation.as_ref().map(|claimed| &claimed.representative);
    if representative.is_some_and(|person| !app.admission.admits(&agreement, person)) {
        return Err(invalid().field("/representation/representative", ONLY_TEST_NUMBERS));
    }
    Ok(question)
}

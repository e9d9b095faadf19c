//! `POST /v1/dossiers`: a caseworker's system asks for the virtual dossier of one person.

use std::sync::Arc;

use actix_web::http::header::ACCEPT;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;
use kw_protocol::dossier::{Dossier, DossierPart, DossierRequest};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_requester::{DossierQuery, Listener};
use kw_runtime::{Body, Refusal};
use tokio::sync::mpsc;

use crate::app::{App, Own};
use crate::clients::Version;
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
        (status = 200, description = "One section per disclosed holder, whatever became of it. With `Accept: application/x-ndjson` each part is a line (`DossierPart`), as it comes.", body = Dossier),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`actor-unproven`, `denied`", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`budget-exhausted`, `too-many`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn assemble(
    own: Own,
    request: HttpRequest,
    body: Body<DossierRequest>,
) -> Result<HttpResponse, Refusal> {
    let question = question(&own.0, &body.0)?;
    own.0.require_actor(&question.actor).await?;
    let clients = own.0.services()?;
    if wants_lines(&request) {
        return Ok(as_it_comes(own, question, clients));
    }
    Ok(HttpResponse::Ok().json(whole(&own.0, &question, &clients, &|_| ()).await?))
}

fn wants_lines(request: &HttpRequest) -> bool {
    request.headers().get(ACCEPT).is_some_and(|accepted| accepted.as_bytes() == NDJSON.as_bytes())
}

/// Tells each part as it comes. Whoever stops listening stops nothing: what was asked is answered and recorded.
fn as_it_comes(own: Own, question: DossierQuery, clients: Arc<Version>) -> HttpResponse {
    let (parts, told) = mpsc::unbounded_channel();
    actix_web::rt::spawn(async move {
        let told = parts.clone();
        // A listener that has gone hears nothing.
        let listener = move |part: DossierPart| drop(told.send(part));
        let last = match whole(&own.0, &question, &clients, &listener).await {
            Ok(dossier) => DossierPart::Dossier { dossier: Box::new(dossier) },
            Err(refusal) => DossierPart::Problem { problem: refusal.to_problem() },
        };
        drop(parts.send(last));
    });
    let lines = stream::unfold(told, |mut told| async {
        let part = told.recv().await?;
        let line = serde_json::to_vec(&part).map(|mut line| {
            line.push(b'\n');
            Bytes::from(line)
        });
        Some((line, told))
    });
    HttpResponse::Ok().content_type(NDJSON).streaming(lines)
}

async fn whole(
    app: &App,
    question: &DossierQuery,
    clients: &Version,
    listener: Listener<'_>,
) -> Result<Dossier, Refusal> {
    let asked = clients.requester.dossier_told(question, listener).await;
    let mut dossier = asked.map_err(|error| refusals::of_request(&error))?;
    sent_feedback::mark_open(app, &question.subject, &mut dossier).await.map_err(Refusal::fault)?;
    Ok(dossier)
}

const NDJSON: &str = "application/x-ndjson";

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

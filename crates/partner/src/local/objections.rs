//! `POST /v1/objections…`: the partner's own systems pass a person's objection on, or decide on one to their own
//! registration.

use actix_web::HttpResponse;
use actix_web::web::Path;
use kw_domain::ObjectionId;
use kw_ledger::{Event, RecordedActor};
use kw_protocol::local::choices::{ObjectionDecisionRequest, ObjectionRequest, ObjectionSearchRequest};
use kw_protocol::objection::{DecideObjection, Objection, Objections, SearchObjections, SubmitObjection};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Refusal, Trace};

use super::consents::{declaration, note};
use crate::app::Own;
use crate::elements::{element, subject};
use crate::refusals;

/// Passes on that a person objects to being found at a holder.
#[utoipa::path(
    post,
    path = "/v1/objections",
    operation_id = "submitObjection",
    tag = "local",
    security(("token" = [])),
    request_body = ObjectionRequest,
    responses(
        (status = 201, description = "It waits for the holder's decision.", body = Objection),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`denied`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn submit(
    own: Own,
    trace: Trace,
    body: Body<ObjectionRequest>,
) -> Result<HttpResponse, Refusal> {
    let (app, request) = (&own.0, body.0);
    let person = subject(app, "/subject", &request.subject)?;
    let declared = declaration(app, &request.declared).await?;
    let (actor, categories) = (request.declared.actor.as_ref(), vec![request.category.clone()]);
    note(app, &trace, Event::ObjectionReceived, &person, actor, categories).await?;
    let objection = SubmitObjection {
        subject: element(app, &person).await?,
        holder: request.holder,
        category: request.category,
        declared,
        reason: request.reason,
    };
    let clients = app.services()?;
    let taken = clients.switchboard.submit_objection(&objection).await;
    let taken: Objection = taken.map_err(|error| refusals::of_client("switchboard", &error))?;
    Ok(HttpResponse::Created().json(taken))
}

/// Shows the objections to the own registrations, or those of one person.
#[utoipa::path(
    post,
    path = "/v1/objections/_search",
    operation_id = "searchObjections",
    tag = "local",
    security(("token" = [])),
    request_body = ObjectionSearchRequest,
    responses(
        (status = 200, description = "What there is, at most 100.", body = Objections),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`denied`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn search(
    own: Own,
    trace: Trace,
    body: Body<ObjectionSearchRequest>,
) -> Result<HttpResponse, Refusal> {
    let (app, request) = (&own.0, body.0);
    let mut search = SearchObjections { subject: None, decided: request.decided, after: request.after };
    if let Some(text) = &request.subject {
        let person = subject(app, "/subject", text)?;
        note(app, &trace, Event::ConsentsRead, &person, None, Vec::new()).await?;
        search.subject = Some(element(app, &person).await?);
    }
    let clients = app.services()?;
    let found = clients.switchboard.search_objections(&search).await;
    let found: Objections = found.map_err(|error| refusals::of_client("switchboard", &error))?;
    Ok(HttpResponse::Ok().json(found))
}

/// Decides on an objection to a registration of one's own.
#[utoipa::path(
    post,
    path = "/v1/objections/{id}/decision",
    operation_id = "decideObjection",
    tag = "local",
    security(("token" = [])),
    params(("id" = String, Path, description = "The objection")),
    request_body = ObjectionDecisionRequest,
    responses(
        (status = 200, description = "It is decided.", body = Objection),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: it was decided before", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn decide(
    own: Own,
    trace: Trace,
    id: Path<String>,
    body: Body<ObjectionDecisionRequest>,
) -> Result<HttpResponse, Refusal> {
    let (app, request) = (&own.0, body.0);
    let id = ObjectionId::parse(&id)
        .map_err(|_| Refusal::new(ProblemCode::NotFound, "There is no such objection. List them."))?;
    let mut record = app.new_record(Event::ObjectionDecided, &app.agreement.current(), &trace);
    record.actor = Some(RecordedActor {
        assurance: "asserted".to_owned(),
        id: request.actor.id.clone(),
        role: request.actor.role.clone(),
    });
    app.record(record).await?;
    let decision =
        DecideObjection { verdict: request.verdict, reasons: request.reasons, actor: request.actor };
    let clients = app.services()?;
    let decided = clients.switchboard.decide_objection(id, &decision).await;
    let decided: Objection = decided.map_err(|error| refusals::of_client("switchboard", &error))?;
    Ok(HttpResponse::Ok().json(decided))
}

//! `/v1/relations…`: a registrar's own systems declare that two people belong together. The numbers stay here; the
//! switchboard gets elements.

use actix_web::HttpResponse;
use actix_web::web::Path;
use kw_domain::RelationId;
use kw_ledger::Event;
use kw_protocol::matching::{
    DeclareRelation, EndRelation, LONGEST_KIND, Relation, RelationRequest, is_relation_kind,
};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Refusal, Trace};

use super::mandates::asking::{NO_ELEMENT, People, for_itself, person};
use crate::app::Own;

/// Declares that two people belong together.
#[utoipa::path(
    post, path = "/v1/relations", operation_id = "declareRelation", tag = "local", security(("token" = [])),
    request_body = RelationRequest,
    responses(
        (status = 200, description = "The relation, or the same one that was there.", body = Relation),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`denied`: not a registrar", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn declare(
    own: Own,
    trace: Trace,
    body: Body<RelationRequest>,
) -> Result<HttpResponse, Refusal> {
    let (app, asked) = (&own.0, body.0);
    let mut refusal = Refusal::new(ProblemCode::Invalid, "Correct the fields and send it again.");
    if !is_relation_kind(&asked.kind) {
        let expected = format!("expected at most {LONGEST_KIND} lower-case letters, digits and hyphens");
        refusal = refusal.field("/kind", expected);
    }
    let one = person(app, &asked.one, "/one", &mut refusal);
    let other = person(app, &asked.other, "/other", &mut refusal);
    let (Some(one), Some(other)) = (one, other) else { return Err(refusal) };
    refusal.if_any()?;
    app.require_staff(&asked.actor).await?;
    let mut record = app.new_record(Event::RelationDeclared, &app.agreement.current(), &trace);
    record.holders = Vec::new();
    let people = People { about: one.clone(), all: vec![one, other] };
    let declared = people
        .ask(app, record, |clients, elements| {
            let [one, other] = elements.try_into().map_err(|_| NO_ELEMENT)?;
            let (kind, actor) = (asked.kind.clone(), asked.actor.clone());
            let relation = DeclareRelation { one, other, kind, actor };
            Ok(async move { clients.declare_relation(&relation).await })
        })
        .await?;
    Ok(HttpResponse::Ok().json(declared))
}

/// Ends a relation that this organisation declared.
#[utoipa::path(
    post, path = "/v1/relations/{id}/_end", operation_id = "endRelation", tag = "local", security(("token" = [])),
    params(("id" = String, Path, description = "The relation")), request_body = EndRelation,
    responses(
        (status = 200, description = "It ended.", body = Relation),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn end(
    own: Own,
    trace: Trace,
    id: Path<RelationId>,
    body: Body<EndRelation>,
) -> Result<HttpResponse, Refusal> {
    let (app, id) = (&own.0, *id);
    app.require_staff(&body.0.actor).await?;
    let mut record = app.new_record(Event::RelationEnded, &app.agreement.current(), &trace);
    record.holders = Vec::new();
    let end = body.0;
    let ended = for_itself(app, record, |clients| async move { clients.end_relation(id, &end).await });
    Ok(HttpResponse::Ok().json(ended.await?))
}

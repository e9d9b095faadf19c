//! `POST /v1/relations/{id}/_end`: the registrar that declared a relation ends it.

use actix_web::web::{Data, Json, Path};
use kw_domain::RelationId;
use kw_ledger::Event;
use kw_protocol::matching::{EndRelation, Relation};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Party, Refusal, Trace};
use kw_store::Abort;

use super::{act_about_both, references};
use crate::app::{App, not_written, recorded_actor};
use crate::matches::{Moved, check_actor};
use crate::proving::require_signed_in;

/// Ends a relation. The family match that followed from it dissolves, unless another relation between the two is there.
/// Nothing of it is kept but the records.
#[utoipa::path(
    post, path = "/v1/relations/{id}/_end", tag = "relations", request_body = EndRelation,
    params(("id" = String, Path, description = "The relation")),
    responses(
        (status = 200, description = "It ended", body = Relation),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "The caller declared no such relation", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was done", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn end_relation(
    app: Data<App>,
    party: Party,
    trace: Trace,
    id: Path<String>,
    body: Body<EndRelation>,
) -> Result<Json<Relation>, Refusal> {
    let id = RelationId::parse(&id).map_err(|_| not_found())?;
    let (agreement, now, caller) = (app.agreement.current(), app.now(), party.oin);
    check_actor(&body.0.actor)?;
    require_signed_in(&app, &agreement, caller, &body.0.actor).await?;
    let mut record = app.record(&agreement, Event::RelationEnded, caller, Some(&trace));
    record.actor = Some(recorded_actor(&body.0.actor));
    let (settler, references) = (app.settler(&agreement), references(&app));
    let done = app
        .store
        .write("end_relation", move |tx| {
            // Whoever declared it may end it, also when it is no registrar any more.
            let found = tx.read().relation(id)?.filter(|relation| relation.registrar == caller);
            let relation = found.ok_or_else(|| Abort::Refused(not_found()))?;
            tx.write().delete_relation(id)?;
            let settled = settler.settle(tx, &Moved::changed([relation.one, relation.other]))?;
            tx.write().delete_orphans(&[relation.one, relation.other])?;
            let act = act_about_both::<Refusal>(&record, &relation, references)?;
            let told = Relation {
                id,
                kind: relation.kind.clone(),
                declared_at: relation.declared_at,
                ended_at: Some(now),
            };
            Ok((told, settled.onto(act)?))
        })
        .await
        .map_err(not_written)?;
    Ok(Json(done.value))
}

fn not_found() -> Refusal {
    Refusal::new(ProblemCode::NotFound, "Your organisation declared no such relation.")
}

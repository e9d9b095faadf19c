//! `GET /v1/objections/{id}`: one objection, where its signal points: its holder, who passed it on, or a data protection officer
//! who was told that its term has ended.

use actix_web::web::{Data, Json, Path};
use kw_domain::ObjectionId;
use kw_ledger::Event;
use kw_protocol::objection::Objection;
use kw_protocol::problem::Problem;
use kw_runtime::{Listener, Refusal, Trace};
use kw_store::Abort;
use kw_store::switchboard::consents::Warned;

use super::view::{meant, not_found, shown};
use super::watching::officers;
use crate::app::{App, act, not_written};

/// Reads an objection to a registration of the caller's own, with the pointers that it is about; without them, one that the caller
/// passed on, or that a data protection officer was told of.
#[utoipa::path(
    get, path = "/v1/objections/{id}", tag = "objections",
    params(("id" = String, Path, description = "The objection: `about` of its signal")),
    responses(
        (status = 200, description = "The objection as it is now", body = Objection),
        (status = 404, description = "Not one of yours", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was told", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn read_objection(
    app: Data<App>,
    reader: Listener,
    trace: Trace,
    id: Path<ObjectionId>,
) -> Result<Json<Objection>, Refusal> {
    let (id, reader, agreement) = (*id, reader.oin, app.agreement.current());
    let is_officer = officers(&agreement).contains(&reader);
    let mut record = app.record(&agreement, Event::ConsentsRead, reader, Some(&trace));
    record.count = Some(1);
    let done = app
        .store
        .write("read_objection", move |tx| {
            let found = tx.read().objection(id)?.filter(|one| {
                let was_told = is_officer && one.warned == Warned::Officer;
                was_told || [one.holder, one.received_by].contains(&reader)
            });
            let objection = found.ok_or_else(|| Abort::Refused(not_found()))?;
            let pointers = if objection.holder == reader {
                meant(tx.read(), &objection)?.into_iter().map(|pointer| pointer.id).collect()
            } else {
                Vec::new()
            };
            let mut record = record.clone();
            record.holders = vec![objection.holder];
            Ok((shown(objection, pointers), act(&record)?))
        })
        .await
        .map_err(not_written)?;
    Ok(Json(done.value))
}

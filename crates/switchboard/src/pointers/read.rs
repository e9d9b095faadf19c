//! `GET /v1/pointers/{id}`: a partner looks at one of its own pointers.

use actix_web::web::{Data, Json, Path};
use kw_ledger::Event;
use kw_protocol::pointer::Pointer;
use kw_protocol::problem::Problem;
use kw_runtime::{Refusal, Registering, Trace};
use kw_store::Abort;

use super::view::{not_found, pointer_id, shown};
use crate::app::{App, act, act_about, not_written};

/// Reads one of the caller's own pointers. Another's looks like none.
#[utoipa::path(
    get, path = "/v1/pointers/{id}", tag = "pointers", params(("id" = String, Path, description = "The pointer")),
    responses(
        (status = 200, description = "The pointer", body = Pointer),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not one of yours", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn read_pointer(
    app: Data<App>,
    party: Registering,
    trace: Trace,
    id: Path<String>,
) -> Result<Json<Pointer>, Refusal> {
    let id = pointer_id(&id)?;
    let (agreement, keyring, holder) = (app.agreement.current(), app.keyring.load_full(), party.oin);
    let record = app.record(&agreement, Event::PointerRead, &party.0, Some(&trace));
    let reference = app.reference();
    let done = app
        .store
        .write("read_pointer", move |tx| {
            let pointer = tx.read().pointer(holder, id)?.ok_or_else(|| Abort::Refused(not_found()))?;
            let mut record = record.clone();
            record.categories = vec![pointer.category.clone()];
            let act = match pointer.subject {
                Some(subject) => act_about(record, subject, reference)?,
                None => act(&record)?,
            };
            Ok((pointer, act))
        })
        .await
        .map_err(not_written)?;
    Ok(Json(shown(&keyring.keys, &done.value)?))
}

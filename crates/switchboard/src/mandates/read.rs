//! `GET /v1/mandates/{id}`: a registrar looks at a mandate that it registered.

use actix_web::web::{Data, Json, Path};
use kw_ledger::Event;
use kw_protocol::mandate::Mandate;
use kw_protocol::problem::Problem;
use kw_runtime::{Party, Refusal, Trace};
use kw_store::Abort;

use super::recording::{References, act_about_sides, describe};
use super::view::{mandate_id, not_found, shown};
use crate::app::{App, not_written};

/// Reads one of the caller's own mandates. Another's looks like none.
#[utoipa::path(
    get, path = "/v1/mandates/{id}", tag = "mandates", params(("id" = String, Path, description = "The mandate")),
    responses(
        (status = 200, description = "The mandate", body = Mandate),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not one of yours", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn read_mandate(
    app: Data<App>,
    party: Party,
    trace: Trace,
    id: Path<String>,
) -> Result<Json<Mandate>, Refusal> {
    let (id, agreement, registrar) = (mandate_id(&id)?, app.agreement.current(), party.oin);
    let record = app.record(&agreement, Event::MandatesRead, registrar, Some(&trace));
    let references = References::draw(&app);
    let done = app
        .store
        .write("read_mandate", move |tx| {
            let mandate = tx
                .read()
                .mandate(id)?
                .filter(|mandate| mandate.registrar == registrar)
                .ok_or_else(|| Abort::Refused(not_found()))?;
            let mut record = record.clone();
            describe(&mut record, &mandate);
            record.count = Some(1);
            Ok((shown(&mandate), act_about_sides(record, references.of(&mandate))?))
        })
        .await
        .map_err(not_written)?;
    Ok(Json(done.value))
}

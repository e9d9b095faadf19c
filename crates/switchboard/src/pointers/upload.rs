//! `GET /v1/bulk-uploads/{id}`: a partner whose upload broke off asks where to go on.

use actix_web::web::{Data, Json, Path};
use kw_domain::BatchId;
use kw_protocol::pointer::UploadProgress;
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Refusal, Registering};

use crate::app::{App, not_read};

/// How many lines of the caller's own upload are committed. An upload that never began has none.
#[utoipa::path(
    get, path = "/v1/bulk-uploads/{id}", tag = "pointers",
    params(("id" = String, Path, description = "The Upload-Id")),
    responses(
        (status = 200, description = "The progress", body = UploadProgress),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not an upload id", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn read_upload(
    app: Data<App>,
    party: Registering,
    id: Path<String>,
) -> Result<Json<UploadProgress>, Refusal> {
    let upload = BatchId::parse(&id).map_err(|_| {
        Refusal::new(ProblemCode::NotFound, "An upload id is a UUID of version 7, drawn by you.")
    })?;
    let holder = party.oin;
    let committed_lines =
        app.store.read(move |index| index.upload_lines(holder, upload)).await.map_err(not_read)?;
    Ok(Json(UploadProgress { committed_lines }))
}

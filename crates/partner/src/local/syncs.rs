//! `POST /v1/syncs`: an operator does not wait for the next run.

use actix_web::HttpResponse;
use kw_adapter::sync::{SyncError, SyncOptions};
use kw_protocol::local::{SyncReport, SyncRequest};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Refusal};

use crate::app::{App, Own};

/// Brings the index in line with the sources, and answers when that is done.
#[utoipa::path(
    post,
    path = "/v1/syncs",
    operation_id = "synchronise",
    tag = "local",
    security(("token" = [])),
    request_body = SyncRequest,
    responses(
        (status = 200, description = "What was done, and what stayed behind.", body = SyncReport),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn synchronise(own: Own, body: Body<SyncRequest>) -> Result<HttpResponse, Refusal> {
    let SyncRequest { sources, full, confirm_shrink, reconcile, administrative } = body.0;
    let mut refusal = Refusal::new(ProblemCode::Invalid, "Name sources of the configuration.");
    for (position, source) in sources.iter().enumerate() {
        if !own.0.sources.contains_key(source) {
            refusal = refusal.field(format!("/sources/{position}"), "no such source is configured");
        }
    }
    refusal.if_any()?;
    let options = SyncOptions { sources, full, confirm_shrink, reconcile, administrative };
    let report = run(&own.0, options).await?;
    Ok(HttpResponse::Ok().json(report))
}

/// One run, to its end: a caller that goes away does not cut it off.
pub(super) async fn run(app: &App, options: SyncOptions) -> Result<SyncReport, Refusal> {
    let synchroniser = std::sync::Arc::clone(&app.synchroniser);
    let run = tokio::spawn(async move { synchroniser.run_once(&options, &|_| {}).await });
    run.await.map_err(|_| Refusal::fault("a run was cut off"))?.map_err(|error| unfinished(&error))
}

/// Why a run was not finished.
pub(super) fn unfinished(error: &SyncError) -> Refusal {
    Refusal::new(ProblemCode::Unavailable, format!("The run was not finished: {error}. Try again."))
}

//! `POST /v1/pulls`: called by a requester that holds a grant, over mutual TLS.

use actix_web::web::{self, Data, Json, ServiceConfig};
use kw_protocol::problem::Problem;
use kw_protocol::pull::{Pull, Pulled};
use kw_runtime::http::BodyLimit;
use kw_runtime::{Asking, Body, Refusal, Trace};

use super::{Caller, Pulls};

/// The largest body of a pull in bytes: a grant, an actor and a handful of proofs.
pub const BODY_LIMIT: usize = 32 * 1024;

/// Adds the route. The application's data must hold `Data<Pulls>` and what [`Asking`] needs.
pub fn configure(config: &mut ServiceConfig) {
    config.service(web::resource("/v1/pulls").app_data(BodyLimit(BODY_LIMIT)).route(web::post().to(pull)));
}

/// Delivers one document under one grant.
#[utoipa::path(
    post,
    path = "/v1/pulls",
    tag = "pulls",
    request_body = Pull,
    responses(
        (status = 200, description = "The document, or nothing any more.", body = Pulled),
        (status = 400, description = "`invalid`", body = Problem),
        (status = 401, description = "`certificate-refused`", body = Problem),
        (status = 403, description = "`party-unknown`, `grant-refused`, `grant-expired`, `actor-mismatch`, `actor-unproven`, `denied`, `subject-mismatch`, `birth-date-mismatch`, `birth-date-required`, `birth-date-unknown`", body = Problem),
        (status = 409, description = "`grant-reused`", body = Problem),
        (status = 413, description = "`too-large`", body = Problem),
        (status = 415, description = "`unsupported-media-type`", body = Problem),
        (status = 500, description = "`fault`", body = Problem),
        (status = 502, description = "`document-malformed`", body = Problem),
        (status = 503, description = "`source-unavailable`, `unavailable`", body = Problem),
    )
)]
pub async fn pull(
    party: Asking,
    trace: Trace,
    pulls: Data<Pulls>,
    body: Body<Pull>,
) -> Result<Json<Pulled>, Refusal> {
    let caller = Caller {
        supplier: party.supplier,
        oin: party.oin,
        certificate_sha256: party.certificate_sha256,
        trace: Some(trace.trace_id()),
    };
    pulls.answer(&caller, &body.0).await.map(Json)
}

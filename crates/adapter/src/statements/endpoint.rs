//! Called by a partner that gathers an access report, over mutual TLS.

use actix_web::web::{self, Data, Json, ServiceConfig};
use kw_protocol::access_report::{Statement, StatementRequest};
use kw_protocol::problem::Problem;
use kw_runtime::http::BodyLimit;
use kw_runtime::{Body, Party, Refusal, Trace};

use crate::pulls::{Caller, Pulls};

/// The largest body in bytes: a grant, proofs, and twenty thousand transactions of about forty bytes.
const BODY_LIMIT: usize = 1024 * 1024;

/// Adds the route. The application's data must hold `Data<Pulls>` and what [`Party`] needs.
pub fn configure(config: &mut ServiceConfig) {
    config.service(
        web::resource("/v1/access-statements").app_data(BodyLimit(BODY_LIMIT)).route(web::post().to(state)),
    );
}

/// Tells what this party's own log says about one person, under one grant.
#[utoipa::path(
    post,
    path = "/v1/access-statements",
    tag = "access-statements",
    request_body = StatementRequest,
    responses(
        (status = 200, description = "What the person may be told.", body = Statement),
        (status = 400, description = "`invalid`", body = Problem),
        (status = 401, description = "`certificate-refused`", body = Problem),
        (status = 403, description = "`party-unknown`, `grant-refused`, `grant-expired`, `actor-mismatch`, `actor-unproven`, `denied`, `subject-mismatch`, `birth-date-mismatch`, `birth-date-unknown`", body = Problem),
        (status = 409, description = "`grant-reused`", body = Problem),
        (status = 413, description = "`too-large`: the body, or what would be told", body = Problem),
        (status = 415, description = "`unsupported-media-type`", body = Problem),
        (status = 500, description = "`fault`", body = Problem),
        (status = 503, description = "`source-unavailable`, `unavailable`", body = Problem),
    )
)]
pub async fn state(
    party: Party,
    trace: Trace,
    pulls: Data<Pulls>,
    body: Body<StatementRequest>,
) -> Result<Json<Statement>, Refusal> {
    let caller = Caller {
        supplier: None,
        oin: party.oin,
        certificate_sha256: party.certificate_sha256,
        trace: Some(trace.trace_id()),
    };
    super::answer(&pulls, &caller, &body.0).await.map(Json)
}

//! What answers when no handler does: unknown paths, and what actix's own extractors refuse.

use actix_web::error::{JsonPayloadError, PathError, QueryPayloadError};
use actix_web::web::{self, JsonConfig, PathConfig, PayloadConfig, QueryConfig, ServiceConfig};
use kw_protocol::problem::ProblemCode;

use super::body::{BodyLimit, too_large};
use crate::problem::Refusal;

pub(super) fn configure(config: &mut ServiceConfig, limit: usize) {
    config
        .app_data(BodyLimit(limit))
        .app_data(PayloadConfig::new(limit))
        .app_data(
            JsonConfig::default().limit(limit).error_handler(move |error, _| json(&error, limit).into()),
        )
        .app_data(QueryConfig::default().error_handler(|error, _| query(&error).into()))
        .app_data(PathConfig::default().error_handler(|error, _| path(&error).into()))
        .default_service(web::to(not_found));
}

/// A trailing slash is another path, and no path that we have (NL API Design Rules).
async fn not_found() -> Result<String, Refusal> {
    Err(Refusal::new(
        ProblemCode::NotFound,
        "There is nothing here. Paths are in /v1/openapi.json and never end in a slash.",
    ))
}

fn json(error: &JsonPayloadError, limit: usize) -> Refusal {
    match error {
        JsonPayloadError::ContentType => {
            Refusal::new(ProblemCode::UnsupportedMediaType, "Send the body as application/json.")
        }
        JsonPayloadError::Overflow { .. } | JsonPayloadError::OverflowKnownLength { .. } => too_large(limit),
        _ => Refusal::new(ProblemCode::Invalid, "The body does not fit. See the API description."),
    }
}

fn query(error: &QueryPayloadError) -> Refusal {
    let refusal = Refusal::new(ProblemCode::Invalid, "The query does not fit. See the API description.");
    // serde_urlencoded's own texts quote the value, except where a parameter is missing.
    let text = error.to_string();
    match text.rsplit_once("missing field `").and_then(|(_, name)| name.strip_suffix('`')) {
        Some(name) => refusal.field(name, "this parameter is required"),
        None => refusal,
    }
}

/// What cannot be an identifier identifies nothing.
fn path(_: &PathError) -> Refusal {
    Refusal::new(ProblemCode::NotFound, "There is nothing here.")
}

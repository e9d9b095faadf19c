//! `GET /v1/openapi.json`: the description of this API.

use actix_web::HttpResponse;

/// The OpenAPI document, for everybody and every origin (NL API Design Rules).
pub(crate) async fn read_openapi() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header(("Cache-Control", "public, max-age=300"))
        .insert_header(("Access-Control-Allow-Origin", "*"))
        .body(crate::openapi::document())
}

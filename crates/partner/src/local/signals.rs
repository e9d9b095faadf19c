//! `GET /v1/signals`: the partner's own systems, the desk for one, hear what the partner was told.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::Query;
use kw_protocol::problem::{Problem, ProblemCode};
use kw_protocol::signal::{PAGE, SignalPage, SignalsAsked};
use kw_runtime::Refusal;

use crate::app::Own;

/// Reads what the partner was told, oldest first, from the newest part of its feed. Whoever asks with `wait` is answered as
/// soon as there is something.
#[utoipa::path(
    get,
    path = "/v1/signals",
    operation_id = "readSignals",
    tag = "local",
    security(("token" = [])),
    params(
        ("after" = Option<String>, Query, description = "What an earlier page gave as `cursor`, or `now`; from the oldest that is kept without it"),
        ("limit" = Option<u32>, Query, description = "At most so many, 1 to 500; 100 without it"),
        ("wait" = Option<u32>, Query, description = "Wait at most so many seconds for the next signal, 0 to 25; 0 without it"),
    ),
    responses(
        (status = 200, description = "One page", body = SignalPage),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn read(own: Own, asked: Query<SignalsAsked>) -> Result<HttpResponse, Refusal> {
    let mut refusal = Refusal::new(ProblemCode::Invalid, "The page cannot be given.");
    for (parameter, expected) in asked.mistakes() {
        refusal = refusal.field(parameter, expected);
    }
    refusal.if_any()?;
    let (app, limit) = (&own.0, asked.limit.unwrap_or(PAGE) as usize);
    let mut page = app.feed.page(asked.after.as_deref(), limit);
    let wait = asked.wait.unwrap_or_default();
    if page.signals.is_empty() && wait > 0 {
        tokio::select! {
            () = app.feed.beyond(&page.cursor) => {}
            () = tokio::time::sleep(Duration::from_secs(wait.into())) => {}
            () = app.traffic.ending() => {}
        }
        page = app.feed.page(Some(&page.cursor), limit);
    }
    Ok(HttpResponse::Ok().json(page))
}

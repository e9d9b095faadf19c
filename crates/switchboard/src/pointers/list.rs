//! `GET /v1/pointers`: a partner lists its own pointers, page by page.

use actix_web::web::{Data, Json, Query};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_domain::PointerId;
use kw_ledger::Event;
use kw_protocol::pointer::PointerPage;
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Refusal, Registering, Trace};
use serde::Deserialize;

use super::view::shown;
use crate::app::{App, act, not_written};

const PAGE: u32 = 100;
const LARGEST_PAGE: u32 = 1_000;

/// Which page.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    /// What the previous page gave as `nextCursor`.
    cursor: Option<String>,
    /// At most so many, 1 to 1000; 100 without it.
    limit: Option<u32>,
}

/// Lists the caller's own pointers in the order of their registration, tombstones included.
#[utoipa::path(
    get, path = "/v1/pointers", tag = "pointers", params(Page),
    responses(
        (status = 200, description = "One page", body = PointerPage),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list_pointers(
    app: Data<App>,
    party: Registering,
    trace: Trace,
    page: Query<Page>,
) -> Result<Json<PointerPage>, Refusal> {
    let limit = page.limit.unwrap_or(PAGE);
    let mut refusal = Refusal::new(ProblemCode::Invalid, "The page cannot be given.");
    if !(1..=LARGEST_PAGE).contains(&limit) {
        refusal = refusal.field("limit", format!("expected 1 to {LARGEST_PAGE}"));
    }
    let after = page.cursor.as_deref().map(parse_cursor);
    if after == Some(None) {
        refusal = refusal.field("cursor", "expected the nextCursor of an earlier page");
    }
    refusal.if_any()?;
    let (agreement, keyring, holder) = (app.agreement.current(), app.keyring.load_full(), party.oin);
    let mut record = app.record(&agreement, Event::PointerRead, &party.0, Some(&trace));
    let done = app
        .store
        .write("list_pointers", move |tx| {
            let found = tx.read().pointers_of(holder, after.flatten(), limit)?;
            record.count = Some(found.len() as u64);
            Ok((found, act(&record)?))
        })
        .await
        .map_err(not_written)?;
    let full = done.value.len() == limit as usize;
    let next_cursor = done.value.last().filter(|_| full).map(|last| cursor(last.id));
    let pointers =
        done.value.iter().map(|pointer| shown(&keyring.keys, pointer)).collect::<Result<_, _>>()?;
    Ok(Json(PointerPage { pointers, next_cursor }))
}

fn cursor(id: PointerId) -> String {
    URL_SAFE_NO_PAD.encode(id.as_bytes())
}

fn parse_cursor(text: &str) -> Option<PointerId> {
    let mut bytes = [0; 16];
    match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
        Ok(16) => Some(PointerId::from_bytes(bytes)),
        _ => None,
    }
}

//! `GET /v1/matches`: a holder reads its own matches, a coordinator everybody's.

use actix_web::web::{Data, Json, Query};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_agreement::Agreement;
use kw_domain::MatchId;
use kw_ledger::Event;
use kw_protocol::matching::{LARGEST_PAGE, MatchPage, MatchesAsked, PAGE};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Party, Refusal, Trace};
use kw_store::switchboard::matches::MatchFilter;

use super::note_told;
use super::view::{eye, of_reader, shown, subjects};
use crate::app::{App, act, not_written};

/// Lists matches, newest first. A holder sees those in which it has, or had, part; a coordinator sees all. Recorded before it
/// is answered.
#[utoipa::path(
    get, path = "/v1/matches", tag = "matches",
    params(
        ("state" = Option<String>, Query, description = "In this state only: arisen, notified, in-contact, coordinated or lapsed"),
        ("live" = Option<bool>, Query, description = "Only those that are live, or only those that ended"),
        ("cursor" = Option<String>, Query, description = "What the page before gave as `nextCursor`"),
        ("limit" = Option<u32>, Query, description = "At most so many, 1 to 200; 50 without it"),
    ),
    responses(
        (status = 200, description = "One page", body = MatchPage),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was read", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list_matches(
    app: Data<App>,
    party: Party,
    trace: Trace,
    asked: Query<MatchesAsked>,
) -> Result<Json<MatchPage>, Refusal> {
    let (agreement, reader, now) = (app.agreement.current(), party.oin, app.now());
    let limit = asked.limit.unwrap_or(PAGE);
    let filter = understood(&agreement, &party, &asked, limit)?;
    let record = app.record(&agreement, Event::MatchesRead, reader, Some(&trace));
    let done = app
        .store
        .write("list_matches", move |tx| {
            let found = tx.read().found_matches(&filter, limit)?;
            let told: Vec<MatchId> = found.iter().map(|one| one.id).collect();
            note_told(tx, reader, &told, now)?;
            let live = tx.read().live_pointers_of(&subjects(&found), now)?;
            let mut record = record.clone();
            record.count = Some(found.len() as u64);
            Ok(((found, live), act(&record)?))
        })
        .await
        .map_err(not_written)?;
    let (found, live) = done.value;
    let own = of_reader(reader, live);
    let full = found.len() == limit as usize;
    let next_cursor = found.last().filter(|_| full).map(|last| URL_SAFE_NO_PAD.encode(last.id.as_bytes()));
    let matches = found
        .iter()
        .filter_map(|one| Some(shown(&agreement, one, reader, eye(&agreement, one, reader)?, &own)))
        .collect();
    Ok(Json(MatchPage { matches, next_cursor }))
}

fn understood(
    agreement: &Agreement,
    party: &Party,
    asked: &MatchesAsked,
    limit: u32,
) -> Result<MatchFilter, Refusal> {
    let mut refusal = Refusal::new(ProblemCode::Invalid, "The page cannot be given.");
    if !(1..=LARGEST_PAGE).contains(&limit) {
        refusal = refusal.field("limit", format!("expected 1 to {LARGEST_PAGE}"));
    }
    let before = asked.cursor.as_deref().map(parse_cursor);
    if before == Some(None) {
        refusal = refusal.field("cursor", "expected the nextCursor of an earlier page");
    }
    refusal.if_any()?;
    let oversees = agreement.matching().coordinators.contains(&party.oin);
    Ok(MatchFilter {
        holder: (!oversees).then_some(party.oin),
        state: asked.state,
        live: asked.live,
        before: before.flatten(),
    })
}

fn parse_cursor(text: &str) -> Option<MatchId> {
    let mut bytes = [0; 16];
    match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
        Ok(16) => Some(MatchId::from_bytes(bytes)),
        _ => None,
    }
}

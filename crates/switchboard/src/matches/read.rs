//! `GET /v1/matches/{id}`: what a signal about a match leads to.

use actix_web::web::{Data, Json, Path};
use kw_ledger::Event;
use kw_protocol::matching::Match;
use kw_protocol::problem::Problem;
use kw_runtime::{Member, Membership, Refusal, Trace};
use kw_store::Abort;

use super::note_told;
use super::view::{Eye, eye, match_id, not_found, of_reader, shown, subjects};
use crate::app::{App, act, not_written};

/// Reads one match: for its holders and the coordinators, and for auditors to whom it was escalated. Recorded before it is
/// answered.
#[utoipa::path(
    get, path = "/v1/matches/{id}", tag = "matches",
    params(("id" = String, Path, description = "The match: `about` of its signals")),
    responses(
        (status = 200, description = "The match", body = Match),
        (status = 404, description = "There is no such match, or the caller has no part in it", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was read", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn read_match(
    app: Data<App>,
    member: Member,
    trace: Trace,
    id: Path<String>,
) -> Result<Json<Match>, Refusal> {
    let (id, agreement, now, reader) = (match_id(&id)?, app.agreement.current(), app.now(), member.oin);
    let mut record = app.record(&agreement, Event::MatchesRead, reader, Some(&trace));
    record.count = Some(1);
    let rules = agreement.clone();
    let done = app
        .store
        .write("read_match", move |tx| {
            let found = tx.read().found_match(id)?;
            let seen = match (&found, member.membership) {
                (Some(one), Membership::Partner) => eye(&rules, one, reader),
                (Some(_), Membership::Auditor) => {
                    tx.read().was_told(reader, id.as_bytes())?.then_some(Eye::Overseer)
                }
                _ => None,
            };
            let (Some(one), Some(eye)) = (found, seen) else {
                return Err(Abort::Refused(not_found()));
            };
            note_told(tx, reader, &[id], now)?;
            // As it is after it was noted.
            let one = tx.read().found_match(id)?.unwrap_or(one);
            let live = tx.read().live_pointers_of(&subjects(std::slice::from_ref(&one)), now)?;
            Ok(((one, eye, live), act(&record)?))
        })
        .await
        .map_err(not_written)?;
    let (one, eye, live) = done.value;
    Ok(Json(shown(&agreement, &one, reader, eye, &of_reader(reader, live))))
}

//! `POST /v1/matches/{id}/_contact` and `/_coordinated`: a holder says that the holders speak to each other, a coordinator
//! that help is coordinated.

use std::collections::BTreeSet;

use actix_web::web::{Data, Json, Path};
use kw_agreement::Agreement;
use kw_domain::{Instant, Oin};
use kw_ledger::Event;
use kw_protocol::matching::{FollowUp, Match};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_protocol::signal::SignalType;
use kw_runtime::{Body, Party, Refusal, Trace};
use kw_store::Abort;
use kw_store::switchboard::NewSignal;
use kw_store::switchboard::matches::StoredMatch;

use super::rules::state_of;
use super::settling::{Settled, records};
use super::view::{check_actor, eye, match_id, not_found, of_reader, shown, subjects};
use crate::app::{App, act, not_written, recorded_actor};
use crate::proving::require_signed_in;

/// A holder of the match says that the holders are in contact. Told to the others and the coordinators.
#[utoipa::path(
    post, path = "/v1/matches/{id}/_contact", tag = "matches", request_body = FollowUp,
    params(("id" = String, Path, description = "The match")),
    responses(
        (status = 200, description = "The match", body = Match),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not a holder of it", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such match, or the caller has no part in it", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It ended", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was done", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn say_contact(
    app: Data<App>,
    party: Party,
    trace: Trace,
    id: Path<String>,
    body: Body<FollowUp>,
) -> Result<Json<Match>, Refusal> {
    follow(&app, &party, &trace, &id, &body.0, Said::Contact).await
}

/// A coordinator says that help is coordinated, after the holders made contact. Told to the holders and the other
/// coordinators.
#[utoipa::path(
    post, path = "/v1/matches/{id}/_coordinated", tag = "matches", request_body = FollowUp,
    params(("id" = String, Path, description = "The match")),
    responses(
        (status = 200, description = "The match", body = Match),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not a coordinator of the chain", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such match, or the caller has no part in it", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It ended, or the holders made no contact yet", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was done", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn say_coordinated(
    app: Data<App>,
    party: Party,
    trace: Trace,
    id: Path<String>,
    body: Body<FollowUp>,
) -> Result<Json<Match>, Refusal> {
    follow(&app, &party, &trace, &id, &body.0, Said::Coordinated).await
}

/// What somebody says of a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Contact,
    Coordinated,
}

async fn follow(
    app: &App,
    party: &Party,
    trace: &Trace,
    id: &str,
    given: &FollowUp,
    said: Said,
) -> Result<Json<Match>, Refusal> {
    let (id, agreement, now, reader) = (match_id(id)?, app.agreement.current(), app.now(), party.oin);
    check_actor(&given.actor)?;
    require_signed_in(app, &agreement, reader, &given.actor).await?;
    let mut record = app.record(&agreement, Event::MatchChanged, reader, Some(trace));
    record.actor = Some(recorded_actor(&given.actor));
    let (rules, entropy) = (agreement.clone(), app.entropy.clone());
    let done = app
        .store
        .write("follow_match", move |tx| {
            let found = tx.read().found_match(id)?;
            let Some(one) = found.filter(|one| eye(&rules, one, reader).is_some()) else {
                return Err(Abort::Refused(not_found()));
            };
            let next = match next(&rules, &one, reader, said, now) {
                Ok(next) => next,
                // Who tries what they may not leaves a record too.
                Err((why, refusal)) => return Ok((Err(refusal), act(&record.clone().denied(why))?)),
            };
            if next != one {
                tx.write().update_match(&next)?;
                let holders = next.present().map(|holder| holder.holder);
                let told: BTreeSet<Oin> =
                    holders.chain(rules.matching().coordinators.iter().copied()).collect();
                let signals: Vec<NewSignal> = told
                    .into_iter()
                    .filter(|recipient| *recipient != reader)
                    .map(|recipient| NewSignal {
                        id: entropy.id(now),
                        recipient,
                        kind: SignalType::MatchChanged,
                        about: *id.as_bytes(),
                        at: now,
                    })
                    .collect();
                tx.write().emit(&signals)?;
            }
            let mut record = record.clone();
            record.holders = next.present().map(|holder| holder.holder).collect();
            record.count = Some(record.holders.len() as u64);
            let settled = match next.about {
                Some(about) => Settled::of(records(&rules, &entropy, &record, about, &next, None)),
                None => Settled::default(),
            };
            let live = tx.read().live_pointers_of(&subjects(std::slice::from_ref(&next)), now)?;
            Ok((Ok((next, live)), settled.into_act(&record)?))
        })
        .await
        .map_err(not_written)?;
    let (one, live) = done.value?;
    let eye = eye(&agreement, &one, reader).ok_or_else(not_found)?;
    Ok(Json(shown(&agreement, &one, reader, eye, &of_reader(reader, live))))
}

/// The match after somebody said something of it, or why they may not.
fn next(
    agreement: &Agreement,
    one: &StoredMatch,
    party: Oin,
    said: Said,
    now: Instant,
) -> Result<StoredMatch, (&'static str, Refusal)> {
    let refused = |why, code, detail| Err((why, Refusal::new(code, detail)));
    let holds = one.present().any(|holder| holder.holder == party);
    let coordinates = agreement.matching().coordinators.contains(&party);
    match said {
        Said::Contact if !holds => {
            let detail = "Only a holder of the match says that the holders are in contact.";
            return refused("not-a-holder", ProblemCode::Denied, detail);
        }
        Said::Coordinated if !coordinates => {
            let detail = "Only a coordinator of the chain says that help is coordinated.";
            return refused("not-a-coordinator", ProblemCode::Denied, detail);
        }
        _ => {}
    }
    if one.ended_at.is_some() {
        let detail = "The match dissolved: fewer than two organisations hold something still.";
        return refused("match-ended", ProblemCode::Conflict, detail);
    }
    let mut next = one.clone();
    match said {
        Said::Contact => {
            let repeated = one.contacted_at.is_some();
            next.contacted_at = one.contacted_at.or(Some(now));
            for holder in next.holders.iter_mut().filter(|holder| holder.holder == party) {
                if !repeated || holder.contacted_at.is_none() {
                    holder.contacted_at = Some(now);
                }
            }
        }
        Said::Coordinated if one.contacted_at.is_none() => {
            let detail = "No holder said yet that they are in contact.";
            return refused("no-contact-yet", ProblemCode::Conflict, detail);
        }
        Said::Coordinated => next.coordinated_at = one.coordinated_at.or(Some(now)),
    }
    next.state = state_of(&next);
    Ok(next)
}

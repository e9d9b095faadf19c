//! `GET /v1/subscriptions/{id}/dead-letters`, `POST /v1/subscriptions/{id}/_replay`: what could not be delivered.

use actix_web::web::{Data, Json, Path, Query};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_protocol::subscription::{
    DeadLetter, DeadLetters, DeadLettersAsked, LARGEST_PAGE, PAGE, ReplayDeadLetters, Replaying,
};
use kw_runtime::{Body, Member, Refusal, Trace};
use kw_store::Abort;
use kw_store::switchboard::{StoredDeadLetter, StoredSignal};

use super::{changed, ended, not_found, own, subscriber, subscription_id};
use crate::app::{App, act, not_read, not_written};
use crate::signals;

/// Lists what was given up, in the order of the feed. The signals can be read there too, as long as they are kept.
#[utoipa::path(
    get, path = "/v1/subscriptions/{id}/dead-letters", tag = "subscriptions",
    params(
        ("id" = String, Path, description = "The subscription"),
        ("after" = Option<String>, Query, description = "Only those with a later sequence: what an earlier page gave as `nextAfter`"),
        ("limit" = Option<u32>, Query, description = "At most so many, 1 to 500; 100 without it"),
    ),
    responses(
        (status = 200, description = "One page", body = DeadLetters),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not one of yours", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list_dead_letters(
    app: Data<App>,
    member: Member,
    id: Path<String>,
    asked: Query<DeadLettersAsked>,
) -> Result<Json<DeadLetters>, Refusal> {
    let (party, id) = (subscriber(&member)?, subscription_id(&id)?);
    let mut refusal = Refusal::new(ProblemCode::Invalid, "The page cannot be given.");
    let after = asked.after.as_deref().map_or(Some(0), |text| text.parse().ok());
    if after.is_none() {
        refusal = refusal.field("after", "expected a sequence");
    }
    let limit = asked.limit.unwrap_or(PAGE);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        refusal = refusal.field("limit", format!("expected 1 to {LARGEST_PAGE}"));
    }
    refusal.if_any()?;
    let after = after.unwrap_or_default();
    let found = app
        .store
        .read(move |index| {
            if own(index, party, id)?.is_none() {
                return Ok(None);
            }
            let mut letters = Vec::new();
            for letter in index.dead_letters(id, after, false, limit)? {
                let next = index.signals_after(party, letter.number.saturating_sub(1), 1)?;
                let signal = next.into_iter().find(|stored| stored.number == letter.number);
                letters.push((letter, signal));
            }
            Ok(Some(letters))
        })
        .await
        .map_err(not_read)?
        .ok_or_else(not_found)?;
    let full = found.len() == limit as usize;
    let next_after = found.last().filter(|_| full).map(|(last, _)| last.number.to_string());
    let dead_letters = found.into_iter().map(|(letter, signal)| shown(&app, letter, signal)).collect();
    Ok(Json(DeadLetters { dead_letters, next_after }))
}

/// Has one dead letter tried once more, or all. What fails again stays one. They come after newer signals, under the same id.
#[utoipa::path(
    post, path = "/v1/subscriptions/{id}/_replay", tag = "subscriptions", request_body = ReplayDeadLetters,
    params(("id" = String, Path, description = "The subscription")),
    responses(
        (status = 200, description = "How many are tried", body = Replaying),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not one of yours", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It has ended", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was changed", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn replay_dead_letters(
    app: Data<App>,
    member: Member,
    trace: Trace,
    id: Path<String>,
    body: Body<ReplayDeadLetters>,
) -> Result<Json<Replaying>, Refusal> {
    let (party, id, now) = (subscriber(&member)?, subscription_id(&id)?, app.now());
    let number = body.0.sequence.as_deref().map(str::parse::<u64>).transpose().map_err(|_| {
        let refusal = Refusal::new(ProblemCode::Invalid, "What is meant cannot be told.");
        refusal.field("/sequence", "expected the sequence of a dead letter")
    })?;
    let agreement = app.agreement.current();
    let record = changed(&app, &agreement, party, &trace);
    let done = app
        .store
        .write("replay_dead_letters", move |tx| {
            let mut one = own(tx.read(), party, id)?.ok_or_else(|| Abort::Refused(not_found()))?;
            if one.ended_at.is_some() {
                return Err(Abort::Refused(ended()));
            }
            let replaying = tx.write().mark_dead_letters(id, number, true)?;
            one.next_attempt_at = one.next_attempt_at.min(now);
            tx.write().update_subscription(&one)?;
            let mut record = record.clone();
            record.count = Some(replaying);
            Ok((replaying, act(&record)?))
        })
        .await
        .map_err(not_written)?;
    Ok(Json(Replaying { replaying: done.value }))
}

fn shown(app: &App, letter: StoredDeadLetter, signal: Option<StoredSignal>) -> DeadLetter {
    DeadLetter {
        sequence: letter.number.to_string(),
        signal: signal.map(|stored| signals::shown(app, &stored)),
        failure: letter.failure,
        attempts: letter.attempts,
        failed_at: letter.failed_at,
        replaying: letter.replay,
    }
}

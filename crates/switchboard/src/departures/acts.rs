//! `POST /v1/departures/{id}/approvals`, `/finish` and `/end`: what people decide about a departure.

use actix_web::web::{Data, Json, Path};
use kw_domain::{DepartureId, Instant, Oin};
use kw_ledger::Event;
use kw_protocol::departure::{Departure, DepartureAct, DepartureStatus};
use kw_protocol::problem::Problem;
use kw_protocol::query::Actor;
use kw_runtime::{Body, Party, Refusal, Trace};
use kw_store::Abort;
use kw_store::switchboard::StoredDeparture;

use super::rules::{approved, ended, finishing};
use super::{departure_id, not_found, reported, tell_all};
use crate::app::{App, act, not_written, recorded_actor};
use crate::proving::require_signed_in;

/// Approves the own departure, as one of two people, or consents to take over. With the last word it takes effect.
#[utoipa::path(
    post, path = "/v1/departures/{id}/approvals", tag = "departures", request_body = DepartureAct,
    operation_id = "approve_departure",
    params(("id" = String, Path, description = "The departure")),
    responses(
        (status = 200, description = "The departure as it is now", body = Departure),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "It does not concern you", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It does not wait for this approval", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn approve(
    app: Data<App>,
    party: Party,
    trace: Trace,
    id: Path<String>,
    body: Body<DepartureAct>,
) -> Result<Json<Departure>, Refusal> {
    let id = departure_id(&id)?;
    let (by, own) = (body.0.actor.id.clone(), party.oin);
    change(&app, &party, &trace, id, &body.0.actor, move |found, now| approved(found, own, &by, now)).await
}

/// Withdraws what the successor has not taken over, and closes the departure.
#[utoipa::path(
    post, path = "/v1/departures/{id}/finish", tag = "departures", request_body = DepartureAct,
    operation_id = "finish_departure",
    params(("id" = String, Path, description = "The departure")),
    responses(
        (status = 200, description = "The departure as it is now", body = Departure),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not one of yours", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "There is nothing to finish", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn finish(
    app: Data<App>,
    party: Party,
    trace: Trace,
    id: Path<String>,
    body: Body<DepartureAct>,
) -> Result<Json<Departure>, Refusal> {
    let own = party.oin;
    let id = departure_id(&id)?;
    change(&app, &party, &trace, id, &body.0.actor, move |found, now| finishing(found, own, now)).await
}

/// Calls a departure off, or says that the partner is back. A successor can decline before it takes effect.
#[utoipa::path(
    post, path = "/v1/departures/{id}/end", tag = "departures", request_body = DepartureAct,
    operation_id = "end_departure",
    params(("id" = String, Path, description = "The departure")),
    responses(
        (status = 200, description = "The departure as it is now", body = Departure),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not one of yours", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It has ended already", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn end(
    app: Data<App>,
    party: Party,
    trace: Trace,
    id: Path<String>,
    body: Body<DepartureAct>,
) -> Result<Json<Departure>, Refusal> {
    let own = party.oin;
    let id = departure_id(&id)?;
    change(&app, &party, &trace, id, &body.0.actor, move |found, now| ended(found, own, now)).await
}

async fn change(
    app: &App,
    party: &Party,
    trace: &Trace,
    id: DepartureId,
    actor: &Actor,
    rule: impl Fn(&StoredDeparture, Instant) -> Result<StoredDeparture, Refusal> + Send + 'static,
) -> Result<Json<Departure>, Refusal> {
    let (agreement, now) = (app.agreement.current(), app.now());
    require_signed_in(app, &agreement, party.oin, actor).await?;
    let mut record = app.record(&agreement, Event::DepartureChanged, party, Some(trace));
    record.actor = Some(recorded_actor(actor));
    let signals = tell_all(app, &agreement, id, now);
    let own: Oin = party.oin;
    let done = app
        .store
        .write("change_departure", move |tx| {
            let concerned = |found: &StoredDeparture| found.party == own || found.successor == Some(own);
            let found = tx.read().departure(id)?.filter(concerned);
            let found = found.ok_or_else(|| Abort::Refused(not_found()))?;
            let next = rule(&found, now).map_err(Abort::Refused)?;
            tx.write().update_departure(&next)?;
            // Everybody is told when the partner has left, and when it is back.
            let (before, after) = (found.status(), next.status());
            let was_away = matches!(before, DepartureStatus::Running | DepartureStatus::Finished);
            let is_away = matches!(after, DepartureStatus::Running | DepartureStatus::Finished);
            if was_away != is_away {
                tx.write().emit(&signals)?;
            }
            let active = tx.read().active_by_category(next.party)?;
            if is_away && !was_away {
                tx.write().note_held(id, &active)?;
            }
            let mut record = record.clone();
            record.holders = [Some(next.party), next.successor].into_iter().flatten().collect();
            let counts = tx.read().departure_counts(id)?;
            Ok((reported(&next, &counts, &active), act(&record)?))
        })
        .await
        .map_err(not_written)?;
    Ok(Json(done.value))
}

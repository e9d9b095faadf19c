//! `POST /v1/departures`: a partner asks to leave.

use actix_web::HttpResponse;
use actix_web::web::Data;
use kw_domain::DepartureId;
use kw_ledger::Event;
use kw_protocol::departure::{Departure, DepartureKind, RequestDeparture};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Party, Refusal, Trace};
use kw_store::Abort;
use kw_store::switchboard::StoredDeparture;

use super::rules::{Open, may_ask};
use super::{shown, tell};
use crate::app::{App, act, not_written, recorded_actor};
use crate::proving::require_signed_in;

/// Asks to leave, with a successor or without. Nothing happens before two people approved and the successor consented.
#[utoipa::path(
    post, path = "/v1/departures", tag = "departures", request_body = RequestDeparture,
    operation_id = "request_departure",
    responses(
        (status = 201, description = "The departure, not yet approved", body = Departure),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "There is one already", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn request(
    app: Data<App>,
    party: Party,
    trace: Trace,
    body: Body<RequestDeparture>,
) -> Result<HttpResponse, Refusal> {
    let (agreement, now, asked) = (app.agreement.current(), app.now(), body.0);
    require_signed_in(&app, &agreement, party.oin, &asked.actor).await?;
    if let Some(successor) = asked.successor
        && (successor == party.oin || agreement.partner(successor).is_none())
    {
        return Err(Refusal::new(ProblemCode::Invalid, "The departure cannot be asked for.")
            .field("/successor", "expected the OIN of another partner of the agreement"));
    }
    app.charge_rare(party.oin)?;
    let departure = StoredDeparture {
        id: app.entropy.id::<DepartureId>(now),
        party: party.oin,
        successor: asked.successor,
        kind: if asked.successor.is_some() { DepartureKind::Transfer } else { DepartureKind::Withdrawal },
        requested_at: now,
        requested_by: Some(asked.actor.id.clone()),
        first: None,
        second: None,
        consent: None,
        effective_at: None,
        closing_at: None,
        finished_at: None,
        ended_at: None,
    };
    let mut record = app.record(&agreement, Event::DepartureChanged, &party, Some(&trace));
    record.actor = Some(recorded_actor(&asked.actor));
    record.holders = [Some(party.oin), departure.successor].into_iter().flatten().collect();
    let signals: Vec<_> =
        departure.successor.map(|successor| tell(&app, successor, departure.id, now)).into_iter().collect();
    let stored = departure.clone();
    app.store
        .write("request_departure", move |tx| {
            match may_ask(tx.read().open_departure(stored.party)?.as_ref()) {
                Open::None => {}
                // It asks, so it is there.
                Open::Vanished(vanished) => {
                    let ended = StoredDeparture { ended_at: Some(now), ..*vanished };
                    tx.write().update_departure(&ended)?;
                }
                Open::Another => {
                    let detail = "Your organisation has asked to leave already. End that departure first.";
                    return Err(Abort::Refused(Refusal::new(ProblemCode::Conflict, detail)));
                }
            }
            tx.write().insert_departure(&stored)?;
            tx.write().emit(&signals)?;
            Ok(((), act(&record)?))
        })
        .await
        .map_err(not_written)?;
    Ok(HttpResponse::Created().json(shown(&departure)))
}

//! `POST /v1/pointers`: a partner says that it holds data about somebody.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use kw_ledger::Event;
use kw_protocol::pointer::{RegisterPointer, Registered};
use kw_protocol::problem::Problem;
use kw_protocol::signal::SignalType;
use kw_runtime::{Body, Party, Refusal, Registering, Trace};
use kw_store::{Abort, WriteError};

use super::idempotency::IdempotencyKey;
use super::preparing::prepare;
use super::registering::{keep_lease, moved, register};
use super::view::shown;
use crate::app::{App, act, act_about, not_read};
use crate::staleness::{Unwritten, again};

/// Registers one pointer, or gives back the one that is there.
#[utoipa::path(
    post, path = "/v1/pointers", tag = "pointers", request_body = RegisterPointer,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeats the first answer for 24 hours")),
    responses(
        (status = 201, description = "A pointer was made", body = Registered),
        (status = 200, description = "It was there already", body = Registered),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another epoch, or the key is another request's", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was registered", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn register_pointer(
    app: Data<App>,
    party: Registering,
    trace: Trace,
    request: HttpRequest,
    body: Body<RegisterPointer>,
) -> Result<HttpResponse, Refusal> {
    let (holder, now) = (party.oin, app.now());
    let key = IdempotencyKey::of(&request, &app.keyring.load().keys.row, &body.0)?;
    if let Some(key) = &key {
        let name = key.as_str().to_owned();
        let found =
            app.store.read(move |index| index.remembered(holder, &name, now)).await.map_err(not_read)?;
        if let Some((status, answer)) = key.answered(&app.keyring.load().keys.row, found)? {
            return Ok(json(status, answer));
        }
    }
    let mut attempt = 0;
    loop {
        attempt += 1;
        match store(&app, &party, &trace, &body.0, key.clone()).await? {
            Ok((status, answer)) => return Ok(json(status, answer)),
            Err(error) => again(&app, error, attempt).await?,
        }
    }
}

pub(super) type Answer = (u16, String);

async fn store(
    app: &App,
    party: &Party,
    trace: &Trace,
    given: &RegisterPointer,
    key: Option<IdempotencyKey>,
) -> Result<Result<Answer, WriteError<Unwritten>>, Refusal> {
    let holder = party.oin;
    let (agreement, keyring, now) = (app.agreement.current(), app.keyring.load_full(), app.now());
    let prepared = prepare(&keyring, &agreement, &app.entropy, holder, now, given)?;
    let mut record = app.record(&agreement, Event::PointerRegistered, party, Some(trace));
    record.categories = vec![given.category.clone()];
    record.holders = vec![holder];
    let (term, nonce, settler) = (agreement.lease_term(), app.entropy.draw(), app.settler(&agreement));
    let telling = app.telling(SignalType::PointerRegistered);
    let done = app
        .store
        .write("register_pointer", move |tx| {
            if let Some(key) = &key {
                // The same key may have come twice at once; the first to get here has answered.
                let found = tx.read().remembered(holder, key.as_str(), now)?;
                if let Some(answer) = key.answered(&keyring.keys.row, found).map_err(refuse)? {
                    return Ok((answer, act(&record)?));
                }
            }
            let mut stored = register(tx, &keyring.live, &telling, std::slice::from_ref(&prepared))?;
            keep_lease(tx, holder, now, term, &settler)?;
            let settled = settler.settle(tx, &moved(std::slice::from_ref(&prepared), &stored))?;
            let stored = stored.remove(0).map_err(refuse)?;
            let pointer = shown(&keyring.keys, &stored.pointer).map_err(refuse)?;
            let status = if stored.created { 201 } else { 200 };
            let answer = Registered { pointer, created: stored.created };
            let answer = serde_json::to_string(&answer)
                .map_err(|_| refuse(Refusal::fault("an answer cannot be written")))?;
            let answer = (status, answer);
            if let Some(key) = &key {
                key.remember(tx, &keyring.keys.row, nonce, holder, &answer, now)?;
            }
            let act = act_about(record.clone(), stored.subject, prepared.reference)?;
            Ok((answer, settled.onto(act)?))
        })
        .await;
    Ok(done.map(|done| done.value))
}

fn refuse(refusal: Refusal) -> Abort<Unwritten> {
    Abort::Refused(refusal.into())
}

pub(super) fn json(status: u16, body: String) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(status).unwrap_or(actix_web::http::StatusCode::OK);
    HttpResponse::build(status).content_type("application/json").body(body)
}

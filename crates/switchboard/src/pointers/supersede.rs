//! `POST /v1/pointers/{id}/successors`: a partner replaces a pointer by a newer one about the same subject.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use kw_domain::PointerId;
use kw_ledger::Event;
use kw_protocol::pointer::{Registered, SupersedePointer};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_protocol::signal::SignalType;
use kw_runtime::{Body, Party, Refusal, Registering, Trace};
use kw_store::{Abort, WriteError};

use super::idempotency::IdempotencyKey;
use super::preparing::prepare;
use super::register::{Answer, json};
use super::registering::{keep_lease, register};
use super::view::{illegal, not_found, pointer_id, shown};
use crate::app::{App, act, act_about, rules};
use crate::lifecycle;
use crate::matches::Moved;
use crate::staleness::{Unwritten, again, check_generations};

/// Registers the successor and ends the old pointer, both or neither.
#[utoipa::path(
    post, path = "/v1/pointers/{id}/successors", tag = "pointers", request_body = SupersedePointer,
    params(
        ("id" = String, Path, description = "The pointer that is replaced"),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeats the first answer for 24 hours"),
    ),
    responses(
        (status = 201, description = "The successor", body = Registered),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Not one of yours", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another subject, or its state does not allow it", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn supersede_pointer(
    app: Data<App>,
    party: Registering,
    trace: Trace,
    id: Path<String>,
    request: HttpRequest,
    body: Body<SupersedePointer>,
) -> Result<HttpResponse, Refusal> {
    let id = pointer_id(&id)?;
    let key = IdempotencyKey::of(&request, &app.keyring.load().keys.row, &body.0)?;
    let mut attempt = 0;
    loop {
        attempt += 1;
        match store(&app, &party, &trace, id, &body.0, key.clone()).await? {
            Ok((status, answer)) => return Ok(json(status, answer)),
            Err(error) => again(&app, error, attempt).await?,
        }
    }
}

async fn store(
    app: &App,
    party: &Party,
    trace: &Trace,
    id: PointerId,
    given: &SupersedePointer,
    key: Option<IdempotencyKey>,
) -> Result<Result<Answer, WriteError<Unwritten>>, Refusal> {
    let holder = party.oin;
    let (agreement, keyring, now) = (app.agreement.current(), app.keyring.load_full(), app.now());
    let prepared = prepare(&keyring, &agreement, &app.entropy, holder, now, &given.successor)?;
    let mut record = app.record(&agreement, Event::PointerSuperseded, party, Some(trace));
    record.categories = vec![given.successor.category.clone()];
    record.holders = vec![holder];
    let (term, nonce, settler) = (agreement.lease_term(), app.entropy.draw(), app.settler(&agreement));
    let telling = app.telling(SignalType::PointerRegistered);
    let done = app
        .store
        .write("supersede_pointer", move |tx| {
            if let Some(key) = &key {
                let found = tx.read().remembered(holder, key.as_str(), now)?;
                if let Some(answer) = key.answered(&keyring.keys.row, found).map_err(refuse)? {
                    return Ok((answer, act(&record)?));
                }
            }
            check_generations(tx, &keyring.live)?;
            let old = tx.read().pointer(holder, id)?.ok_or_else(|| refuse(not_found()))?;
            let successor = prepared.pointer.id;
            let left = lifecycle::supersede(&old, successor, rules(&agreement, &old.category), now)
                .map_err(|_| refuse(illegal(old.state)))?;
            if tx.read().find_subject(&prepared.tags())? != old.subject {
                return Err(refuse(Refusal::new(
                    ProblemCode::Conflict,
                    "The successor is about another subject than the pointer it replaces. Withdraw the one and register the other.",
                )));
            }
            // The old one first: while it is active, the identity may be taken.
            tx.write().update_pointer(&left)?;
            let stored = register(tx, &keyring.live, &telling, std::slice::from_ref(&prepared))?.remove(0).map_err(refuse)?;
            if !stored.created {
                return Err(refuse(Refusal::new(
                    ProblemCode::Conflict,
                    "The successor is a pointer that you have already. Withdraw the old one instead.",
                )));
            }
            keep_lease(tx, holder, now, term, &settler)?;
            let settled = settler.settle(tx, &Moved::changed([stored.subject]))?;
            let pointer = shown(&keyring.keys, &stored.pointer).map_err(refuse)?;
            let answer = serde_json::to_string(&Registered { pointer, created: true })
                .map_err(|_| refuse(Refusal::fault("an answer cannot be written")))?;
            let answer = (201, answer);
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

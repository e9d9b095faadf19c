//! `POST /v1/objections/{id}/decision`: the holder decides on an objection to its registration.

use std::sync::Arc;

use actix_web::web::{Data, Json, Path};
use kw_agreement::Agreement;
use kw_domain::{ObjectionId, Oin};
use kw_ledger::Event;
use kw_protocol::objection::{DecideObjection, Objection, ObjectionState, ObjectionVerdict};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Party, Refusal, Trace};
use kw_store::Abort;
use serde_json::json;

use super::view::{meant, not_found, shown};
use crate::app::{App, act_about, not_written, rules};
use crate::consents::{asserted, no_number};
use crate::lifecycle;
use crate::matches::Moved;
use crate::signalling::{SignalType, about_objection};

const LONGEST_REASONS: usize = 1_000;

/// Decides, with reasons. When the objection is upheld, the person is not found there any more, and cannot be registered
/// there again in that category; when it is rejected, the registration stays.
#[utoipa::path(
    post, path = "/v1/objections/{id}/decision", tag = "objections", request_body = DecideObjection,
    params(("id" = String, Path, description = "The objection")),
    responses(
        (status = 200, description = "It is decided", body = Objection),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No objection to a registration of yours", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It was decided before", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was decided", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn decide_objection(
    app: Data<App>,
    party: Party,
    trace: Trace,
    id: Path<String>,
    body: Body<DecideObjection>,
) -> Result<Json<Objection>, Refusal> {
    let id = ObjectionId::parse(&id).map_err(|_| not_found())?;
    check_shape(&body.0)?;
    let agreement = app.agreement.current();
    store(&app, &agreement, party.oin, &trace, id, &body.0).await.map(Json)
}

async fn store(
    app: &App,
    agreement: &Arc<Agreement>,
    holder: Oin,
    trace: &Trace,
    id: ObjectionId,
    given: &DecideObjection,
) -> Result<Objection, Refusal> {
    let now = app.now();
    let mut record = app.record(agreement, Event::ObjectionDecided, holder, Some(trace));
    record.actor = Some(asserted(&given.actor));
    record.holders = vec![holder];
    let (verdict, reasons) = (given.verdict, given.reasons.clone());
    let settler = app.settler(agreement);
    let (reference, entropy, agreement) = (app.reference(), app.entropy.clone(), Arc::clone(agreement));
    let done = app
        .store
        .write("decide_objection", move |tx| {
            let found = tx.read().objection(id)?.filter(|objection| objection.holder == holder);
            let mut objection = found.ok_or_else(|| Abort::Refused(not_found()))?;
            if objection.state != ObjectionState::Received {
                return Err(Abort::Refused(decided(objection.state)));
            }
            let pointers = meant(tx.read(), &objection)?;
            objection.state = match verdict {
                ObjectionVerdict::Rejected => ObjectionState::Rejected,
                ObjectionVerdict::Upheld => ObjectionState::Upheld,
            };
            objection.decided_at = Some(now);
            objection.reasons = Some(reasons.clone());
            tx.write().update_objection(&objection)?;
            if verdict == ObjectionVerdict::Upheld {
                for pointer in &pointers {
                    let ended = lifecycle::object(pointer, rules(&agreement, &pointer.category), now);
                    tx.write().update_pointer(&ended)?;
                }
            }
            let settled = settler.settle(tx, &Moved::changed([objection.subject]))?;
            let registrar = [objection.received_by];
            about_objection(tx, &entropy, &objection, SignalType::ObjectionDecided, &registrar, now)?;
            let mut record = record.clone();
            record.categories = vec![objection.category.clone()];
            let input = json!({ "objection": id, "pointers": pointers.len(), "verdict": verdict });
            record.decision.input = Some(input.to_string());
            let act = act_about(record, objection.subject, reference)?;
            let act = settled.onto(act)?;
            Ok((shown(objection, pointers.into_iter().map(|pointer| pointer.id).collect()), act))
        })
        .await
        .map_err(not_written)?;
    Ok(done.value)
}

fn check_shape(given: &DecideObjection) -> Result<(), Refusal> {
    let mut refusal = Refusal::new(ProblemCode::Invalid, "The objection cannot be decided.");
    let reasons = given.reasons.as_str();
    let printable = reasons.chars().all(|letter| !letter.is_control() || letter == '\n');
    if reasons.trim().is_empty() || reasons.len() > LONGEST_REASONS || !printable {
        refusal =
            refusal.field("/reasons", format!("expected 1 to {LONGEST_REASONS} bytes of printable text"));
    }
    refusal = no_number(refusal, "/reasons", reasons);
    no_number(refusal, "/actor/id", given.actor.id.as_str()).if_any()
}

fn decided(state: ObjectionState) -> Refusal {
    let detail =
        format!("The objection was {} before. A person who does not agree objects again.", state.as_str());
    Refusal::new(ProblemCode::Conflict, detail)
}

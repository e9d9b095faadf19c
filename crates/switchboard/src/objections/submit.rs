//! `POST /v1/objections`: a registrar passes on that a person objects to being found at a holder.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::Data;
use kw_agreement::Agreement;
use kw_domain::{ObjectionId, Oin};
use kw_ledger::{AccessRecord, Event};
use kw_protocol::consent::GivenBy;
use kw_protocol::objection::{Objection, ObjectionState, SubmitObjection};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Party, Refusal, Trace};
use kw_store::WriteError;
use kw_store::switchboard::consents::{StoredObjection, Warned};
use serde_json::json;

use super::view::shown;
use crate::about::Prospect;
use crate::app::{App, act_about};
use crate::consents::{
    Known, Undeclared, asserted, check_declaration, check_words, deny, is_chosen, known, standing,
};
use crate::signalling::{SignalType, about_objection};
use crate::staleness::{Unwritten, again, check_generations};

/// Takes an objection in; its holder is told, and has to decide within the agreement's term.
#[utoipa::path(
    post, path = "/v1/objections", tag = "objections", request_body = SubmitObjection,
    responses(
        (status = 201, description = "It waits for the holder's decision", body = Objection),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another key epoch", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was taken in", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn submit_objection(
    app: Data<App>,
    party: Party,
    trace: Trace,
    body: Body<SubmitObjection>,
) -> Result<HttpResponse, Refusal> {
    let agreement = app.agreement.current();
    check_shape(&agreement, &body.0)?;
    let mut attempt = 0;
    loop {
        attempt += 1;
        match store(&app, &agreement, party.oin, &trace, &body.0).await? {
            Ok(objection) => return Ok(HttpResponse::Created().json(objection)),
            Err(error) => again(&app, error, attempt).await?,
        }
    }
}

async fn store(
    app: &App,
    agreement: &Arc<Agreement>,
    party: Oin,
    trace: &Trace,
    given: &SubmitObjection,
) -> Result<Result<Objection, WriteError<Unwritten>>, Refusal> {
    let (now, keyring) = (app.now(), app.keyring.load_full());
    let id: ObjectionId = app.entropy.id(now);
    let record = record_of(app, agreement, party, trace, id, given);
    let Known { located, subject } = known(app, &keyring, &given.subject).await?;
    // A professional lays down consent; to object to a registration, a person goes to a registrar.
    let allowed = match given.declared.given_by {
        GivenBy::Professional => Err(Undeclared::NotRegistrar),
        GivenBy::Representative | GivenBy::Subject => check_declaration(agreement, party, &given.declared),
    };
    if let Err(why) = allowed {
        return deny(app, &keyring, record, why, subject).await;
    }
    let standing =
        match standing(app, agreement, &keyring, &given.declared, subject, Some(&given.category)).await? {
            Ok(standing) => standing,
            Err(why) => return deny(app, &keyring, record, why, subject).await,
        };
    let prospect = Prospect::new(app, &keyring, &located, subject, now);
    let template = StoredObjection {
        id,
        subject: prospect.id(),
        holder: given.holder,
        category: given.category.clone(),
        given_by: given.declared.given_by,
        mandate: given.declared.mandate,
        reason: given.reason,
        state: ObjectionState::Received,
        received_by: party,
        received_at: now,
        due_at: now.plus(agreement.consent().objection_within),
        warned: Warned::Nobody,
        decided_at: None,
        reasons: None,
    };
    let (reference, entropy) = (app.reference(), app.entropy.clone());
    let done = app
        .store
        .write("submit_objection", move |tx| {
            check_generations(tx, &keyring.live)?;
            let mut objection = template.clone();
            objection.subject = prospect.settle(tx)?;
            // The same objection that still waits is the same objection.
            let waiting = tx.read().objections_of(objection.subject)?.into_iter().find(|earlier| {
                earlier.state == ObjectionState::Received
                    && (earlier.holder, &earlier.category) == (objection.holder, &objection.category)
            });
            if let Some(earlier) = waiting {
                objection = earlier;
            } else {
                tx.write().insert_objection(&objection)?;
                let holder = [objection.holder];
                about_objection(tx, &entropy, &objection, SignalType::ObjectionReceived, &holder, now)?;
            }
            let act = act_about(standing.onto(record.clone()), objection.subject, reference)?;
            Ok((shown(objection, Vec::new()), standing.link(act)))
        })
        .await;
    Ok(done.map(|done| done.value))
}

fn check_shape(agreement: &Agreement, given: &SubmitObjection) -> Result<(), Refusal> {
    let mut refusal = Refusal::new(ProblemCode::Invalid, "The objection cannot be taken in.");
    let registers =
        agreement.partner(given.holder).is_some_and(|holder| holder.registers.contains(&given.category));
    if !registers {
        refusal =
            refusal.field("/category", "expected a category that the agreement lets this holder register");
    } else if is_chosen(agreement, &given.category) {
        refusal = refusal.field(
            "/category",
            "expected a category of a statutory task; where consent counts, record the person's choice instead",
        );
    }
    check_words(refusal, &given.declared).if_any()
}

fn record_of(
    app: &App,
    agreement: &Agreement,
    party: Oin,
    trace: &Trace,
    id: ObjectionId,
    given: &SubmitObjection,
) -> AccessRecord {
    let mut record = app.record(agreement, Event::ObjectionReceived, party, Some(trace));
    record.actor = given.declared.actor.as_ref().map(asserted);
    record.categories = vec![given.category.clone()];
    record.holders = vec![given.holder];
    let input = json!({ "givenBy": given.declared.given_by, "objection": id, "reason": given.reason });
    record.decision.input = Some(input.to_string());
    record
}

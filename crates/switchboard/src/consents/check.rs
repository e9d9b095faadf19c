//! `POST /v1/consents/_check`: the closed question. A holder asks whether it may disclose something of its own.

use actix_web::web::{Data, Json};
use kw_agreement::Agreement;
use kw_domain::{Category, Oin, SubjectId};
use kw_ledger::{AccessRecord, Event};
use kw_protocol::consent::{CheckConsent, ConsentChecked};
use kw_protocol::pointer::PointerState;
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Party, Refusal, Trace};
use kw_store::WriteError;
use serde_json::json;

use super::{choices, known};
use crate::app::{App, act, act_about, not_read};
use crate::queries::charge;
use crate::staleness::{Unwritten, again, check_generations};

/// Says what the person's choices come to for the asking holder, one category and one requester. A pointer that is not the
/// holder's, or not found any more, is not told of.
#[utoipa::path(
    post, path = "/v1/consents/_check", tag = "consents", request_body = CheckConsent,
    responses(
        (status = 200, description = "What the choices come to", body = ConsentChecked),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No active pointer of yours", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another key epoch", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was told", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn check_consent(
    app: Data<App>,
    party: Party,
    trace: Trace,
    body: Body<CheckConsent>,
) -> Result<Json<ConsentChecked>, Refusal> {
    let agreement = app.agreement.current();
    check_shape(&agreement, party.oin, &body.0)?;
    // About a pointer of its own a holder asks at every pull; about a person it is a question like any other.
    if body.0.subject.is_some() {
        charge(&app, &agreement, &party)?;
    }
    let mut attempt = 0;
    loop {
        attempt += 1;
        match answer(&app, &agreement, party.oin, &trace, &body.0).await? {
            Ok(checked) => return Ok(Json(checked)),
            Err(error) => again(&app, error, attempt).await?,
        }
    }
}

async fn answer(
    app: &App,
    agreement: &std::sync::Arc<Agreement>,
    holder: Oin,
    trace: &Trace,
    asked: &CheckConsent,
) -> Result<Result<ConsentChecked, WriteError<Unwritten>>, Refusal> {
    let (now, keyring) = (app.now(), app.keyring.load_full());
    let (subject, category) = whom(app, &keyring, holder, asked).await?;
    let mut record = app.record(agreement, Event::ConsentsRead, holder, Some(trace));
    record.purpose = Some(asked.purpose.clone());
    record.categories = vec![category.clone()];
    record.holders = vec![holder];
    let (reference, requester, agreement) =
        (app.reference(), asked.requester, std::sync::Arc::clone(agreement));
    let done = app
        .store
        .write("check_consent", move |tx| {
            check_generations(tx, &keyring.live)?;
            let stored = match subject {
                Some(subject) => tx.read().choices_of(subject, now)?,
                None => Vec::new(),
            };
            let found = choices(&stored).about(&agreement, holder, &category, requester, now);
            let longest = now.plus(agreement.consent().answer_valid);
            let valid_until = found.stands_until.map_or(longest, |until| until.min(longest));
            let mut record: AccessRecord = record.clone();
            let input = json!({
                "decidedBy": found.decided_by, "requester": requester, "verdict": found.verdict.as_str(),
            });
            record.decision.input = Some(input.to_string());
            let act = match subject {
                Some(subject) => act_about(record, subject, reference)?,
                None => act(&record)?,
            };
            Ok((ConsentChecked { verdict: found.verdict, valid_until }, act))
        })
        .await;
    Ok(done.map(|done| done.value))
}

/// About whom, and about what.
async fn whom(
    app: &App,
    keyring: &crate::app::Keyring,
    holder: Oin,
    asked: &CheckConsent,
) -> Result<(Option<SubjectId>, Category), Refusal> {
    if let Some(id) = asked.pointer {
        let found = app.store.read(move |index| index.pointer(holder, id)).await.map_err(not_read)?;
        let active = found.filter(|pointer| pointer.state == PointerState::Active);
        let found = active.and_then(|pointer| pointer.subject.map(|subject| (subject, pointer.category)));
        return found
            .map(|(subject, category)| (Some(subject), category))
            .ok_or_else(|| Refusal::new(ProblemCode::NotFound, "You have no such pointer that is found."));
    }
    match (&asked.subject, &asked.category) {
        (Some(subject), Some(category)) => {
            Ok((known(app, keyring, subject).await?.subject, category.clone()))
        }
        _ => Err(Refusal::fault("a question without a subject")),
    }
}

fn check_shape(agreement: &Agreement, holder: Oin, asked: &CheckConsent) -> Result<(), Refusal> {
    let mut refusal = Refusal::new(ProblemCode::Invalid, "The question cannot be answered.");
    let by_person = asked.subject.is_some();
    if asked.pointer.is_some() == by_person || by_person != asked.category.is_some() {
        refusal = refusal.field("/pointer", "expected a pointer, or a subject and a category");
    }
    if agreement.partner(asked.requester).is_none() {
        refusal = refusal.field("/requester", "expected a partner of the agreement");
    }
    if agreement.purpose(&asked.purpose).is_none() {
        refusal = refusal.field("/purpose", "expected a purpose of the agreement");
    }
    if asked.category.as_ref().is_some_and(|category| !agreement.may_register(holder, category)) {
        refusal = refusal.field("/category", "expected a category that the agreement lets you register");
    }
    refusal.if_any()
}

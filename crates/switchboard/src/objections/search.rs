//! `POST /v1/objections/_search`: a holder sees what it has to decide; a registrar, what became of a person's objections.

use actix_web::web::{Data, Json};
use kw_agreement::Agreement;
use kw_domain::Oin;
use kw_ledger::Event;
use kw_protocol::objection::{ObjectionState, Objections, SearchObjections};
use kw_protocol::problem::Problem;
use kw_runtime::{Body, Party, Refusal, Trace};
use kw_store::WriteError;

use super::view::{meant, shown};
use crate::app::{App, act, act_about};
use crate::consents::{Known, Undeclared, deny, known};
use crate::queries::charge;
use crate::staleness::{Unwritten, again, check_generations};

const PAGE: u32 = 100;

/// Lists objections, at most 100 at a time.
#[utoipa::path(
    post, path = "/v1/objections/_search", tag = "objections", request_body = SearchObjections,
    responses(
        (status = 200, description = "What there is", body = Objections),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another key epoch", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was told", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn search_objections(
    app: Data<App>,
    party: Party,
    trace: Trace,
    body: Body<SearchObjections>,
) -> Result<Json<Objections>, Refusal> {
    let agreement = app.agreement.current();
    if body.0.subject.is_some() {
        charge(&app, &agreement, &party)?;
    }
    let mut attempt = 0;
    loop {
        attempt += 1;
        let answered = match &body.0.subject {
            Some(_) => of_person(&app, &agreement, party.oin, &trace, &body.0).await?,
            None => own(&app, &agreement, party.oin, &trace, &body.0).await,
        };
        match answered {
            Ok(objections) => return Ok(Json(objections)),
            Err(error) => again(&app, error, attempt).await?,
        }
    }
}

/// Those to the asking holder's own registrations, with the pointers that they are about.
async fn own(
    app: &App,
    agreement: &Agreement,
    holder: Oin,
    trace: &Trace,
    asked: &SearchObjections,
) -> Result<Objections, WriteError<Unwritten>> {
    let mut record = app.record(agreement, Event::ConsentsRead, holder, Some(trace));
    record.holders = vec![holder];
    let (decided, after) = (asked.decided, asked.after);
    let done = app
        .store
        .write("own_objections", move |tx| {
            let found = tx.read().objections_at(holder, decided, after, PAGE)?;
            let mut objections = Vec::with_capacity(found.len());
            for objection in found {
                let pointers = meant(tx.read(), &objection)?;
                objections.push(shown(objection, pointers.into_iter().map(|pointer| pointer.id).collect()));
            }
            let mut record = record.clone();
            record.count = Some(objections.len() as u64);
            Ok((Objections { objections }, act(&record)?))
        })
        .await?;
    Ok(done.value)
}

/// Those of one person, for a registrar.
async fn of_person(
    app: &App,
    agreement: &Agreement,
    party: Oin,
    trace: &Trace,
    asked: &SearchObjections,
) -> Result<Result<Objections, WriteError<Unwritten>>, Refusal> {
    let keyring = app.keyring.load_full();
    let record = app.record(agreement, Event::ConsentsRead, party, Some(trace));
    let Some(element) = &asked.subject else { return Err(Refusal::fault("a search without a subject")) };
    let Known { subject, .. } = known(app, &keyring, element).await?;
    if !agreement.consent().registrars.contains(&party) {
        return deny(app, &keyring, record, Undeclared::NotRegistrar, subject).await;
    }
    let (reference, decided, after) = (app.reference(), asked.decided, asked.after);
    let done = app
        .store
        .write("objections_of_person", move |tx| {
            check_generations(tx, &keyring.live)?;
            let mut record = record.clone();
            let Some(subject) = subject else {
                record.count = Some(0);
                return Ok((Vec::new(), act(&record)?));
            };
            let mut found = tx.read().objections_of(subject)?;
            found.retain(|objection| decided || objection.state == ObjectionState::Received);
            found.retain(|objection| after.is_none_or(|after| after < objection.id));
            found.truncate(PAGE as usize);
            record.count = Some(found.len() as u64);
            Ok((found, act_about(record, subject, reference)?))
        })
        .await;
    Ok(done.map(|done| Objections {
        objections: done.value.into_iter().map(|objection| shown(objection, Vec::new())).collect(),
    }))
}

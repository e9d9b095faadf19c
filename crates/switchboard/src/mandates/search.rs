//! `POST /v1/mandates/_search`: a registrar, or the provider of statements, asks for the mandates of a person it identified.

use std::sync::Arc;

use actix_web::web::{Data, Json};
use kw_agreement::Agreement;
use kw_ledger::Event;
use kw_protocol::mandate::{Mandate, Mandates, SearchMandates};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Party, Refusal, Trace};
use kw_store::WriteError;

use super::finding::tags;
use super::recording::{References, act_about_sides};
use super::rules::{is_provider, registers};
use super::view::{not_registrar, shown};
use crate::app::App;
use crate::queries::charge;
use crate::staleness::{Unwritten, again, check_generations};

/// Lists the mandates of one person on one side: of the kinds that the caller registers, of all kinds for the provider. Who is
/// on the other side is never told.
#[utoipa::path(
    post, path = "/v1/mandates/_search", tag = "mandates", request_body = SearchMandates,
    responses(
        (status = 200, description = "The mandates", body = Mandates),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Neither a registrar nor the provider of statements", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another key epoch", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "More mandates than one answer holds", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "The quota is used up", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was told", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn search_mandates(
    app: Data<App>,
    party: Party,
    trace: Trace,
    body: Body<SearchMandates>,
) -> Result<Json<Mandates>, Refusal> {
    let (asked, agreement) = (body.0, app.agreement.current());
    charge(&app, &agreement, &party)?;
    let mut attempt = 0;
    loop {
        attempt += 1;
        match answer(&app, &agreement, &party, &trace, &asked).await? {
            Ok(answer) => return answer.map(Json),
            Err(error) => again(&app, error, attempt).await?,
        }
    }
}

async fn answer(
    app: &App,
    agreement: &Arc<Agreement>,
    party: &Party,
    trace: &Trace,
    asked: &SearchMandates,
) -> Result<Result<Result<Mandates, Refusal>, WriteError<Unwritten>>, Refusal> {
    let record = app.record(agreement, Event::MandatesRead, party.oin, Some(trace));
    let keyring = app.keyring.load_full();
    let (wanted, side, references) = (tags(&keyring, &asked.subject)?, asked.side, References::draw(app));
    let (agreement, caller) = (Arc::clone(agreement), party.oin);
    let may_ask = is_provider(&agreement, caller)
        || agreement.representation().kinds.values().any(|rules| rules.registrars.contains(&caller));
    let done = app
        .store
        .write("search_mandates", move |tx| {
            check_generations(tx, &keyring.live)?;
            let person = tx.read().find_subject(&wanted)?;
            // Whichever side it is, the record is about this one person, who is the subject of the question.
            let sides = references.sides(person, None);
            if !may_ask {
                let record = record.clone().denied("not-registrar");
                return Ok((Err(not_registrar()), act_about_sides(record, sides)?));
            }
            let found = match person {
                Some(person) => tx.read().mandates_of(person, side, MOST + 1)?,
                None => Vec::new(),
            };
            if found.len() > MOST as usize {
                let record = record.clone().denied("too-many-mandates");
                return Ok((Err(too_many()), act_about_sides(record, sides)?));
            }
            let mandates: Vec<Mandate> = found
                .iter()
                .filter(|mandate| {
                    is_provider(&agreement, caller) || registers(&agreement, caller, mandate.kind)
                })
                .map(shown)
                .collect();
            let mut record = record.clone();
            record.count = Some(mandates.len() as u64);
            Ok((Ok(Mandates { mandates }), act_about_sides(record, sides)?))
        })
        .await;
    Ok(done.map(|done| done.value))
}

fn too_many() -> Refusal {
    let detail = format!("This person has more than {MOST} mandates. Ask the switchboard's operator.");
    Refusal::new(ProblemCode::TooLarge, detail)
}

const MOST: u32 = 500;

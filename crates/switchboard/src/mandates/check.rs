//! `POST /v1/mandates/_check`: a partner asks whether one mandate counts, for these people and this act: a closed question.

use std::sync::Arc;

use actix_web::web::{Data, Json};
use kw_agreement::Agreement;
use kw_ledger::Event;
use kw_protocol::mandate::{ActiveMandate, CheckMandate, MandateChecked};
use kw_protocol::problem::Problem;
use kw_runtime::{Body, Party, Refusal, Trace};
use kw_store::WriteError;

use super::finding::tags;
use super::lookup::{Claim, Mandated, candidates, judge};
use super::recording::{References, act_about_sides, describe};
use crate::app::App;
use crate::staleness::{Unwritten, again, check_generations};

/// Says whether a mandate counts now. No such mandate, one that is not active and one of other people look the same, and take
/// the same work; the record has the reason.
#[utoipa::path(
    post, path = "/v1/mandates/_check", tag = "mandates", request_body = CheckMandate,
    responses(
        (status = 200, description = "Whether it counts", body = MandateChecked),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another key epoch", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was told", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn check_mandate(
    app: Data<App>,
    party: Party,
    trace: Trace,
    body: Body<CheckMandate>,
) -> Result<Json<MandateChecked>, Refusal> {
    let (asked, agreement) = (body.0, app.agreement.current());
    let mut attempt = 0;
    loop {
        attempt += 1;
        match answer(&app, &agreement, &party, &trace, &asked).await? {
            Ok(answer) => return Ok(Json(answer)),
            Err(error) => again(&app, error, attempt).await?,
        }
    }
}

async fn answer(
    app: &App,
    agreement: &Arc<Agreement>,
    party: &Party,
    trace: &Trace,
    asked: &CheckMandate,
) -> Result<Result<MandateChecked, WriteError<Unwritten>>, Refusal> {
    let now = app.now();
    let record = app.record(agreement, Event::MandatesRead, party.oin, Some(trace));
    let keyring = app.keyring.load_full();
    let represented = tags(&keyring, &asked.represented)?;
    let representative = asked.representative.as_ref().map(|one| tags(&keyring, one)).transpose()?;
    let (references, agreement, caller) = (References::draw(app), Arc::clone(agreement), party.oin);
    let (id, act, categories) = (asked.mandate, asked.act, asked.categories.clone());
    let done = app
        .store
        .write("check_mandate", move |tx| {
            check_generations(tx, &keyring.live)?;
            let represented = tx.read().find_subject(&represented)?;
            let representative = match &representative {
                Some(tags) => Some(tx.read().find_subject(tags)?),
                None => None,
            };
            let claim = Claim {
                mandate: Some(id),
                representative,
                represented,
                act,
                categories: categories.iter().cloned().collect(),
            };
            let found = judge(&agreement, &claim, candidates(tx.read(), &claim)?, now);
            let mut record = record.clone();
            record.categories.clone_from(&categories);
            match found {
                Ok(Mandated { mandate, scope }) => {
                    describe(&mut record, &mandate);
                    // Whoever relies on it hears when it ends.
                    tx.write().note_mandate_asker(id, caller, now)?;
                    let told = ActiveMandate {
                        kind: mandate.kind,
                        age_band: mandate.age_band.clone(),
                        categories: scope.categories.into_iter().collect(),
                        acts: scope.acts.into_iter().collect(),
                        valid_until: mandate.valid_until,
                    };
                    let checked = MandateChecked { active: true, mandate: Some(told) };
                    Ok((checked, act_about_sides(record, references.of(&mandate))?))
                }
                Err(reason) => {
                    let sides = references.sides(represented, representative.flatten());
                    Ok((MandateChecked::default(), act_about_sides(record.denied(reason), sides)?))
                }
            }
        })
        .await;
    Ok(done.map(|done| done.value))
}

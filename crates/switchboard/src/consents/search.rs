//! `POST /v1/consents/_search`: a registrar shows a person what is on record of their choices.

use actix_web::web::{Data, Json};
use kw_agreement::Agreement;
use kw_domain::Oin;
use kw_ledger::Event;
use kw_protocol::consent::{Consents, SearchConsents};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Party, Refusal, Trace};
use kw_store::WriteError;

use super::choices::shown;
use super::{Known, Undeclared, asserted, deny, known, no_number};
use crate::app::{App, act, act_about};
use crate::queries::charge;
use crate::staleness::{Unwritten, again, check_generations};

/// Lists the choices of one person: all of them for a registrar; those that it recorded itself for a partner whose
/// professionals record choices.
#[utoipa::path(
    post, path = "/v1/consents/_search", tag = "consents", request_body = SearchConsents,
    responses(
        (status = 200, description = "What is on record", body = Consents),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not allowed", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another key epoch", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was told", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn search_consents(
    app: Data<App>,
    party: Party,
    trace: Trace,
    body: Body<SearchConsents>,
) -> Result<Json<Consents>, Refusal> {
    let refusal = Refusal::new(ProblemCode::Invalid, "The choices cannot be searched.");
    let person = body.0.actor.as_ref().map_or("", |actor| actor.id.as_str());
    no_number(refusal, "/actor/id", person).if_any()?;
    let agreement = app.agreement.current();
    charge(&app, &agreement, &party)?;
    let mut attempt = 0;
    loop {
        attempt += 1;
        match answer(&app, &agreement, party.oin, &trace, &body.0).await? {
            Ok(consents) => return Ok(Json(consents)),
            Err(error) => again(&app, error, attempt).await?,
        }
    }
}

async fn answer(
    app: &App,
    agreement: &Agreement,
    party: Oin,
    trace: &Trace,
    asked: &SearchConsents,
) -> Result<Result<Consents, WriteError<Unwritten>>, Refusal> {
    let keyring = app.keyring.load_full();
    let mut record = app.record(agreement, Event::ConsentsRead, party, Some(trace));
    record.actor = asked.actor.as_ref().map(asserted);
    let Known { subject, .. } = known(app, &keyring, &asked.subject).await?;
    let is_registrar = agreement.consent().registrars.contains(&party);
    if !is_registrar && !has_professionals(agreement, party) {
        return deny(app, &keyring, record, Undeclared::NotRegistrar, subject).await;
    }
    let reference = app.reference();
    let done = app
        .store
        .write("search_consents", move |tx| {
            check_generations(tx, &keyring.live)?;
            let mut record = record.clone();
            let Some(subject) = subject else {
                record.count = Some(0);
                return Ok((Vec::new(), act(&record)?));
            };
            let mut found = tx.read().consents_of(subject)?;
            found.retain(|consent| is_registrar || consent.recorded_by == party);
            record.count = Some(found.len() as u64);
            Ok((found, act_about(record, subject, reference)?))
        })
        .await;
    Ok(done.map(|done| Consents { consents: done.value.into_iter().map(shown).collect() }))
}

/// Whether people of this kind of partner may record choices.
fn has_professionals(agreement: &Agreement, party: Oin) -> bool {
    agreement.partner(party).is_some_and(|partner| {
        let mut roles = agreement.consent().professionals.iter();
        roles.any(|role| agreement.role(role).is_some_and(|rules| rules.kinds.contains(&partner.kind)))
    })
}

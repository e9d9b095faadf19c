//! `/v1/mandates…`: the partner's own systems keep the register of mandates, for people whom the partner identified. The numbers
//! stay here; the switchboard gets elements.

pub(super) mod asking;
mod terms;

use actix_web::HttpResponse;
use kw_domain::BirthDate;
use kw_ledger::Event;
use kw_protocol::mandate::local::{
    ConfirmationRequest, MandateRequest, MandateSearch, MandateWithdrawalRequest,
};
use kw_protocol::mandate::{
    ConfirmMandate, Mandate, Mandates, RegisterMandate, RegisteredMandate, SearchMandates, WithdrawMandate,
};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Refusal, Trace};

use self::asking::{People, person};
use self::terms::{Given, terms};
use crate::app::Own;

/// Registers a mandate. With the birth date of the represented person its age band and its end follow from the agreement.
#[utoipa::path(
    post,
    path = "/v1/mandates",
    operation_id = "registerMandate",
    tag = "local",
    security(("token" = [])),
    request_body = MandateRequest,
    responses(
        (status = 200, description = "The mandate, or the same one that was there.", body = RegisteredMandate),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`denied`: not a registrar of this kind", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: another mandate of this kind between them", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn register(
    own: Own,
    trace: Trace,
    body: Body<MandateRequest>,
) -> Result<HttpResponse, Refusal> {
    let (app, asked) = (&own.0, body.0);
    let agreement = app.agreement.current();
    let rules = agreement
        .representation()
        .kinds
        .get(&asked.kind)
        .ok_or_else(|| Refusal::new(ProblemCode::Denied, "The agreement has no such kind of mandate."))?;
    let mut refusal = invalid();
    let representative = person(app, &asked.representative, "/representative", &mut refusal);
    let represented = person(app, &asked.represented, "/represented", &mut refusal);
    let birth_date = match asked.birth_date.as_deref().map(BirthDate::parse).transpose() {
        Ok(birth_date) => birth_date,
        Err(error) => {
            refusal = refusal.field("/birthDate", error.to_string());
            None
        }
    };
    let (Some(representative), Some(represented)) = (representative, represented) else {
        return Err(refusal);
    };
    refusal.if_any()?;
    let given = Given { birth_date, age_band: asked.age_band.as_deref(), valid_until: asked.valid_until };
    let (age_band, valid_until) = terms(rules, &given, app.clock.now())
        .map_err(|(pointer, expected)| invalid().field(pointer, expected))?;

    let mut record = app.new_record(Event::MandateRequested, &agreement, &trace);
    record.categories.clone_from(&asked.categories);
    let people = People { about: represented.clone(), all: vec![representative, represented] };
    let registered = people
        .ask(app, record, |clients, elements| {
            let [representative, represented] = elements.try_into().map_err(|_| asking::NO_ELEMENT)?;
            let mandate = RegisterMandate {
                representative,
                represented,
                kind: asked.kind,
                age_band: age_band.clone(),
                categories: asked.categories.clone(),
                acts: asked.acts.clone(),
                valid_until,
            };
            Ok(async move { clients.register_mandate(&mandate).await })
        })
        .await?;
    Ok(HttpResponse::Ok().json(registered))
}

/// Confirms a mandate for somebody whom this organisation identified.
#[utoipa::path(
    post,
    path = "/v1/mandates/_confirm",
    operation_id = "confirmMandate",
    tag = "local",
    security(("token" = [])),
    request_body = ConfirmationRequest,
    responses(
        (status = 200, description = "The mandate as it is now.", body = Mandate),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: no such mandate of this person", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: it has ended", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn confirm(
    own: Own,
    trace: Trace,
    body: Body<ConfirmationRequest>,
) -> Result<HttpResponse, Refusal> {
    let (app, asked) = (&own.0, body.0);
    let mut refusal = invalid();
    let Some(subject) = person(app, &asked.subject, "/subject", &mut refusal) else { return Err(refusal) };
    let record = app.new_record(Event::MandateConfirmed, &app.agreement.current(), &trace);
    let confirmed = People::one(subject)
        .ask(app, record, |clients, elements| {
            let [subject] = elements.try_into().map_err(|_| asking::NO_ELEMENT)?;
            let confirmation = ConfirmMandate { side: asked.side, subject };
            Ok(async move { clients.confirm_mandate(asked.mandate, &confirmation).await })
        })
        .await?;
    Ok(HttpResponse::Ok().json(confirmed))
}

/// Takes a mandate back, for somebody whom this organisation identified or for itself.
#[utoipa::path(
    post,
    path = "/v1/mandates/_withdraw",
    operation_id = "withdrawMandate",
    tag = "local",
    security(("token" = [])),
    request_body = MandateWithdrawalRequest,
    responses(
        (status = 200, description = "What is left of it.", body = Mandate),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: no such mandate of this person", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn withdraw(
    own: Own,
    trace: Trace,
    body: Body<MandateWithdrawalRequest>,
) -> Result<HttpResponse, Refusal> {
    let (app, asked) = (&own.0, body.0);
    let mut refusal = invalid();
    let record = app.new_record(Event::MandateEnded, &app.agreement.current(), &trace);
    let (Some(side), Some(subject)) = (asked.side, &asked.subject) else {
        if asked.side.is_some() || asked.subject.is_some() {
            return Err(refusal.field("/subject", "expected a side with its person, or none of the two"));
        }
        let left = asking::for_itself(app, record, |clients| async move {
            clients.withdraw_mandate(asked.mandate, &WithdrawMandate::default()).await
        });
        return Ok(HttpResponse::Ok().json(left.await?));
    };
    let Some(subject) = person(app, subject, "/subject", &mut refusal) else { return Err(refusal) };
    let left = People::one(subject)
        .ask(app, record, |clients, mut elements| {
            let withdrawal = WithdrawMandate { side: Some(side), subject: elements.pop() };
            Ok(async move { clients.withdraw_mandate(asked.mandate, &withdrawal).await })
        })
        .await?;
    Ok(HttpResponse::Ok().json(left))
}

/// Lists the mandates of somebody whom this organisation identified, of the kinds that it registers.
#[utoipa::path(
    post,
    path = "/v1/mandates/_search",
    operation_id = "searchMandates",
    tag = "local",
    security(("token" = [])),
    request_body = MandateSearch,
    responses(
        (status = 200, description = "The mandates; never who the other side is.", body = Mandates),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`denied`: not a registrar", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`budget-exhausted`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn search(
    own: Own,
    trace: Trace,
    body: Body<MandateSearch>,
) -> Result<HttpResponse, Refusal> {
    let (app, asked) = (&own.0, body.0);
    let mut refusal = invalid();
    let Some(subject) = person(app, &asked.subject, "/subject", &mut refusal) else { return Err(refusal) };
    let record = app.new_record(Event::MandatesRead, &app.agreement.current(), &trace);
    let found = People::one(subject)
        .ask(app, record, |clients, elements| {
            let [subject] = elements.try_into().map_err(|_| asking::NO_ELEMENT)?;
            let search = SearchMandates { subject, side: asked.side };
            Ok(async move { clients.search_mandates(&search).await })
        })
        .await?;
    Ok(HttpResponse::Ok().json(found))
}

fn invalid() -> Refusal {
    Refusal::new(ProblemCode::Invalid, "Correct the fields and send it again.")
}

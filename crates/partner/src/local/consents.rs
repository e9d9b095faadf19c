//! `POST /v1/consents…`: the partner's own systems lay down what a person chose, take it back, and show what is on record.

use actix_web::HttpResponse;
use actix_web::web::Path;
use kw_domain::{ConsentId, Subject};
use kw_ledger::{Event, RecordedActor};
use kw_protocol::consent::{Consent, Consents, Declaration, RecordConsent, SearchConsents, WithdrawConsent};
use kw_protocol::local::choices::{
    ConsentRequest, ConsentSearchRequest, ConsentWithdrawalRequest, LocalDeclaration,
};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_protocol::query::Actor;
use kw_runtime::{Body, Refusal, Trace};

use crate::app::{About, App, Own, append};
use crate::elements::{element, subject};
use crate::refusals;

/// Records one choice of a person, at the switchboard.
#[utoipa::path(
    post,
    path = "/v1/consents",
    operation_id = "recordConsent",
    tag = "local",
    security(("token" = [])),
    request_body = ConsentRequest,
    responses(
        (status = 201, description = "It is on record.", body = Consent),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`denied`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn record(
    own: Own,
    trace: Trace,
    body: Body<ConsentRequest>,
) -> Result<HttpResponse, Refusal> {
    let (app, request) = (&own.0, body.0);
    let person = subject(app, "/subject", &request.subject)?;
    let declared = declaration(app, &request.declared).await?;
    let categories = request.category.iter().cloned().collect();
    note(app, &trace, Event::ConsentRecorded, &person, request.declared.actor.as_ref(), categories).await?;
    let consent = RecordConsent {
        subject: element(app, &person).await?,
        verdict: request.verdict,
        holder: request.holder,
        holder_kind: request.holder_kind,
        category: request.category,
        requester: request.requester,
        requester_kind: request.requester_kind,
        declared,
        evidence: request.evidence,
        valid_until: request.valid_until,
    };
    let clients = app.services()?;
    let recorded = clients.switchboard.record_consent(&consent).await;
    let recorded: Consent = recorded.map_err(|error| refusals::of_client("switchboard", &error))?;
    Ok(HttpResponse::Created().json(recorded))
}

/// Takes one choice of a person back.
#[utoipa::path(
    post,
    path = "/v1/consents/{id}/withdrawal",
    operation_id = "withdrawConsent",
    tag = "local",
    security(("token" = [])),
    params(("id" = String, Path, description = "The choice")),
    request_body = ConsentWithdrawalRequest,
    responses(
        (status = 200, description = "It does not count any more.", body = Consent),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`denied`", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn withdraw(
    own: Own,
    trace: Trace,
    id: Path<String>,
    body: Body<ConsentWithdrawalRequest>,
) -> Result<HttpResponse, Refusal> {
    let (app, request) = (&own.0, body.0);
    let id = ConsentId::parse(&id).map_err(|_| {
        Refusal::new(ProblemCode::NotFound, "There is no such choice. List the person's choices.")
    })?;
    let person = subject(app, "/subject", &request.subject)?;
    let declared = declaration(app, &request.declared).await?;
    let actor = request.declared.actor.as_ref();
    note(app, &trace, Event::ConsentWithdrawn, &person, actor, Vec::new()).await?;
    let withdrawal = WithdrawConsent { subject: element(app, &person).await?, declared };
    let clients = app.services()?;
    let withdrawn = clients.switchboard.withdraw_consent(id, &withdrawal).await;
    let withdrawn: Consent = withdrawn.map_err(|error| refusals::of_client("switchboard", &error))?;
    Ok(HttpResponse::Ok().json(withdrawn))
}

/// Shows the choices of a person.
#[utoipa::path(
    post,
    path = "/v1/consents/_search",
    operation_id = "searchConsents",
    tag = "local",
    security(("token" = [])),
    request_body = ConsentSearchRequest,
    responses(
        (status = 200, description = "What is on record.", body = Consents),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`denied`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn search(
    own: Own,
    trace: Trace,
    body: Body<ConsentSearchRequest>,
) -> Result<HttpResponse, Refusal> {
    let (app, request) = (&own.0, body.0);
    let person = subject(app, "/subject", &request.subject)?;
    note(app, &trace, Event::ConsentsRead, &person, request.actor.as_ref(), Vec::new()).await?;
    let search = SearchConsents { subject: element(app, &person).await?, actor: request.actor };
    let clients = app.services()?;
    let found = clients.switchboard.search_consents(&search).await;
    let found: Consents = found.map_err(|error| refusals::of_client("switchboard", &error))?;
    Ok(HttpResponse::Ok().json(found))
}

/// A declaration as it goes to the switchboard.
pub(super) async fn declaration(app: &App, given: &LocalDeclaration) -> Result<Declaration, Refusal> {
    let representative = match &given.representative {
        Some(text) => {
            let person = subject(app, "/declared/representative", text)?;
            Some(element(app, &person).await?)
        }
        None => None,
    };
    Ok(Declaration {
        given_by: given.given_by,
        mandate: given.mandate,
        representative,
        actor: given.actor.clone(),
    })
}

/// The partner's own record of what it does for a person, before it does it.
pub(super) async fn note(
    app: &App,
    trace: &Trace,
    event: Event,
    person: &Subject,
    actor: Option<&Actor>,
    categories: Vec<kw_domain::Category>,
) -> Result<(), Refusal> {
    let mut record = app.new_record(event, &app.agreement.current(), trace);
    record.actor = actor.map(|actor| RecordedActor {
        assurance: "asserted".to_owned(),
        id: actor.id.clone(),
        role: actor.role.clone(),
    });
    record.categories = categories;
    record.subject = Some(app.vault.entropy().id(record.at));
    let about = About { asked: Some(app.vault.asked_key(person)), receipt: None };
    append(&app.store, record, about).await.map_err(|()| {
        let detail = "The partner's own ledger cannot record this, so nothing was done. Try again.";
        Refusal::new(ProblemCode::Unavailable, detail)
    })
}

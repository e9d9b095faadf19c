//! `POST /v1/delegations`: a partner asks that a supplier may act for it.

use actix_web::HttpResponse;
use actix_web::web::Data;
use kw_domain::DelegationId;
use kw_ledger::Event;
use kw_protocol::delegation::{Delegation, RequestDelegation};
use kw_protocol::problem::Problem;
use kw_runtime::{Body, Party, Refusal, Trace};
use kw_store::StoredDelegation;

use super::rules::check;
use super::{changed, shown};
use crate::app::{App, act, not_written, recorded_actor};
use crate::proving::require_signed_in;

/// Asks for a mandate. It counts when two people of the partner approved it.
#[utoipa::path(
    post, path = "/v1/delegations", tag = "delegations", request_body = RequestDelegation,
    responses(
        (status = 201, description = "The mandate, not yet approved", body = Delegation),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn request(
    app: Data<App>,
    party: Party,
    trace: Trace,
    body: Body<RequestDelegation>,
) -> Result<HttpResponse, Refusal> {
    let (agreement, now, asked) = (app.agreement.current(), app.now(), body.0);
    require_signed_in(&app, &agreement, party.oin, &asked.actor).await?;
    check(&agreement, party.oin, &asked, now)?;
    let delegation = StoredDelegation {
        id: app.entropy.id::<DelegationId>(now),
        principal: party.oin,
        supplier: asked.supplier,
        scopes: asked.scopes.iter().copied().collect(),
        requested_at: now,
        valid_until: asked.valid_until,
        first_approver: None,
        second_approver: None,
        ended_at: None,
    };
    let mut record = app.record(&agreement, Event::DelegationRequested, &party, Some(&trace));
    record.actor = Some(recorded_actor(&asked.actor));
    record.holders = vec![delegation.supplier];
    let (stored, signals) = (delegation.clone(), changed(&app, &delegation, now));
    app.store
        .write("request_delegation", move |tx| {
            tx.write().insert_delegation(&stored)?;
            tx.write().emit(&signals)?;
            Ok(((), act(&record)?))
        })
        .await
        .map_err(not_written)?;
    Ok(HttpResponse::Created().json(shown(&delegation, now)))
}

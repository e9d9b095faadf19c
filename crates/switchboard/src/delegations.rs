//! Which software supplier may act for which partner: asked for by the partner, approved by two of its people, ended by
//! either side at once.

mod approve;
mod end;
mod list;
mod register;
mod request;
mod rules;
mod show;

use actix_web::web::{self, ServiceConfig};
use kw_domain::{DelegationId, Instant};
use kw_protocol::delegation::Delegation;
use kw_protocol::problem::ProblemCode;
use kw_protocol::signal::SignalType;
use kw_runtime::Refusal;
use kw_store::StoredDelegation;
use kw_store::switchboard::NewSignal;

use crate::app::App;

pub(crate) use approve::{__path_approve, approve};
pub(crate) use end::{__path_end, end};
pub(crate) use list::{__path_list, list};
pub(crate) use register::Register;
pub(crate) use request::{__path_request, request};
pub(crate) use show::{__path_show, show};

/// The routes under `/v1` of the service listener.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/delegations").get(list).post(request))
        .service(web::resource("/v1/delegations/{id}").get(show))
        .service(web::resource("/v1/delegations/{id}/approvals").post(approve))
        .service(web::resource("/v1/delegations/{id}/end").post(end));
}

fn delegation_id(text: &str) -> Result<DelegationId, Refusal> {
    DelegationId::parse(text).map_err(|_| not_found())
}

/// Somebody else's looks like none.
fn not_found() -> Refusal {
    Refusal::new(ProblemCode::NotFound, "Your organisation has no mandate with this id.")
}

/// That a mandate was asked for, approved or ended, for both of its sides.
fn changed(app: &App, delegation: &StoredDelegation, at: Instant) -> [NewSignal; 2] {
    let about = *delegation.id.as_bytes();
    [delegation.principal, delegation.supplier]
        .map(|side| app.signal(side, SignalType::DelegationChanged, about, at))
}

fn shown(delegation: &StoredDelegation, now: Instant) -> Delegation {
    let approvals = [&delegation.first_approver, &delegation.second_approver];
    Delegation {
        id: delegation.id,
        principal: delegation.principal,
        supplier: delegation.supplier,
        scopes: delegation.scopes.iter().copied().collect(),
        status: delegation.status(now),
        approvals: approvals.into_iter().flatten().count() as u8,
        requested_at: delegation.requested_at,
        valid_until: delegation.valid_until,
    }
}

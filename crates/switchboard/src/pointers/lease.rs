//! `POST /v1/leases`: a partner's sign of life.

use actix_web::web::{Data, Json};
use kw_ledger::Event;
use kw_protocol::pointer::Lease;
use kw_protocol::problem::Problem;
use kw_runtime::{Refusal, Registering, Trace};

use crate::app::{App, act, not_written};

/// Extends the caller's lease. Without one, its pointers lapse.
#[utoipa::path(
    post, path = "/v1/leases", tag = "pointers",
    responses(
        (status = 200, description = "The lease as it is now", body = Lease),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn renew_lease(
    app: Data<App>,
    party: Registering,
    trace: Trace,
) -> Result<Json<Lease>, Refusal> {
    let (agreement, holder) = (app.agreement.current(), party.oin);
    let valid_until = app.now().plus(agreement.lease_term());
    let record = app.record(&agreement, Event::LeaseRenewed, &party.0, Some(&trace));
    let now = app.now();
    let done = app
        .store
        .write("renew_lease", move |tx| {
            let ran_out = tx.read().lease(holder)?.is_some_and(|until| until <= now);
            tx.write().renew_lease(holder, valid_until)?;
            Ok((ran_out, act(&record)?))
        })
        .await
        .map_err(not_written)?;
    if done.value {
        app.sweep.again().want();
    }
    Ok(Json(Lease { valid_until }))
}

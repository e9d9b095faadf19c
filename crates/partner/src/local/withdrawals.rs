//! `POST /v1/withdrawals`: an operator takes pointers back by hand.
//!
//! A pointer that was taken back by hand stays away for as long as its record stays at the source: the partner's own
//! tables keep the record as suppressed, so no sync registers it again before somebody registers it by hand.

use actix_web::HttpResponse;
use kw_domain::{PointerId, Subject};
use kw_ledger::Event;
use kw_protocol::local::WithdrawalRequest;
use kw_protocol::pointer::{WithdrawMany, WithdrawPointer, WithdrawalReason, WithdrawnMany};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Refusal, Trace};

use super::registrations::record_keys;
use super::syncs::unfinished;
use crate::app::{App, Own};
use crate::refusals;

/// Takes pointers back.
#[utoipa::path(
    post,
    path = "/v1/withdrawals",
    operation_id = "withdraw",
    tag = "local",
    security(("token" = [])),
    request_body = WithdrawalRequest,
    responses(
        (status = 200, description = "How many were taken back.", body = WithdrawnMany),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`count-mismatch`, `illegal-transition`", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn withdraw(
    own: Own,
    trace: Trace,
    body: Body<WithdrawalRequest>,
) -> Result<HttpResponse, Refusal> {
    let app = &own.0;
    let withdrawn = match body.0 {
        WithdrawalRequest::Many { selector, expected_count, reason } => {
            many(app, &trace, WithdrawMany { selector, expected_count, reason }).await?
        }
        WithdrawalRequest::Pointer { pointer, reason } => one(app, &trace, pointer, reason).await?,
        WithdrawalRequest::Record { source, category, record, subject, reason } => {
            let nothing = || {
                Refusal::new(
                    ProblemCode::NotFound,
                    "No such record is registered. Say whom it is about, or give the pointer's id instead.",
                )
            };
            let subject = subject.map(|subject| {
                let wrong =
                    Refusal::new(ProblemCode::Invalid, "Correct the field and send the withdrawal again.");
                Subject::parse(&subject).map_err(|error| wrong.field("/subject", error.to_string()))
            });
            let keys = record_keys(app, &source, &category, &record, subject.transpose()?.as_ref());
            let found = app.store.read(move |tables| {
                for key in &keys {
                    if let Some(record) = tables.record_by_key(&source, &category, key)? {
                        return Ok(Some(record));
                    }
                }
                Ok(None)
            });
            let found = found.await.map_err(Refusal::fault)?;
            let pointer = found.and_then(|record| record.pointer).ok_or_else(nothing)?;
            one(app, &trace, pointer, reason).await?
        }
    };
    Ok(HttpResponse::Ok().json(withdrawn))
}

async fn many(app: &App, trace: &Trace, withdrawal: WithdrawMany) -> Result<WithdrawnMany, Refusal> {
    let mut record = app.new_record(Event::PointersWithdrawn, &app.agreement.current(), trace);
    record.categories = withdrawal.selector.category.iter().cloned().collect();
    record.count = Some(withdrawal.expected_count);
    app.record(record).await?;
    let clients = app.services()?;
    let withdrawn = clients
        .switchboard
        .withdraw_many(&withdrawal)
        .await
        .map_err(|error| refusals::of_client("switchboard", &error))?;
    let suppressing = app.synchroniser.suppress_withdrawn(&withdrawal.selector);
    suppressing.await.map_err(|error| unfinished(&error))?;
    Ok(withdrawn)
}

async fn one(
    app: &App,
    trace: &Trace,
    pointer: PointerId,
    reason: WithdrawalReason,
) -> Result<WithdrawnMany, Refusal> {
    // From here on no sync registers it again, and its withdrawal is in the outbox whatever becomes of this call.
    let suppressed = app.synchroniser.suppress(pointer, reason).await.map_err(|error| unfinished(&error))?;
    if !suppressed {
        let mut record = app.new_record(Event::PointerWithdrawn, &app.agreement.current(), trace);
        record.count = Some(1);
        app.record(record).await?;
    }
    let clients = app.services()?;
    let told = clients.switchboard.withdraw(pointer, &WithdrawPointer { reason }).await;
    told.map_err(|error| refusals::of_client("switchboard", &error))?;
    Ok(WithdrawnMany { withdrawn: 1 })
}

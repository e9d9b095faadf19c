//! `POST /v1/subscriptions/{id}/_verify`: a party's address is asked again whether it agrees.

use actix_web::web::{Data, Json, Path};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_protocol::subscription::{DeliveryFailure, Subscription};
use kw_runtime::{Member, Refusal, Trace};
use kw_store::Abort;

use super::{changed, ended, not_found, own, shown, subscriber, subscription_id};
use crate::app::{App, act, not_read, not_written};

/// Asks the address of one of the caller's own subscriptions whether it agrees. When it does, what waits is delivered at once;
/// when it says no, nothing is delivered there any more; when it does not answer, nothing changes but the reason.
#[utoipa::path(
    post, path = "/v1/subscriptions/{id}/_verify", tag = "subscriptions",
    params(("id" = String, Path, description = "The subscription")),
    responses(
        (status = 200, description = "The subscription as it is now", body = Subscription),
        (status = 404, description = "Not one of yours", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It has ended, or has no address", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was changed", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn verify_subscription(
    app: Data<App>,
    member: Member,
    trace: Trace,
    id: Path<String>,
) -> Result<Json<Subscription>, Refusal> {
    let (party, id) = (subscriber(&member)?, subscription_id(&id)?);
    let found = app.store.read(move |index| own(index, party, id)).await.map_err(not_read)?;
    let one = found.ok_or_else(not_found)?;
    if one.ended_at.is_some() {
        return Err(ended());
    }
    app.charge_rare(party)?;
    let sink = one.sink.ok_or_else(|| {
        Refusal::new(ProblemCode::Conflict, "This subscription has no address: it is read from the feed.")
    })?;
    let asked = app.deliveries.client(&app, party).await?.verify(&sink).await;
    let (agreement, now) = (app.agreement.current(), app.now());
    let record = changed(&app, &agreement, party, &trace);
    let done = app
        .store
        .write("verify_subscription", move |tx| {
            let mut one = own(tx.read(), party, id)?.ok_or_else(|| Abort::Refused(not_found()))?;
            if one.ended_at.is_some() {
                return Err(Abort::Refused(ended()));
            }
            match &asked {
                Ok(allowed) => {
                    one.verified_at = Some(now);
                    one.allowed_rate = allowed.rate;
                    one.attempts = 0;
                    one.failure = None;
                    one.next_attempt_at = now;
                }
                Err(undelivered) => {
                    one.failure = Some(undelivered.failure);
                    if says_no(undelivered.failure) {
                        one.verified_at = None;
                    }
                }
            }
            tx.write().update_subscription(&one)?;
            let dead_letters = tx.read().count_dead_letters(id)?;
            Ok((shown(one, dead_letters), act(&record)?))
        })
        .await
        .map_err(not_written)?;
    Ok(Json(done.value))
}

/// Whether an answer is one that time will not change.
fn says_no(failure: DeliveryFailure) -> bool {
    match failure {
        DeliveryFailure::Gone
        | DeliveryFailure::NotAllowed
        | DeliveryFailure::OtherParty
        | DeliveryFailure::Redirected
        | DeliveryFailure::Refused => true,
        DeliveryFailure::Broken
        | DeliveryFailure::Throttled
        | DeliveryFailure::TimedOut
        | DeliveryFailure::Unreachable => false,
    }
}

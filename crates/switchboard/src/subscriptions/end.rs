//! `POST /v1/subscriptions/{id}/_end`: a party wants no more.

use actix_web::web::{Data, Json, Path};
use kw_protocol::problem::Problem;
use kw_protocol::subscription::Subscription;
use kw_runtime::{Member, Refusal, Trace};
use kw_store::Abort;

use super::{changed, ended, not_found, own, shown, subscriber, subscription_id};
use crate::app::{App, act, not_written};

/// Ends one of the caller's own subscriptions. A signal that is under way may still arrive.
#[utoipa::path(
    post, path = "/v1/subscriptions/{id}/_end", tag = "subscriptions",
    params(("id" = String, Path, description = "The subscription")),
    responses(
        (status = 200, description = "It has ended", body = Subscription),
        (status = 404, description = "Not one of yours", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "It had ended already", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was changed", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn end_subscription(
    app: Data<App>,
    member: Member,
    trace: Trace,
    id: Path<String>,
) -> Result<Json<Subscription>, Refusal> {
    let (party, id, now) = (subscriber(&member)?, subscription_id(&id)?, app.now());
    let agreement = app.agreement.current();
    let record = changed(&app, &agreement, party, &trace);
    let done = app
        .store
        .write("end_subscription", move |tx| {
            let mut one = own(tx.read(), party, id)?.ok_or_else(|| Abort::Refused(not_found()))?;
            if one.ended_at.is_some() {
                return Err(Abort::Refused(ended()));
            }
            one.ended_at = Some(now);
            tx.write().update_subscription(&one)?;
            tx.write().mark_dead_letters(id, None, false)?;
            let dead_letters = tx.read().count_dead_letters(id)?;
            Ok((shown(one, dead_letters), act(&record)?))
        })
        .await
        .map_err(not_written)?;
    Ok(Json(done.value))
}

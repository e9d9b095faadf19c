//! `GET /v1/subscriptions`: a party sees its own. They say nothing about persons, so reading leaves no record.

use actix_web::web::{Data, Json, Path};
use kw_protocol::problem::Problem;
use kw_protocol::subscription::{Subscription, Subscriptions};
use kw_runtime::{Member, Refusal};

use super::{not_found, own, shown, subscriber, subscription_id};
use crate::app::{App, not_read};

/// All live ones and the latest that ended: a party has few.
const AT_MOST: u32 = 100;

/// Lists the caller's own subscriptions, newest first.
#[utoipa::path(
    get, path = "/v1/subscriptions", tag = "subscriptions",
    responses(
        (status = 200, description = "At most 100", body = Subscriptions),
        (status = 403, description = "Neither a partner nor an auditor", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list_subscriptions(
    app: Data<App>,
    member: Member,
) -> Result<Json<Subscriptions>, Refusal> {
    let party = subscriber(&member)?;
    let found = app
        .store
        .read(move |index| {
            let mut found = Vec::new();
            for one in index.subscriptions_of(party, AT_MOST)? {
                let dead_letters = index.count_dead_letters(one.id)?;
                found.push(shown(one, dead_letters));
            }
            Ok(found)
        })
        .await
        .map_err(not_read)?;
    Ok(Json(Subscriptions { subscriptions: found }))
}

/// Reads one of the caller's own subscriptions.
#[utoipa::path(
    get, path = "/v1/subscriptions/{id}", tag = "subscriptions",
    params(("id" = String, Path, description = "The subscription")),
    responses(
        (status = 200, description = "The subscription", body = Subscription),
        (status = 404, description = "Not one of yours", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn read_subscription(
    app: Data<App>,
    member: Member,
    id: Path<String>,
) -> Result<Json<Subscription>, Refusal> {
    let (party, id) = (subscriber(&member)?, subscription_id(&id)?);
    let found = app
        .store
        .read(move |index| {
            let dead_letters = index.count_dead_letters(id)?;
            Ok(own(index, party, id)?.map(|one| shown(one, dead_letters)))
        })
        .await
        .map_err(not_read)?;
    found.map(Json).ok_or_else(not_found)
}

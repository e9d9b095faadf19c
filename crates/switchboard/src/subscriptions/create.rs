//! `POST /v1/subscriptions`: a partner or an auditor asks for signals at its own address, or names what its feed should have.

use actix_web::HttpResponse;
use actix_web::web::Data;
use kw_client::sink_mistake;
use kw_domain::{Bsn, Oin};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_protocol::subscription::{CreateSubscription, MOST_LIVE, Subscription};
use kw_runtime::{Body, Member, Refusal, Trace};
use kw_store::Abort;
use kw_store::switchboard::{StoredSubscription, SwitchboardRead};

use super::{changed, shown, subscriber};
use crate::app::{App, act, not_read, not_written};

/// Subscribes from now on. An address is asked at once whether it agrees; until it does, nothing is delivered there and what
/// the subscriber is told waits.
#[utoipa::path(
    post, path = "/v1/subscriptions", tag = "subscriptions", request_body = CreateSubscription,
    responses(
        (status = 201, description = "The subscription: `active`, or `unverified` with the reason", body = Subscription),
        (status = 400, description = "The request is invalid", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Neither a partner nor an auditor", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "There are as many as can be", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Nothing was changed", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_subscription(
    app: Data<App>,
    member: Member,
    trace: Trace,
    body: Body<CreateSubscription>,
) -> Result<HttpResponse, Refusal> {
    let party = subscriber(&member)?;
    check(&body.0)?;
    app.charge_rare(party)?;
    let live = app.store.read(move |index| index.count_live_subscriptions(party)).await.map_err(not_read)?;
    if live >= MOST_LIVE {
        return Err(full());
    }
    let mut new = fresh(&app, party, &body.0);
    if let Some(sink) = &body.0.sink {
        match app.deliveries.client(&app, party).await?.verify(sink).await {
            Ok(allowed) => {
                new.verified_at = Some(app.now());
                new.allowed_rate = allowed.rate;
            }
            Err(undelivered) => new.failure = Some(undelivered.failure),
        }
    }
    let agreement = app.agreement.current();
    let record = changed(&app, &agreement, party, &trace);
    let done = app
        .store
        .write("create_subscription", move |tx| {
            if tx.read().count_live_subscriptions(party)? >= MOST_LIVE {
                return Err(Abort::Refused(full()));
            }
            let mut new = new.clone();
            new.reached = head(tx.read(), party)?;
            tx.write().insert_subscription(&new)?;
            Ok((new, act(&record)?))
        })
        .await
        .map_err(not_written)?;
    app.wishes.add(&done.value);
    Ok(HttpResponse::Created().json(shown(done.value, 0)))
}

fn check(asked: &CreateSubscription) -> Result<(), Refusal> {
    let mut refusal = Refusal::new(ProblemCode::Invalid, "The subscription cannot be made.");
    if let Some(mistake) = asked.sink.as_deref().and_then(sink_mistake) {
        refusal = refusal.field("/sink", mistake);
    }
    for (pointer, text) in [("/sink", &asked.sink), ("/reference", &asked.reference)] {
        if text.as_deref().is_some_and(Bsn::occurs_in) {
            refusal = refusal.field(pointer, "expected no number that may be a BSN");
        }
    }
    for (pointer, expected) in asked.mistakes() {
        refusal = refusal.field(pointer, expected);
    }
    refusal.if_any()
}

fn fresh(app: &App, subscriber: Oin, asked: &CreateSubscription) -> StoredSubscription {
    let now = app.now();
    StoredSubscription {
        id: app.entropy.id(now),
        subscriber,
        sink: asked.sink.clone(),
        types: asked.kinds(),
        filters: asked.filters.clone(),
        reference: asked.reference.clone(),
        created_at: now,
        verified_at: None,
        ended_at: None,
        allowed_rate: None,
        reached: 0,
        attempts: 0,
        next_attempt_at: now,
        failure: None,
        failing_since: None,
    }
}

fn head(index: &mut (impl SwitchboardRead + ?Sized), party: Oin) -> Result<u64, kw_store::StoreError> {
    let heads = index.signal_heads()?;
    Ok(heads.into_iter().find(|(recipient, _)| *recipient == party).map_or(0, |(_, number)| number))
}

fn full() -> Refusal {
    let detail =
        format!("Your organisation has {MOST_LIVE} live subscriptions, which is the most. End one first.");
    Refusal::new(ProblemCode::Conflict, detail)
}

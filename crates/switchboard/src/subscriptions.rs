//! Subscriptions: parties to whose own address signals are delivered, or who name what their feed should have.

mod create;
mod dead_letters;
mod delivering;
mod end;
mod progress;
mod read;
mod settings;
mod verify;
mod wishes;
mod work;

use actix_web::web::{self, ServiceConfig};
use kw_agreement::Agreement;
use kw_domain::{Oin, SubscriptionId};
use kw_ledger::{AccessRecord, Event};
use kw_protocol::problem::ProblemCode;
use kw_protocol::subscription::Subscription;
use kw_runtime::{Member, Membership, Refusal, Trace};
use kw_store::StoreError;
use kw_store::switchboard::{StoredSubscription, SwitchboardRead};

pub(crate) use create::{__path_create_subscription, create_subscription};
pub(crate) use dead_letters::{
    __path_list_dead_letters, __path_replay_dead_letters, list_dead_letters, replay_dead_letters,
};
pub(crate) use delivering::{Deliveries, INTERVAL, deliver};
pub(crate) use end::{__path_end_subscription, end_subscription};
pub(crate) use read::{
    __path_list_subscriptions, __path_read_subscription, list_subscriptions, read_subscription,
};
pub use settings::DeliverySettings;
pub(crate) use verify::{__path_verify_subscription, verify_subscription};
pub(crate) use wishes::{Telling, Wishes};

use crate::app::App;

/// The routes under `/v1` of the service listener.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/subscriptions").get(list_subscriptions).post(create_subscription))
        .service(web::resource("/v1/subscriptions/{id}").get(read_subscription))
        .service(web::resource("/v1/subscriptions/{id}/_end").post(end_subscription))
        .service(web::resource("/v1/subscriptions/{id}/_replay").post(replay_dead_letters))
        .service(web::resource("/v1/subscriptions/{id}/_verify").post(verify_subscription))
        .service(web::resource("/v1/subscriptions/{id}/dead-letters").get(list_dead_letters));
}

/// Who may subscribe: whoever has a feed.
fn subscriber(member: &Member) -> Result<Oin, Refusal> {
    match member.membership {
        Membership::Auditor | Membership::Partner => Ok(member.oin),
        Membership::Pseudonymiser | Membership::Switchboard => {
            Err(Refusal::new(ProblemCode::Denied, "Signals are for partners and auditors."))
        }
    }
}

/// Whether the agreement still lets this party hear anything.
fn admitted(agreement: &Agreement, party: Oin) -> bool {
    agreement.partner(party).map_or_else(|| agreement.auditor(party).is_some(), |partner| !partner.suspended)
}

fn subscription_id(text: &str) -> Result<SubscriptionId, Refusal> {
    SubscriptionId::parse(text).map_err(|_| not_found())
}

/// Somebody else's looks like none.
fn not_found() -> Refusal {
    Refusal::new(ProblemCode::NotFound, "Your organisation has no subscription with this id.")
}

fn ended() -> Refusal {
    Refusal::new(ProblemCode::Conflict, "This subscription has ended. Make a new one.")
}

/// One of the caller's own.
fn own(
    index: &mut (impl SwitchboardRead + ?Sized),
    subscriber: Oin,
    id: SubscriptionId,
) -> Result<Option<StoredSubscription>, StoreError> {
    Ok(index.subscription(id)?.filter(|found| found.subscriber == subscriber))
}

fn changed(app: &App, agreement: &Agreement, party: Oin, trace: &Trace) -> AccessRecord {
    let mut record = app.record(agreement, Event::SubscriptionChanged, party, Some(trace));
    record.count = Some(1);
    record
}

fn shown(stored: StoredSubscription, dead_letters: u64) -> Subscription {
    let waits = stored.attempts > 0 || stored.failing_since.is_some();
    Subscription {
        id: stored.id,
        subscriber: stored.subscriber,
        status: stored.status(),
        types: stored.types.iter().map(|kind| kind.event_type()).collect(),
        sink: stored.sink,
        filters: stored.filters,
        reference: stored.reference,
        created_at: stored.created_at,
        verified_at: stored.verified_at,
        ended_at: stored.ended_at,
        allowed_rate: stored.allowed_rate,
        reached: stored.reached.to_string(),
        attempts: stored.attempts,
        next_attempt_at: waits.then_some(stored.next_attempt_at),
        failure: stored.failure,
        failing_since: stored.failing_since,
        dead_letters,
    }
}

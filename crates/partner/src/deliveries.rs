//! `/v1/events` on the service listener: the switchboard delivers what this partner is told. Nobody else may.

use std::time::Duration;

use crate::app::App;
use crate::signals;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use kw_adapter::pulls::Consents;
use kw_protocol::problem::{Problem, ProblemCode};
use kw_protocol::signal::Signal;
use kw_protocol::subscription::CLOUDEVENTS_JSON;
use kw_runtime::http::{BodyLimit, BodyType};
use kw_runtime::{Body, Member, Membership, Refusal};

/// Where delivered signals go.
pub(crate) struct Receiver {
    pub(crate) app: Data<App>,
    pub(crate) consents: Consents,
}

/// The route on the service listener.
pub(crate) fn routes(config: &mut ServiceConfig, receiver: Data<Receiver>) {
    config.service(
        web::resource("/v1/events")
            .app_data(receiver)
            .app_data(BodyLimit(LARGEST))
            .app_data(BodyType(CLOUDEVENTS_JSON))
            .route(web::method(actix_web::http::Method::OPTIONS).to(agree))
            .route(web::post().to(receive)),
    );
}

/// Agrees to be delivered at by the chain's switchboard (HTTP 1.1 Web Hooks for Event Delivery, CloudEvents 1.0).
#[utoipa::path(
    options, path = "/v1/events", operation_id = "agreeToEvents", tag = "events",
    params(
        ("WebHook-Request-Origin" = String, Header, description = "How the sender names itself"),
        ("WebHook-Request-Rate" = Option<u32>, Header, description = "How many a minute it would send"),
    ),
    responses(
        (status = 200, description = "Agreed: `WebHook-Allowed-Origin` and `WebHook-Allowed-Rate` say for whom and how fast"),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`denied`: not the chain's switchboard", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn agree(member: Member, request: HttpRequest) -> Result<HttpResponse, Refusal> {
    only_switchboard(&member)?;
    let origin = request.headers().get(REQUEST_ORIGIN).ok_or_else(|| {
        Refusal::new(ProblemCode::Invalid, "The sender does not say who it is.")
            .field("WebHook-Request-Origin", "expected the sender's name")
    })?;
    Ok(HttpResponse::Ok()
        .insert_header((ALLOWED_ORIGIN, origin.clone()))
        .insert_header((ALLOWED_RATE, "*"))
        .finish())
}

/// Takes one signal into the feed that the partner's own systems read. The same one again changes nothing.
#[utoipa::path(
    post, path = "/v1/events", operation_id = "receiveEvent", tag = "events",
    request_body(content = Signal, content_type = "application/cloudevents+json"),
    responses(
        (status = 204, description = "Taken"),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`denied`: not the chain's switchboard", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported-media-type`: no CloudEvent in structured mode", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: the feed was not read since the start; send it again", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn receive(
    receiver: Data<Receiver>,
    member: Member,
    body: Body<Signal>,
) -> Result<HttpResponse, Refusal> {
    only_switchboard(&member)?;
    if body.0.source != Signal::source_of(member.oin) {
        let refusal = Refusal::new(ProblemCode::Invalid, "The signal is not the sender's own.");
        return Err(refusal.field("/source", "expected the switchboard that sends it"));
    }
    let taken = signals::receive(&receiver.app, body.0, &receiver.consents).await;
    if !taken.map_err(Refusal::fault)? {
        let detail = "The feed was not read since the start. Send it again.";
        return Err(Refusal::new(ProblemCode::Unavailable, detail).retry_after(AGAIN));
    }
    Ok(HttpResponse::NoContent().finish())
}

fn only_switchboard(member: &Member) -> Result<(), Refusal> {
    if member.membership == Membership::Switchboard {
        return Ok(());
    }
    Err(Refusal::new(ProblemCode::Denied, "Only the chain's switchboard delivers here."))
}

/// A signal has a few hundred bytes.
const LARGEST: usize = 8 * 1024;
const AGAIN: Duration = Duration::from_secs(1);
const REQUEST_ORIGIN: &str = "webhook-request-origin";
const ALLOWED_ORIGIN: &str = "webhook-allowed-origin";
const ALLOWED_RATE: &str = "webhook-allowed-rate";

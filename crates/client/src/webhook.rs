//! A subscriber's address: asked whether it agrees, then given one signal at a time.
//!
//! The HTTP 1.1 Web Hooks of CloudEvents 1.0. Mutual TLS says who is at the other end: a signal never goes to a server that is
//! not the subscriber's, or of a supplier that may answer for it.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use kw_domain::Oin;
use kw_protocol::signal::Signal;
use kw_protocol::subscription::{CLOUDEVENTS_JSON, DeliveryFailure, LONGEST_SINK};
use kw_transport::{ClientOptions, PeerClient, Tls};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};

use crate::http::retry_after;
use crate::{ClientError, Context};

/// The calls of one subscriber's server. Clones share its connections.
#[derive(Debug, Clone)]
pub struct WebhookClient {
    http: PeerClient,
    context: Context,
    /// How this sender names itself to the server.
    origin: String,
}

/// What an address allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowed {
    /// At most so many signals a minute.
    pub rate: Option<u32>,
}

/// A signal was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not delivered: {}", failure.code())]
pub struct Undelivered {
    /// Why.
    pub failure: DeliveryFailure,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
}

impl WebhookClient {
    /// A client for the servers of `subscriber` and of `suppliers` that may answer for it. The host of `endpoint`, where the
    /// sender itself is reached, is how it names itself.
    pub fn new(
        tls: &Tls,
        subscriber: Oin,
        suppliers: BTreeSet<Oin>,
        endpoint: &str,
        context: Context,
        timeout: Duration,
    ) -> Self {
        let options = ClientOptions { timeout, connect_timeout: timeout.min(CONNECT) };
        let url = Url::parse(endpoint).ok();
        let origin = url.as_ref().and_then(Url::host_str).unwrap_or_default().to_owned();
        Self { http: tls.exact_client(subscriber, suppliers, options), context, origin }
    }

    /// Asks the server at an address whether it wants what this sender sends.
    pub async fn verify(&self, sink: &str) -> Result<Allowed, Undelivered> {
        let request = self
            .http
            .request(Method::OPTIONS, sink)
            .header(REQUEST_ORIGIN, &self.origin)
            .header(REQUEST_RATE, REQUESTED_RATE);
        let response = self.answer(request).await?;
        let headers = response.headers();
        let allowed = text(headers, ALLOWED_ORIGIN)
            .is_some_and(|origin| origin == "*" || origin.eq_ignore_ascii_case(&self.origin));
        if !allowed {
            return Err(DeliveryFailure::NotAllowed.into());
        }
        let rate = match text(headers, ALLOWED_RATE) {
            None | Some("*") => None,
            Some(rate) => match rate.parse() {
                Ok(rate) if rate > 0 => Some(rate),
                _ => return Err(DeliveryFailure::NotAllowed.into()),
            },
        };
        Ok(Allowed { rate })
    }

    /// Delivers one signal in structured mode. Only an answer 2xx means that it was taken.
    pub async fn deliver(&self, sink: &str, signal: &Signal) -> Result<(), Undelivered> {
        // Serialising our own wire type cannot fail.
        let body = serde_json::to_vec(signal).map(Bytes::from).unwrap_or_default();
        let request = self.http.post(sink).header(CONTENT_TYPE, CLOUDEVENTS_JSON).body(body);
        self.answer(request).await.map(drop)
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Response, Undelivered> {
        let request = self.context.stamp(request, self.context.transaction());
        let response = request.send().await.map_err(|error| transport(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let retry_after = retry_after(response.headers());
        Err(Undelivered { failure: failure(status), retry_after })
    }
}

impl From<DeliveryFailure> for Undelivered {
    fn from(failure: DeliveryFailure) -> Self {
        Self { failure, retry_after: None }
    }
}

/// What is wrong with an address, if it cannot be delivered at.
pub fn sink_mistake(sink: &str) -> Option<&'static str> {
    let expected = "expected an https address without user name, query and fragment";
    if sink.len() > LONGEST_SINK {
        return Some("expected at most 500 bytes");
    }
    // The parser leaves these out without a word, and then something else is kept than is called.
    if !sink.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Some("expected visible ASCII characters only");
    }
    let Ok(url) = Url::parse(sink) else { return Some(expected) };
    let plain = url.scheme() == "https"
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    (!plain).then_some(expected)
}

fn failure(status: StatusCode) -> DeliveryFailure {
    match status {
        StatusCode::GONE => DeliveryFailure::Gone,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => DeliveryFailure::Throttled,
        _ if status.is_redirection() => DeliveryFailure::Redirected,
        _ if status.is_client_error() => DeliveryFailure::Refused,
        _ => DeliveryFailure::Broken,
    }
}

fn transport(error: &reqwest::Error) -> Undelivered {
    let failure = match ClientError::from_transport(error) {
        ClientError::Identity => DeliveryFailure::OtherParty,
        ClientError::TimedOut => DeliveryFailure::TimedOut,
        _ if error.is_timeout() => DeliveryFailure::TimedOut,
        _ => DeliveryFailure::Unreachable,
    };
    failure.into()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

const CONNECT: Duration = Duration::from_secs(3);
const REQUEST_ORIGIN: &str = "webhook-request-origin";
const REQUEST_RATE: &str = "webhook-request-rate";
const ALLOWED_ORIGIN: &str = "webhook-allowed-origin";
const ALLOWED_RATE: &str = "webhook-allowed-rate";
/// Signals a minute: more than one after another can be delivered over a network.
const REQUESTED_RATE: &str = "60000";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_https_addresses_are_delivered_at() {
        for right in ["https://partner.example:8443/v1/events", "https://127.0.0.1:8443/"] {
            assert_eq!(sink_mistake(right), None, "{right}");
        }
        let long = format!("https://partner.example/{}", "x".repeat(LONGEST_SINK));
        for wrong in [
            "",
            "http://partner.example/",
            "ftp://partner.example/",
            "https://user:secret@partner.example/",
            "https://partner.example/?token=secret",
            "https://partner.example/#x",
            "https://partner.example/a\r\nb",
            "https://partner.example/\u{202e}",
            "partner.example",
            &long,
        ] {
            assert!(sink_mistake(wrong).is_some(), "{wrong}");
        }
    }
}

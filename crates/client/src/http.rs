//! One call: address, deadline, bounded answer, problem.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use kw_domain::{Oin, TransactionId};
use kw_protocol::problem::Problem;
use kw_transport::{ClientOptions, PeerClient, Tls};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Refused;
use crate::{ClientError, Context};

/// A party's service at an address, reached over one connection pool.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    http: PeerClient,
    base: Url,
    context: Context,
    timeout: Duration,
}

/// How much of an answer is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound(pub(crate) usize);

impl Service {
    /// The service of `party` at `endpoint`; `timeout` bounds one exchange.
    pub(crate) fn new(
        tls: &Tls,
        party: Oin,
        endpoint: &str,
        context: Context,
        timeout: Duration,
    ) -> Result<Self, ClientError> {
        let base = Url::parse(endpoint).map_err(|_| ClientError::Address("it is no valid URL"))?;
        if base.scheme() != "https" {
            return Err(ClientError::Address("it does not begin with https:"));
        }
        if base.query().is_some() || base.fragment().is_some() || !base.username().is_empty() {
            return Err(ClientError::Address("it has a user name, a query or a fragment"));
        }
        // Shorter than the whole, so that a machine that is gone shows as unreachable and not as slow.
        let connect_timeout = (timeout * 2 / 3).min(MAX_CONNECT_TIMEOUT);
        let http = tls.peer_client(party, ClientOptions { timeout, connect_timeout });
        Ok(Self { http, base, context, timeout })
    }

    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// A request to `path` (segments without slashes) under the service's address.
    pub(crate) fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        self.request_with(method, path, &[])
    }

    pub(crate) fn request_with(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> RequestBuilder {
        let mut url = self.base.clone();
        // An https address always has segments to extend.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.http.request(method, url.as_str()).header(ACCEPT, JSON).timeout(self.timeout)
    }

    /// Sends and reads a JSON answer of at most `bound` bytes.
    pub(crate) async fn exchange<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        transaction: TransactionId,
        bound: Bound,
    ) -> Result<T, ClientError> {
        let response = self.send(request, transaction).await?;
        if !has_type(response.headers(), JSON) {
            return Err(ClientError::Malformed("it is not application/json"));
        }
        let body = read(response, bound).await?;
        serde_json::from_slice(&body).map_err(|_| ClientError::Malformed("it is not the expected JSON"))
    }

    /// Sends and hands back a successful response, its body unread.
    pub(crate) async fn send(
        &self,
        request: RequestBuilder,
        transaction: TransactionId,
    ) -> Result<Response, ClientError> {
        let response = self
            .context
            .stamp(request, transaction)
            .send()
            .await
            .map_err(|error| ClientError::from_transport(&error))?;
        if response.status().is_success() { Ok(response) } else { Err(problem(response).await) }
    }
}

/// Puts a JSON body on a request. Serialising our own wire types fails only when one of them is wrong.
pub(crate) fn json<T: Serialize>(request: RequestBuilder, body: &T) -> Result<RequestBuilder, ClientError> {
    let body =
        serde_json::to_vec(body).map_err(|_| ClientError::Malformed("the request cannot be written"))?;
    Ok(request.header(CONTENT_TYPE, HeaderValue::from_static(JSON)).body(body))
}

/// Reads a body of at most `bound` bytes.
pub(crate) async fn read(mut response: Response, Bound(bound): Bound) -> Result<Bytes, ClientError> {
    const TOO_LARGE: ClientError = ClientError::Malformed("it is larger than its bound");
    if response.content_length().is_some_and(|length| length > bound as u64) {
        return Err(TOO_LARGE);
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| ClientError::from_transport(&error))? {
        if body.len() + chunk.len() > bound {
            return Err(TOO_LARGE);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

pub(crate) async fn problem(response: Response) -> ClientError {
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers());
    if !has_type(response.headers(), PROBLEM_JSON) {
        return refusal(status, None, retry_after);
    }
    match read(response, SMALL).await {
        Ok(body) => refusal(status, Some(&body), retry_after),
        Err(ClientError::Malformed(_)) => refusal(status, None, retry_after),
        Err(error) => error,
    }
}

/// What an answer that is no success says, from its status and its `application/problem+json` body.
pub(crate) fn refusal(status: u16, body: Option<&[u8]>, retry_after: Option<Duration>) -> ClientError {
    let told = body.and_then(|body| serde_json::from_slice::<Problem>(body).ok());
    match told {
        Some(mut problem) if problem.status == status => {
            tidy(&mut problem);
            ClientError::Problem(Box::new(Refused { problem, retry_after }))
        }
        // Something between us and the service answered, such as a load balancer without a service behind it.
        _ if matches!(status, 502..=504) => ClientError::Unreachable,
        _ => ClientError::Malformed("it is neither a success nor a problem"),
    }
}

pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(MAX_RETRY_AFTER_SECONDS)))
}

/// The words of another party end up on screens and in logs: keep them printable and short.
fn tidy(problem: &mut Problem) {
    for text in [&mut problem.kind, &mut problem.title, &mut problem.detail] {
        tidy_text(text);
    }
    if let Some(trace_id) = &mut problem.trace_id {
        tidy_text(trace_id);
    }
    problem.errors.truncate(MAX_FIELD_PROBLEMS);
    for field in &mut problem.errors {
        tidy_text(&mut field.pointer);
        tidy_text(&mut field.detail);
    }
}

fn tidy_text(text: &mut String) {
    *text = text.chars().filter(|c| !c.is_control()).take(MAX_PROBLEM_TEXT).collect();
}

pub(crate) fn has_type(headers: &HeaderMap, expected: &str) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|value| value.trim().eq_ignore_ascii_case(expected))
}

pub(crate) const JSON: &str = "application/json";
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";
/// For answers that hold names and numbers only.
pub(crate) const SMALL: Bound = Bound(64 * 1024);
/// For pages and batches.
pub(crate) const PAGE: Bound = Bound(4 * 1024 * 1024);
/// For what logs say about one person: twenty thousand lines.
pub(crate) const REPORT: Bound = Bound(32 * 1024 * 1024);
const MAX_PROBLEM_TEXT: usize = 500;
const MAX_FIELD_PROBLEMS: usize = 100;
const MAX_CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const MAX_RETRY_AFTER_SECONDS: u64 = 24 * 3600;

//! A holder's authorisation server, as a personal environment sees it (RFC 9126, RFC 6749, RFC 7636).

use std::time::Duration;

use kw_agreement::Partner;
use kw_domain::TransactionId;
use kw_protocol::authorisation::{
    Collected, CollectionRequest, PushedAuthorisation, PushedRequest, SecretText, Token, TokenRequest,
};
use kw_transport::Tls;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, RequestBuilder, Url};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::http::{Bound, SMALL, Service, json};
use crate::{ClientError, Context};

/// A holder's authorisation server, over mutual TLS. Keep it: its connections are reused.
#[derive(Debug, Clone)]
pub struct AuthorisationClient {
    service: Service,
}

impl AuthorisationClient {
    /// A client of this holder, where the agreement says it answers; `timeout` bounds one exchange.
    pub fn new(
        tls: &Tls,
        holder: &Partner,
        context: Context,
        timeout: Duration,
    ) -> Result<Self, ClientError> {
        Ok(Self { service: Service::new(tls, holder.oin, &holder.endpoint, context, timeout)? })
    }

    /// Pushes what a person wants to collect. Nothing of it is in an address.
    pub async fn push(
        &self,
        request: &PushedRequest,
        transaction: TransactionId,
    ) -> Result<PushedAuthorisation, ClientError> {
        let call = form(self.service.request(Method::POST, &["v1", "authorisation", "par"]), request)?;
        self.service.exchange(call, transaction, SMALL).await
    }

    /// Exchanges a code for a token.
    pub async fn token(
        &self,
        request: &TokenRequest,
        transaction: TransactionId,
    ) -> Result<Token, ClientError> {
        let call = form(self.service.request(Method::POST, &["v1", "authorisation", "tokens"]), request)?;
        self.service.exchange(call, transaction, SMALL).await
    }

    /// Collects one category under a token. Never repeated here.
    pub async fn collect(
        &self,
        token: &SecretText,
        request: &CollectionRequest,
        transaction: TransactionId,
    ) -> Result<Collected, ClientError> {
        let bearer = Zeroizing::new(format!("Bearer {}", token.reveal()));
        let mut bearer =
            HeaderValue::from_str(&bearer).map_err(|_| ClientError::Malformed("the token is no token"))?;
        bearer.set_sensitive(true);
        let call = json(self.service.request(Method::POST, &["v1", "collections"]), request)?;
        self.service.exchange(call.header(AUTHORIZATION, bearer), transaction, DOCUMENT).await
    }
}

/// Puts a form on a request: the members of a flat type of ours.
fn form<T: Serialize>(request: RequestBuilder, body: &T) -> Result<RequestBuilder, ClientError> {
    const UNWRITABLE: ClientError = ClientError::Malformed("the request cannot be written");
    let value = serde_json::to_value(body).map_err(|_| UNWRITABLE)?;
    let members = value.as_object().ok_or(UNWRITABLE)?;
    // An address that goes nowhere: its query is written as a form is.
    let mut carrier = Url::parse("https://form.invalid/").map_err(|_| UNWRITABLE)?;
    for (name, value) in members {
        let text = value.as_str().ok_or(UNWRITABLE)?;
        carrier.query_pairs_mut().append_pair(name, text);
    }
    let body = carrier.query().unwrap_or_default().to_owned();
    Ok(request.header(CONTENT_TYPE, HeaderValue::from_static(FORM)).body(body))
}

const FORM: &str = "application/x-www-form-urlencoded";
/// The largest document with its provenance and proofs.
const DOCUMENT: Bound = Bound(4 * 1024 * 1024);

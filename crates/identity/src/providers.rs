//! The providers that a service asks, each with its keys.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use kw_domain::Clock;
use kw_transport::{ClientOptions, TlsError, web_client};
use reqwest::header::ACCEPT;
use reqwest::{Client, RequestBuilder};
use url::Url;

use crate::address::usable;
use crate::{AddressError, FetchError, FetchKeys, IdentitySettings, KeySet, Loopback, ProviderKeys};

/// Every provider that was asked since the start, by the address of its keys. Clones share them.
#[derive(Clone)]
pub struct Providers(Arc<Inner>);

struct Inner {
    http: Client,
    clock: Arc<dyn Clock>,
    known: Mutex<HashMap<(String, bool), ProviderKeys>>,
}

impl Providers {
    /// None asked yet.
    pub fn new(settings: &IdentitySettings, clock: Arc<dyn Clock>) -> Result<Self, TlsError> {
        let options = ClientOptions { timeout: TIMEOUT, connect_timeout: CONNECT_TIMEOUT };
        let http = web_client(&settings.roots, Arc::clone(&clock), options)?;
        Ok(Self(Arc::new(Inner { http, clock, known: Mutex::default() })))
    }

    /// Uses these keys for this address from now on, so that a test needs no server.
    pub fn know(&self, jwks_uri: &str, loopback: Loopback, keys: ProviderKeys) {
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert((jwks_uri.to_owned(), loopback == Loopback::Admitted), keys);
    }

    /// The keys that are published at this address.
    pub fn keys(&self, jwks_uri: &str, loopback: Loopback) -> Result<ProviderKeys, AddressError> {
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        let name = (jwks_uri.to_owned(), loopback == Loopback::Admitted);
        if let Some(keys) = known.get(&name) {
            return Ok(keys.clone());
        }
        let address = usable(jwks_uri, loopback)?;
        if known.len() >= MAX_PROVIDERS {
            // Only agreements name addresses; those of former ones need not stay.
            known.clear();
        }
        let source = Arc::new(Published { http: self.0.http.clone(), address });
        let keys = ProviderKeys::new(source, Arc::clone(&self.0.clock));
        known.insert(name, keys.clone());
        Ok(keys)
    }
}

impl fmt::Debug for Providers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Providers(…)")
    }
}

/// A key set at an address.
#[derive(Debug)]
struct Published {
    http: Client,
    address: Url,
}

#[async_trait]
impl FetchKeys for Published {
    async fn fetch(&self) -> Result<KeySet, FetchError> {
        let body = send(self.http.get(self.address.clone()), MAX_KEY_SET).await?;
        KeySet::parse(&body)
    }
}

/// Sends, and reads a successful answer of at most `bound` bytes.
pub(crate) async fn send(request: RequestBuilder, bound: usize) -> Result<Vec<u8>, FetchError> {
    let request = request.header(ACCEPT, "application/json");
    let mut response = request.send().await.map_err(|error| sorted(&error))?;
    if !response.status().is_success() {
        return Err(FetchError::Status(response.status().as_u16()));
    }
    if response.content_length().is_some_and(|length| length > bound as u64) {
        return Err(FetchError::Oversized);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| sorted(&error))? {
        if body.len() + chunk.len() > bound {
            return Err(FetchError::Oversized);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The error itself is dropped: its text holds the address.
fn sorted(error: &reqwest::Error) -> FetchError {
    if error.is_timeout() { FetchError::TimedOut } else { FetchError::Unreachable }
}

const TIMEOUT: Duration = Duration::from_secs(3);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const MAX_PROVIDERS: usize = 1024;
const MAX_KEY_SET: usize = 256 * 1024;

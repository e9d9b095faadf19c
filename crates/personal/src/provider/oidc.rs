//! The provider as an OpenID provider (OpenID Connect Core §3.1): code flow with PKCE, `private_key_jwt`, statements in
//! ID tokens. For a personal environment they hold no BSN but pairwise bindings.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use kw_domain::{Category, Clock, Epoch, Instant, MandateId};
use kw_identity::{Expected, Loopback, Providers, SigningKey, verify};
use kw_protocol::mandate::MandateAct;
use kw_protocol::{IdToken, SecretBytes32};
use kw_pseudonym::Binding;
use kw_runtime::{Entropy, SharedAgreement};
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde::{Deserialize, Serialize};
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use super::{Provider, ProviderError, SignIn, SignedIn};
use crate::opaque;
use crate::rules::{RepresentedPerson, Statement};

/// The provider that the agreement names (`[representation.provider]`).
pub struct OidcProvider {
    parts: OidcParts,
    known: Mutex<Option<(Instant, Arc<Configuration>)>>,
}

/// What an [`OidcProvider`] is made of.
pub struct OidcParts {
    /// The agreement in force.
    pub agreement: SharedAgreement,
    /// Trusts the certificates of providers.
    pub http: reqwest::Client,
    /// The keys of providers.
    pub keys: Providers,
    /// As what the provider knows this personal environment.
    pub client_id: String,
    /// What proves it.
    pub client_key: SigningKey,
    /// Where the time is read.
    pub clock: Arc<dyn Clock>,
    /// Where the ids of assertions are drawn.
    pub entropy: Entropy,
}

/// What is used of `/.well-known/openid-configuration` (OpenID Connect Discovery §3).
#[derive(Debug, Deserialize)]
struct Configuration {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
}

/// What proves who the client is (RFC 7523 §3).
#[derive(Serialize)]
struct Assertion<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    jti: &'a str,
    iat: i64,
    exp: i64,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: IdToken,
}

/// What a statement for a personal environment says.
#[derive(Deserialize)]
struct Claims {
    acr: String,
    acting_subject: StatedPerson,
    #[serde(default)]
    represented: Vec<StatedRepresented>,
}

#[derive(Deserialize)]
struct StatedPerson {
    binding: SecretBytes32,
    epoch: u32,
    #[serde(default)]
    name: Option<String>,
}

#[derive(Deserialize)]
struct StatedRepresented {
    mandate: MandateId,
    kind: String,
    // A provider that does not say how far a mandate goes, lets it go nowhere.
    #[serde(default)]
    categories: Vec<Category>,
    #[serde(default)]
    acts: Vec<MandateAct>,
    label: String,
    #[serde(flatten)]
    person: StatedPerson,
}

impl OidcProvider {
    /// A client of the provider that the agreement names.
    pub fn new(parts: OidcParts) -> Self {
        Self { parts, known: Mutex::default() }
    }

    /// The provider's configuration: asked again after an hour, or when the agreement names another.
    async fn configuration(&self) -> Result<Arc<Configuration>, ProviderError> {
        let agreement = self.parts.agreement.current();
        let provider = agreement.representation().provider.as_ref();
        let issuer = &provider.ok_or(ProviderError::Unavailable("the agreement names none"))?.issuer;
        let now = self.parts.clock.now();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((at, configuration)) = known
            && configuration.issuer == *issuer
            && at <= now
            && now.since(at) < KNOWN_FOR
        {
            return Ok(configuration);
        }
        let loopback = Loopback::of(agreement.environment());
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let body = self.fetch(self.parts.http.get(usable(&address, loopback)?)).await?;
        let configuration: Configuration = serde_json::from_slice(&body)
            .map_err(|_| ProviderError::Unavailable("its configuration is not understood"))?;
        // Discovery §4.3: whoever answers there must be who it says it is.
        if configuration.issuer != *issuer {
            return Err(ProviderError::Refused("its configuration names another issuer"));
        }
        for endpoint in [&configuration.authorization_endpoint, &configuration.token_endpoint] {
            usable(endpoint, loopback)?;
        }
        let configuration = Arc::new(configuration);
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, Arc::clone(&configuration)));
        Ok(configuration)
    }

    async fn fetch(&self, request: reqwest::RequestBuilder) -> Result<Zeroizing<Vec<u8>>, ProviderError> {
        let request = request.header(ACCEPT, "application/json").timeout(TIMEOUT);
        // The error is dropped: its text holds the address.
        let mut response =
            request.send().await.map_err(|_| ProviderError::Unavailable("it cannot be reached"))?;
        if response.status().is_client_error() {
            return Err(ProviderError::Refused("it refused our request"));
        }
        if !response.status().is_success() {
            return Err(ProviderError::Unavailable("it answers with an error"));
        }
        let mut body = Zeroizing::new(Vec::new());
        while let Some(chunk) =
            response.chunk().await.map_err(|_| ProviderError::Unavailable("its answer breaks off"))?
        {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(ProviderError::Unavailable("its answer is too large"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn assertion(&self, audience: &str) -> Result<IdToken, ProviderError> {
        let (now, id) = (self.parts.clock.now().as_seconds(), opaque::fresh(&self.parts.entropy));
        let client = &self.parts.client_id;
        let claims = Assertion { iss: client, sub: client, aud: audience, jti: &id, iat: now, exp: now + 60 };
        self.parts
            .client_key
            .sign(&claims)
            .map_err(|_| ProviderError::Unavailable("our own key does not sign"))
    }
}

#[async_trait]
impl Provider for OidcProvider {
    async fn sign_in_address(&self, request: &SignIn<'_>) -> Result<String, ProviderError> {
        let configuration = self.configuration().await?;
        let mut url = Url::parse(&configuration.authorization_endpoint)
            .map_err(|_| ProviderError::Unavailable("its address cannot be used"))?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.parts.client_id)
            .append_pair("redirect_uri", request.redirect_uri)
            .append_pair("scope", "openid represented")
            .append_pair("state", request.state)
            .append_pair("nonce", request.nonce)
            .append_pair("code_challenge", request.code_challenge)
            .append_pair("code_challenge_method", "S256")
            // Whoever signed in before at this browser is asked again: another person is another session.
            .append_pair("prompt", "login");
        Ok(url.into())
    }

    async fn statement(&self, answer: &SignedIn<'_>) -> Result<Statement, ProviderError> {
        let configuration = self.configuration().await?;
        let assertion = self.assertion(&configuration.issuer)?;
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", answer.code)
            .append_pair("redirect_uri", answer.redirect_uri)
            .append_pair("code_verifier", answer.code_verifier)
            .append_pair("client_id", &self.parts.client_id)
            .append_pair("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            .append_pair("client_assertion", assertion.reveal())
            .finish();
        let request = self
            .parts
            .http
            .post(&configuration.token_endpoint)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        let body = self.fetch(request).await?;
        let tokens: Tokens =
            serde_json::from_slice(&body).map_err(|_| ProviderError::Refused("it gave no ID token"))?;
        let agreement = self.parts.agreement.current();
        let keys = self
            .parts
            .keys
            .keys(&configuration.jwks_uri, Loopback::of(agreement.environment()))
            .map_err(|_| ProviderError::Unavailable("the address of its keys cannot be used"))?;
        let expected = Expected {
            issuer: &configuration.issuer,
            audience: &self.parts.client_id,
            nonce: Some(answer.nonce),
            max_age: Some(MAX_AGE),
        };
        let verified = verify::<Claims>(&tokens.id_token, &keys, expected, self.parts.clock.now()).await;
        let claims = verified
            .map_err(|error| {
                if error.is_unavailable() {
                    ProviderError::Unavailable("its keys cannot be fetched")
                } else {
                    ProviderError::Refused(error.reason())
                }
            })?
            .claims;
        let provider = agreement.representation().provider.as_ref();
        if !provider.is_some_and(|provider| provider.assurance_levels.contains(&claims.acr)) {
            return Err(ProviderError::Refused("it is less sure of the person than the agreement demands"));
        }
        let represented =
            claims.represented.into_iter().take(MOST_REPRESENTED).map(|one| RepresentedPerson {
                mandate: one.mandate,
                kind: one.kind,
                categories: one.categories,
                acts: one.acts,
                label: plain(&one.label),
                binding: Binding::from_bytes(&one.person.binding.0),
                epoch: Epoch(one.person.epoch),
            });
        let own = (Binding::from_bytes(&claims.acting_subject.binding.0), Epoch(claims.acting_subject.epoch));
        let name = claims.acting_subject.name.map(|name| plain(&name));
        Ok(Statement { name, own: Some(own), represented: represented.collect() })
    }
}

impl fmt::Debug for OidcProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OidcProvider").field("client_id", &self.parts.client_id).finish_non_exhaustive()
    }
}

/// A name as it goes on a page: bounded, on one line.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(64).collect()
}

/// The address, if it may be used: over TLS, or in a chain for tests on this machine.
fn usable(address: &str, loopback: Loopback) -> Result<Url, ProviderError> {
    let refused = ProviderError::Unavailable("its address cannot be used");
    let url = Url::parse(address).map_err(|_| refused)?;
    let is_here = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    match url.scheme() {
        "https" => Ok(url),
        "http" if loopback == Loopback::Admitted && is_here => Ok(url),
        _ => Err(refused),
    }
}

const KNOWN_FOR: Duration = Duration::from_hours(1);
/// A statement is made at the sign-in.
const MAX_AGE: Duration = Duration::from_mins(5);
const TIMEOUT: Duration = Duration::from_secs(5);
const MAX_BODY: usize = 256 * 1024;
const MOST_REPRESENTED: usize = 100;

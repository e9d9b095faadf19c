//! The provider, through the openidconnect crate over our own HTTP client.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_domain::Instant;
use kw_identity::SigningKey;
use kw_protocol::IdToken;
use kw_protocol::problem::ProblemCode;
use kw_runtime::{Entropy, Http};
use kw_telemetry::{Explain, Reason};
use kw_transport::{ClientOptions, web_client};
use openidconnect::core::{
    CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreJwsSigningAlgorithm, CoreProviderMetadata,
};
use openidconnect::http;
use openidconnect::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, Scope, TokenResponse as _,
};
use serde::Serialize;
use serde_json::Value;
use url::Url;
use zeroize::Zeroizing;

use super::{ProviderTerms, user};
use crate::events::{ProviderNotAsked, SignInRefused};
use crate::session::opaque;
use crate::{Failure, ShellError, SignInSettings, User};

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

pub(super) struct Provider {
    http: reqwest::Client,
    terms: Arc<dyn Fn() -> Option<ProviderTerms> + Send + Sync>,
    redirect: String,
    secret: Option<Zeroizing<String>>,
    key: Option<SigningKey>,
    entropy: Entropy,
    clock: Arc<dyn kw_domain::Clock>,
    known: Mutex<Option<Known>>,
}

#[derive(Clone)]
struct Known {
    at: Instant,
    terms: ProviderTerms,
    metadata: Arc<CoreProviderMetadata>,
}

/// What the browser is sent away with.
pub(super) struct Question {
    pub(super) address: String,
    pub(super) state: String,
    pub(super) nonce: Nonce,
    pub(super) verifier: PkceCodeVerifier,
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

#[derive(Debug, thiserror::Error)]
enum Unreachable {
    #[error("it cannot be reached")]
    Connection,
    #[error("its answer breaks off, or is too large")]
    Body,
    #[error("its address may not be asked")]
    Address,
    #[error("its configuration is not understood, or names another issuer")]
    Configuration,
    #[error("the agreement names none")]
    None,
}

impl Explain for Unreachable {
    fn explain(&self, reason: &mut Reason) {
        reason.say(match self {
            Self::Connection => "it cannot be reached",
            Self::Body => "its answer breaks off, or is too large",
            Self::Address => "its address may not be asked",
            Self::Configuration => "its configuration is not understood, or names another issuer",
            Self::None => "the agreement names none",
        });
    }
}

impl Provider {
    pub(super) fn new(
        settings: &SignInSettings,
        http: &Http,
        terms: Arc<dyn Fn() -> Option<ProviderTerms> + Send + Sync>,
        redirect: String,
    ) -> Result<Self, ShellError> {
        let secret = match &settings.client_secret_file {
            None => None,
            Some(path) => {
                let failed = |_| ShellError::SignInFile { name: "client_secret_file", path: path.clone() };
                let text = Zeroizing::new(fs::read_to_string(path).map_err(failed)?);
                Some(Zeroizing::new(text.trim().to_owned()))
            }
        };
        let key = match &settings.client_key {
            None => None,
            Some(path) => {
                let failed = || ShellError::SignInFile { name: "client_key", path: path.clone() };
                let der = Zeroizing::new(fs::read(path).map_err(|_| failed())?);
                Some(SigningKey::from_pkcs8(&der).map_err(|_| failed())?)
            }
        };
        let options = ClientOptions { timeout: PATIENCE, connect_timeout: PATIENCE };
        Ok(Self {
            http: web_client(&settings.roots, Arc::clone(&http.clock), options)?,
            terms,
            redirect,
            secret,
            key,
            entropy: http.entropy.clone(),
            clock: Arc::clone(&http.clock),
            known: Mutex::default(),
        })
    }

    /// Where the provider's pages are, as far as the agreement tells.
    pub(super) fn origin(&self) -> String {
        let issuer = (self.terms)().and_then(|terms| Url::parse(&terms.issuer).ok());
        issuer.map(|url| url.origin().ascii_serialization()).unwrap_or_default()
    }

    /// Whether this is its issuer (RFC 9207).
    pub(super) fn is(&self, issuer: &str) -> bool {
        (self.terms)().is_some_and(|terms| terms.issuer == issuer)
    }

    pub(super) async fn question(
        &self,
        state: String,
        nonce: String,
        longest: Duration,
        choice: Option<&str>,
    ) -> Result<Question, Failure> {
        let known = self.known(KNOWN_FOR).await?;
        let client = self.client(&known)?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let drawn = (CsrfToken::new(state), Nonce::new(nonce));
        let mut request = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, || drawn.0, || drawn.1)
            .set_pkce_challenge(challenge)
            .add_scopes(known.terms.scopes.iter().cloned().map(Scope::new))
            .add_scopes(choice.map(|choice| Scope::new(choice.to_owned())))
            .set_max_age(longest);
        if longest.is_zero() {
            request = request.add_prompt(CoreAuthPrompt::Login);
        }
        let (address, state, nonce) = request.url();
        Ok(Question { address: address.into(), state: state.into_secret(), nonce, verifier })
    }

    pub(super) async fn statement(
        &self,
        code: String,
        verifier: PkceCodeVerifier,
        nonce: &Nonce,
        now: Instant,
    ) -> Result<User, Failure> {
        let refused = |reason: &'static str| {
            SignInRefused { reason }.log();
            Failure::Problem { code: ProblemCode::SignedOut }
        };
        let known = self.known(KNOWN_FOR).await?;
        let client = self.client(&known)?;
        let mut request = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|_| refused("the provider has no token endpoint"))?
            .set_pkce_verifier(verifier);
        if let Some(key) = &self.key {
            let (id, at) = (opaque(&self.entropy), self.clock.now().as_seconds());
            let own = known.terms.client_id.as_str();
            let assertion =
                Assertion { iss: own, sub: own, aud: &known.terms.issuer, jti: &id, iat: at, exp: at + 60 };
            let signed = key.sign(&assertion).map_err(|_| refused("our own key does not sign"))?;
            request = request
                .add_extra_param("client_assertion_type", ASSERTION_TYPE)
                .add_extra_param("client_assertion", signed.reveal().to_owned());
        }
        let loopback = known.terms.loopback;
        let send = move |request: HttpRequest| self.send(request, loopback);
        let answer = request.request_async(&send).await.map_err(|_| refused("it did not take the code"))?;
        let token = answer.id_token().ok_or_else(|| refused("it gave no ID token"))?;
        let verifies = |client: &Client| {
            let verifier = client.id_token_verifier().set_allowed_algs(ALGORITHMS);
            token.claims(&verifier, nonce).is_ok()
        };
        // It may have new keys.
        if !verifies(&client) && !verifies(&self.client(&self.known(KEYS_FOR).await?)?) {
            return Err(refused("its ID token does not stand up to the checks"));
        }
        let compact = IdToken::new(token.to_string());
        let claims = claims(&compact).ok_or_else(|| refused("its ID token is not understood"))?;
        user(claims, compact, &known.terms, now).map_err(refused)
    }

    fn client(&self, known: &Known) -> Result<Client, Failure> {
        let redirect = RedirectUrl::new(self.redirect.clone()).map_err(|_| Failure::fault())?;
        let id = ClientId::new(known.terms.client_id.clone());
        let secret = self.secret.as_ref().map(|secret| ClientSecret::new(secret.as_str().to_owned()));
        let client = CoreClient::from_provider_metadata((*known.metadata).clone(), id, secret);
        let kind = if self.secret.is_some() { AuthType::BasicAuth } else { AuthType::RequestBody };
        Ok(client.set_redirect_uri(redirect).set_auth_type(kind))
    }

    /// Its configuration and keys, known for at most so long, and of the provider that the agreement names.
    async fn known(&self, longest: Duration) -> Result<Known, Failure> {
        self.ask(longest).await.map_err(|error| {
            ProviderNotAsked { reason: Reason::of(&error) }.log();
            Failure::unavailable()
        })
    }

    async fn ask(&self, longest: Duration) -> Result<Known, Unreachable> {
        let terms = (self.terms)().ok_or(Unreachable::None)?;
        let now = self.clock.now();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known
            && known.terms == terms
            && known.at <= now
            && now.since(known.at) < longest
        {
            return Ok(known);
        }
        let issuer = IssuerUrl::new(terms.issuer.clone()).map_err(|_| Unreachable::Address)?;
        let loopback = terms.loopback;
        let send = move |request: HttpRequest| self.send(request, loopback);
        let metadata = CoreProviderMetadata::discover_async(issuer, &send)
            .await
            .map_err(|_| Unreachable::Configuration)?;
        let known = Known { at: now, terms, metadata: Arc::new(metadata) };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known.clone());
        Ok(known)
    }

    /// One request: to an address that may be asked, with an answer of bounded size.
    async fn send(&self, request: HttpRequest, loopback: bool) -> Result<HttpResponse, Unreachable> {
        let (parts, body) = request.into_parts();
        let address = Url::parse(&parts.uri.to_string()).map_err(|_| Unreachable::Address)?;
        let local = address.host_str().is_some_and(|host| host == "127.0.0.1" || host == "localhost");
        if !(address.scheme() == "https" || loopback && address.scheme() == "http" && local) {
            return Err(Unreachable::Address);
        }
        let sent = self.http.request(parts.method, address).headers(parts.headers).body(body).send();
        let mut answer = sent.await.map_err(|_| Unreachable::Connection)?;
        let mut content = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|_| Unreachable::Body)? {
            if content.len() + chunk.len() > LARGEST {
                return Err(Unreachable::Body);
            }
            content.extend_from_slice(&chunk);
        }
        let mut made = http::Response::new(content);
        *made.status_mut() = answer.status();
        *made.headers_mut() = answer.headers().clone();
        Ok(made)
    }
}

/// What a token says; it was verified before.
fn claims(token: &IdToken) -> Option<BTreeMap<String, Value>> {
    let payload = token.reveal().split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

/// None with a shared secret, and never `none`.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 4] = [
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::EdDsa,
];
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const KNOWN_FOR: Duration = Duration::from_mins(10);
/// After a signature that no known key made. Not at every sign-in that fails.
const KEYS_FOR: Duration = Duration::from_secs(10);
const LARGEST: usize = 256 * 1024;
const PATIENCE: Duration = Duration::from_secs(3);

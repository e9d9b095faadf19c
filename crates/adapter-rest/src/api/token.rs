//! Tokens by client credentials (RFC 6749 §4.4), asked for once and kept until shortly before they end.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kw_adapter::SourceError;
use kw_domain::{Clock, Instant};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use super::answer::{read, transport_fault};
use super::assertion::AssertionKey;
use super::identity::secret;
use super::{ApiConfig, Authentication, address, wrong};

/// A bearer token. Nobody sees it but the server it is for.
#[derive(Clone)]
pub(super) struct Token(Arc<Zeroizing<String>>);

impl Token {
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Where tokens come from. One caller asks; the others wait for what it got.
pub(super) struct Tokens {
    url: Url,
    client_id: String,
    scope: Option<String>,
    resource: Option<String>,
    proof: Proof,
    kept: Mutex<Option<(Token, Instant)>>,
}

/// How the token server knows us.
enum Proof {
    SecretInHeader(PathBuf),
    SecretInBody(PathBuf),
    Key(AssertionKey),
    /// By the certificate of the connection (RFC 8705 §2.1).
    Certificate,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    token_type: String,
    expires_in: Option<u64>,
}

#[derive(Deserialize)]
struct Refused {
    error: String,
}

impl Tokens {
    pub(super) fn new(config: &ApiConfig) -> Result<Self, SourceError> {
        let Authentication::ClientCredentials {
            token_url,
            client_id,
            scope,
            resource,
            client_secret_file,
            secret_in_body,
            private_key_file,
            key_id,
        } = &config.auth
        else {
            return Err(wrong("api.auth asks for no token"));
        };
        let proof = match (client_secret_file, private_key_file) {
            (Some(_), Some(_)) => {
                return Err(wrong("api.auth has a secret and a private key: one of them is enough"));
            }
            (Some(file), None) => {
                secret(file)?;
                if *secret_in_body {
                    Proof::SecretInBody(file.clone())
                } else {
                    Proof::SecretInHeader(file.clone())
                }
            }
            (None, Some(file)) => Proof::Key(AssertionKey::read(file, key_id.clone())?),
            (None, None) if config.client_certificate.is_some() => Proof::Certificate,
            (None, None) => {
                return Err(wrong(
                    "api.auth has nothing to prove who we are: give client_secret_file, private_key_file or api.client_certificate",
                ));
            }
        };
        Ok(Self {
            url: address("token_url", token_url)?,
            client_id: client_id.clone(),
            scope: scope.clone(),
            resource: resource.clone(),
            proof,
            kept: Mutex::new(None),
        })
    }

    /// A token that is good for a while yet.
    pub(super) async fn current(
        &self,
        http: &reqwest::Client,
        clock: &dyn Clock,
    ) -> Result<Token, SourceError> {
        let mut kept = self.kept.lock().await;
        if let Some((token, until)) = &*kept
            && clock.now() < *until
        {
            return Ok(token.clone());
        }
        let asked = clock.now();
        let granted = self.ask(http, asked).await?;
        // A short-lived token is used for half its time at least.
        let lives = Duration::from_secs(granted.expires_in.unwrap_or(USUAL_LIFE).min(LONGEST_LIFE));
        let until = asked.plus(lives.saturating_sub(MARGIN).max(lives / 2));
        let token = Token(Arc::new(Zeroizing::new(granted.access_token)));
        *kept = Some((token.clone(), until));
        Ok(token)
    }

    /// Drops a token that was refused, unless another one took its place meanwhile.
    pub(super) async fn forget(&self, refused: &Token) {
        let mut kept = self.kept.lock().await;
        if kept.as_ref().is_some_and(|(token, _)| Arc::ptr_eq(&token.0, &refused.0)) {
            *kept = None;
        }
    }

    async fn ask(&self, http: &reqwest::Client, now: Instant) -> Result<Granted, SourceError> {
        let (form, header) = self.form(now)?;
        let mut request = http
            .post(self.url.clone())
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))
            .body(form);
        if let Some(header) = header {
            request = request.header(AUTHORIZATION, header);
        }
        let response = request.send().await.map_err(|error| transport_fault(WHAT, &error))?;
        let answer = read(WHAT, response, LARGEST).await?;
        if answer.status.is_success() {
            let granted: Granted = serde_json::from_value(answer.json(WHAT)?)
                .map_err(|_| SourceError::Content(format!("{WHAT}: the answer holds no access_token")))?;
            if !granted.token_type.eq_ignore_ascii_case("bearer") {
                return Err(wrong(&format!(
                    "{WHAT}: the token is not of type Bearer, and no other is known here"
                )));
            }
            return Ok(granted);
        }
        if !answer.status.is_client_error() || answer.status.as_u16() == 429 {
            return Err(SourceError::Unavailable(format!("{WHAT}: the server answers {}", answer.status)));
        }
        let said = answer.json(WHAT).ok().and_then(|body| serde_json::from_value::<Refused>(body).ok());
        let known = said.and_then(|said| REASONS.iter().find(|reason| **reason == said.error));
        let reason = known.map_or_else(|| answer.status.to_string(), |reason| (*reason).to_owned());
        Err(wrong(&format!("{WHAT}: the server refuses with {reason}: look at api.auth")))
    }

    fn form(&self, now: Instant) -> Result<(String, Option<HeaderValue>), SourceError> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        for (name, value) in [("scope", &self.scope), ("resource", &self.resource)] {
            if let Some(value) = value {
                form.append_pair(name, value);
            }
        }
        let mut header = None;
        match &self.proof {
            Proof::SecretInHeader(file) => header = Some(basic(&self.client_id, &secret(file)?)?),
            Proof::SecretInBody(file) => {
                form.append_pair("client_id", &self.client_id).append_pair("client_secret", &secret(file)?);
            }
            Proof::Key(key) => {
                let assertion = key.assert(&self.client_id, self.url.as_str(), now)?;
                form.append_pair("client_id", &self.client_id)
                    .append_pair(
                        "client_assertion_type",
                        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                    )
                    .append_pair("client_assertion", &assertion);
            }
            Proof::Certificate => {
                form.append_pair("client_id", &self.client_id);
            }
        }
        Ok((form.finish(), header))
    }
}

/// Name and secret are form-encoded before they are put together (RFC 6749 §2.3.1).
fn basic(client_id: &str, secret: &str) -> Result<HeaderValue, SourceError> {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = Zeroizing::new(format!("{}:{}", encoded(client_id), encoded(secret)));
    let mut value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair.as_bytes())))
        .map_err(|_| wrong("the client's name or secret cannot stand in a header"))?;
    value.set_sensitive(true);
    Ok(value)
}

const WHAT: &str = "token";
/// What a token server may say (RFC 6749 §5.2, RFC 8707); anything else is its own words and stays there.
const REASONS: [&str; 7] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "invalid_target",
];
const USUAL_LIFE: u64 = 300;
const LONGEST_LIFE: u64 = 24 * 3600;
const MARGIN: Duration = Duration::from_secs(30);
const LARGEST: usize = 64 * 1024;

//! A provider in memory, and what is believed of it.

mod actors;
mod rotation;
mod tokens;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use kw_domain::Instant;
use kw_protocol::IdToken;
use serde_json::{Value, json};

use crate::{Expected, FetchError, FetchKeys, KeySet, SigningKey};

pub(crate) const ISSUER: &str = "https://login.school.example";
pub(crate) const AUDIENCE: &str = "ketenwijzer";

pub(crate) fn now() -> Instant {
    Instant::from_millis(1_795_000_000_000)
}

pub(crate) fn expected() -> Expected<'static> {
    Expected { issuer: ISSUER, audience: AUDIENCE, nonce: None, max_age: Some(Duration::from_hours(1)) }
}

/// What a sign-in of five minutes ago says.
pub(crate) fn claims() -> Value {
    let issued = now().as_seconds() - 300;
    json!({
        "iss": ISSUER, "sub": "j.jansen", "aud": AUDIENCE, "iat": issued, "exp": issued + 3600,
        "nonce": "n-1", "roles": ["teacher", "staff"],
    })
}

pub(crate) fn set_of(keys: &[&SigningKey]) -> KeySet {
    let keys: Vec<_> = keys.iter().map(|key| key.public_jwk()).collect();
    KeySet::parse(&serde_json::to_vec(&json!({ "keys": keys })).unwrap()).unwrap()
}

/// The same claims with one of them replaced; `null` removes it.
pub(crate) fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    let members = claims.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
    claims
}

/// A provider whose answer the test chooses.
#[derive(Debug)]
pub(crate) struct Scripted {
    pub(crate) answer: Mutex<Result<KeySet, FetchError>>,
    pub(crate) fetches: AtomicU32,
    /// Whoever has it keeps the provider from answering.
    pub(crate) hold: tokio::sync::Mutex<()>,
}

impl Scripted {
    pub(crate) fn publishing(keys: &[&SigningKey]) -> Self {
        Self {
            answer: Mutex::new(Ok(set_of(keys))),
            fetches: AtomicU32::new(0),
            hold: tokio::sync::Mutex::default(),
        }
    }

    pub(crate) fn now_answers(&self, answer: Result<KeySet, FetchError>) {
        *self.answer.lock().unwrap() = answer;
    }

    pub(crate) fn fetches(&self) -> u32 {
        self.fetches.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl FetchKeys for Scripted {
    async fn fetch(&self) -> Result<KeySet, FetchError> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        let _held = self.hold.lock().await;
        self.answer.lock().unwrap().clone()
    }
}

/// A token with this header and these claims, and a signature by `key` whatever the header says.
pub(crate) fn forged(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> IdToken {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
    let signed = format!("{}.{}", B64.encode(header.to_string()), B64.encode(claims.to_string()));
    let signature = sign(signed.as_bytes());
    IdToken::new(format!("{signed}.{}", B64.encode(signature)))
}

//! Signing grants (RFC 7515 compact, ES256) and publishing the keys (RFC 7517).

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_domain::Instant;
use kw_ledger::RecordedKey;
use kw_protocol::grant::{
    ACCESS_LOG_GRANT_TYPE, FEEDBACK_GRANT_TYPE, GRANT_TYPE, GrantClaims, GrantHeader, Opens,
};
use kw_runtime::key_file::KeyFile;
use kw_telemetry::{Explain, Reason};
use serde::Serialize;

/// One grant key.
pub(crate) struct GrantKey {
    pair: EcdsaKeyPair,
    kid: String,
    /// For pull grants, for access-log grants, and for feedback grants.
    headers: [String; 3],
    use_from: Option<Instant>,
}

impl GrantKey {
    pub(crate) fn read(file: &KeyFile) -> Option<Self> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &file.secret).ok()?;
        // The key's own digest (RFC 7638 in spirit), so that two switchboards never use one name for two keys.
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, pair.public_key().as_ref());
        let kid = format!("{}-{}", file.epoch, URL_SAFE_NO_PAD.encode(&digest.as_ref()[..12]));
        let header = |typ: &str| {
            let header = GrantHeader { alg: "ES256".into(), kid: kid.clone(), typ: typ.to_owned() };
            Some(URL_SAFE_NO_PAD.encode(serde_json::to_string(&header).ok()?))
        };
        let headers = [header(GRANT_TYPE)?, header(ACCESS_LOG_GRANT_TYPE)?, header(FEEDBACK_GRANT_TYPE)?];
        Some(Self { pair, kid, headers, use_from: file.use_from })
    }

    fn header<P: Opens>(&self) -> &str {
        let [pull, access_log, feedback] = &self.headers;
        match P::TYPE {
            ACCESS_LOG_GRANT_TYPE => access_log,
            FEEDBACK_GRANT_TYPE => feedback,
            _ => pull,
        }
    }

    fn jwk(&self) -> PublishedKey {
        let point = self.pair.public_key().as_ref();
        PublishedKey {
            alg: "ES256",
            crv: "P-256",
            kid: self.kid.clone(),
            kty: "EC",
            key_use: "sig",
            x: URL_SAFE_NO_PAD.encode(&point[1..33]),
            y: URL_SAFE_NO_PAD.encode(&point[33..65]),
        }
    }
}

/// All grant keys, oldest first; never empty.
pub(crate) struct Signer {
    keys: Vec<GrantKey>,
    random: SystemRandom,
}

impl Signer {
    pub(crate) fn new(keys: Vec<GrantKey>) -> Option<Self> {
        if keys.is_empty() { None } else { Some(Self { keys, random: SystemRandom::new() }) }
    }

    /// Signs with the newest key that may be used by now.
    pub(crate) fn sign<P: Opens + Serialize>(
        &self,
        claims: &GrantClaims<P>,
        now: Instant,
    ) -> Result<String, SignError> {
        let key = self
            .keys
            .iter()
            .rev()
            .find(|key| key.use_from.is_none_or(|from| from <= now))
            .ok_or(SignError::NoUsableKey)?;
        let body = serde_json::to_vec(claims).map_err(|_| SignError::Failed)?;
        let header = key.header::<P>();
        let mut token = String::with_capacity(header.len() + body.len() * 2 + 96);
        token.push_str(header);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(&body, &mut token);
        let signature = key.pair.sign(&self.random, token.as_bytes()).map_err(|_| SignError::Failed)?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature.as_ref(), &mut token);
        Ok(token)
    }

    /// The public keys, those to come included.
    pub(crate) fn jwks(&self) -> PublishedKeys {
        PublishedKeys { keys: self.keys.iter().map(GrantKey::jwk).collect() }
    }

    /// The same keys as they stand in a record.
    pub(crate) fn recorded(&self) -> Vec<RecordedKey> {
        let key = |key: &GrantKey| RecordedKey::new("grant", &key.kid, key.pair.public_key().as_ref());
        self.keys.iter().map(key).collect()
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|key| &key.kid)).finish()
    }
}

/// A JWKS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct PublishedKeys {
    keys: Vec<PublishedKey>,
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct PublishedKey {
    alg: &'static str,
    crv: &'static str,
    kid: String,
    kty: &'static str,
    #[serde(rename = "use")]
    key_use: &'static str,
    x: String,
    y: String,
}

/// A grant could not be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SignError {
    /// The signature failed.
    #[error("the grant could not be signed")]
    Failed,
    /// Every key is for later.
    #[error("no grant key may be used yet")]
    NoUsableKey,
}

impl Explain for SignError {
    fn explain(&self, reason: &mut Reason) {
        reason.say(match self {
            Self::Failed => "the grant could not be signed",
            Self::NoUsableKey => "no grant key may be used yet",
        });
    }
}

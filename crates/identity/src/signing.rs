//! Signing tokens with ES256: what a provider does with ID tokens, and a client with its assertions (RFC 7523).

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_protocol::IdToken;
use serde::Serialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// A private key on P-256. It signs, and that is all that is to be seen of it.
pub struct SigningKey {
    pair: EcdsaKeyPair,
    kid: String,
    random: SystemRandom,
}

/// A key that cannot be made, read or used: a fault of this machine or of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signing key cannot be used")]
pub struct SigningError;

impl SigningKey {
    /// A new key.
    pub fn generate() -> Result<Self, SigningError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| SigningError)?;
        Ok(Self::of(pair))
    }

    /// A key as [`Self::to_pkcs8`] wrote it.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, SigningError> {
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map_err(|_| SigningError)?;
        Ok(Self::of(pair))
    }

    /// The private key in PKCS#8 (DER), for a file of mode 0600.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, SigningError> {
        let document = self.pair.to_pkcs8v1().map_err(|_| SigningError)?;
        Ok(Zeroizing::new(document.as_ref().to_vec()))
    }

    /// The name of the key: a digest of it, so that two keys never have one name.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public key as it is published (RFC 7517).
    pub fn public_jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        json!({
            "alg": "ES256",
            "crv": "P-256",
            "kid": self.kid,
            "kty": "EC",
            "use": "sig",
            "x": URL_SAFE_NO_PAD.encode(&point[1..33]),
            "y": URL_SAFE_NO_PAD.encode(&point[33..65]),
        })
    }

    /// A compact JWS over these claims.
    pub fn sign(&self, claims: &impl Serialize) -> Result<IdToken, SigningError> {
        let header = json!({ "alg": "ES256", "kid": self.kid, "typ": "JWT" }).to_string();
        let claims = Zeroizing::new(serde_json::to_vec(claims).map_err(|_| SigningError)?);
        let signed =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims.as_slice()));
        let signature = self.pair.sign(&self.random, signed.as_bytes()).map_err(|_| SigningError)?;
        Ok(IdToken::new(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))))
    }

    fn of(pair: EcdsaKeyPair) -> Self {
        let digest = digest(&SHA256, pair.public_key().as_ref());
        let kid = URL_SAFE_NO_PAD.encode(&digest.as_ref()[..16]);
        Self { pair, kid, random: SystemRandom::new() }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

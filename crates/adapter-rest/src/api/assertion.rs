//! Proving to a token server who we are with a signature (RFC 7523 `private_key_jwt`).

use std::path::Path;
use std::time::Duration;

use aws_lc_rs::rand::{SystemRandom, fill};
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA384,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_adapter::SourceError;
use kw_domain::Instant;
use serde_json::json;
use zeroize::Zeroizing;

use super::wrong;

/// A private key and its name at the token server. What kind it is, the key itself says.
pub(super) struct AssertionKey {
    key: Key,
    key_id: Option<String>,
}

enum Key {
    Es256(EcdsaKeyPair),
    Es384(EcdsaKeyPair),
    Rs384(RsaKeyPair),
}

impl AssertionKey {
    pub(super) fn read(file: &Path, key_id: Option<String>) -> Result<Self, SourceError> {
        let der = kw_transport::private_key(file).map_err(|error| wrong(&error.to_string()))?;
        let ec = |algorithm| EcdsaKeyPair::from_pkcs8(algorithm, &der);
        let key = if let Ok(key) = ec(&ECDSA_P256_SHA256_FIXED_SIGNING) {
            Key::Es256(key)
        } else if let Ok(key) = ec(&ECDSA_P384_SHA384_FIXED_SIGNING) {
            Key::Es384(key)
        } else if let Ok(key) = RsaKeyPair::from_pkcs8(&der) {
            Key::Rs384(key)
        } else {
            return Err(wrong(&format!(
                "{} is a key of a kind not known here: use P-256, P-384 or RSA",
                file.display()
            )));
        };
        Ok(Self { key, key_id })
    }

    /// A statement that we are `client_id`, for this token server, for a few minutes, once.
    pub(super) fn assert(
        &self,
        client_id: &str,
        token_url: &str,
        now: Instant,
    ) -> Result<Zeroizing<String>, SourceError> {
        let fault = |_| SourceError::Unavailable("this machine cannot sign now".to_owned());
        let mut once = [0; 16];
        fill(&mut once).map_err(fault)?;
        let mut header = json!({ "alg": self.key.algorithm(), "typ": "JWT" });
        if let Some(key_id) = &self.key_id {
            header["kid"] = key_id.as_str().into();
        }
        let claims = json!({
            "iss": client_id,
            "sub": client_id,
            "aud": token_url,
            "iat": now.as_seconds(),
            "exp": now.plus(LIFE).as_seconds(),
            "jti": URL_SAFE_NO_PAD.encode(once),
        });
        let encoded = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encoded(&header), encoded(&claims));
        let signature = self.key.sign(signed.as_bytes()).map_err(fault)?;
        Ok(Zeroizing::new(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }
}

impl Key {
    fn algorithm(&self) -> &'static str {
        match self {
            Self::Es256(_) => "ES256",
            Self::Es384(_) => "ES384",
            Self::Rs384(_) => "RS384",
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, aws_lc_rs::error::Unspecified> {
        let random = SystemRandom::new();
        match self {
            Self::Es256(key) | Self::Es384(key) => Ok(key.sign(&random, message)?.as_ref().to_vec()),
            Self::Rs384(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA384, &random, message, &mut signature)?;
                Ok(signature)
            }
        }
    }
}

/// SMART Backend Services admits five minutes at most.
const LIFE: Duration = Duration::from_mins(4);

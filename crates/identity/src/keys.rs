//! A provider's public keys (RFC 7517), each for what it may be used for.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

use crate::FetchError;

/// The ways of signing that are accepted. Never `none`, and never a shared secret: with `HS256` a public key would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SigningAlgorithm {
    /// Ed25519 (RFC 8037).
    EdDsa,
    /// ECDSA on P-256 (RFC 7518 §3.4).
    Es256,
    /// RSASSA-PSS with SHA-256 (RFC 7518 §3.5).
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3): old, unbroken, and what many providers have.
    Rs256,
}

impl SigningAlgorithm {
    /// All of them, in alphabetical order.
    pub const ALL: [Self; 4] = [Self::EdDsa, Self::Es256, Self::Ps256, Self::Rs256];

    /// The algorithm with this name, exactly as RFC 7518 §3.1 writes it.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
        }
    }

    fn library(self) -> Algorithm {
        match self {
            Self::EdDsa => Algorithm::EdDSA,
            Self::Es256 => Algorithm::ES256,
            Self::Ps256 => Algorithm::PS256,
            Self::Rs256 => Algorithm::RS256,
        }
    }
}

/// A key set as it was published. Keys that cannot check one of our algorithms are left out.
#[derive(Clone, Default)]
pub struct KeySet(BTreeMap<String, Vec<Key>>);

#[derive(Clone)]
struct Key {
    algorithms: Vec<SigningAlgorithm>,
    key: DecodingKey,
}

impl KeySet {
    /// Reads a set. One key that is not understood spoils nothing for the others.
    pub fn parse(json: &[u8]) -> Result<Self, FetchError> {
        let published: Published = serde_json::from_slice(json).map_err(|_| FetchError::Malformed)?;
        let mut keys: BTreeMap<String, Vec<Key>> = BTreeMap::new();
        for value in published.keys.into_iter().take(MAX_KEYS) {
            let Ok(jwk) = serde_json::from_value::<Jwk>(value) else { continue };
            if let Some((kid, key)) = jwk.into_key() {
                keys.entry(kid).or_default().push(key);
            }
        }
        Ok(Self(keys))
    }

    /// How many names of keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing to check with.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn names(&self, kid: &str) -> bool {
        self.0.contains_key(kid)
    }

    /// Whether the key of this name, used as this algorithm wants it, made the signature (unpadded base64url). A name may
    /// be on keys of several kinds (RFC 7517 §4.5): only those of the right kind are tried.
    pub(crate) fn has_signed(
        &self,
        kid: &str,
        algorithm: SigningAlgorithm,
        signed: &str,
        signature: &str,
    ) -> bool {
        self.0.get(kid).into_iter().flatten().filter(|key| key.algorithms.contains(&algorithm)).any(|key| {
            jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &key.key, algorithm.library())
                .unwrap_or(false)
        })
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeySet({} names)", self.0.len())
    }
}

#[derive(Deserialize)]
struct Published {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: String,
    #[serde(rename = "use")]
    key_use: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

impl Jwk {
    fn into_key(self) -> Option<(String, Key)> {
        let for_signatures = self.key_use.as_deref().is_none_or(|key_use| key_use == "sig")
            && self.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        if !for_signatures {
            return None;
        }
        let (mut algorithms, key) = match (self.kty.as_str(), self.crv.as_deref()) {
            ("EC", Some("P-256")) => {
                let (x, y) = (bytes(self.x.as_deref(), 32)?, bytes(self.y.as_deref(), 32)?);
                let point = [[4].as_slice(), &x, &y].concat();
                (vec![SigningAlgorithm::Es256], DecodingKey::from_ec_der(&point))
            }
            ("OKP", Some("Ed25519")) => {
                (vec![SigningAlgorithm::EdDsa], DecodingKey::from_ed_der(&bytes(self.x.as_deref(), 32)?))
            }
            ("RSA", _) => {
                let n = URL_SAFE_NO_PAD.decode(self.n.as_deref()?).ok()?;
                let e = URL_SAFE_NO_PAD.decode(self.e.as_deref()?).ok()?;
                if !(SHORTEST_MODULUS..=LONGEST_MODULUS).contains(&n.len()) {
                    return None;
                }
                let key = DecodingKey::from_rsa_raw_components(&n, &e);
                (vec![SigningAlgorithm::Ps256, SigningAlgorithm::Rs256], key)
            }
            _ => return None,
        };
        if let Some(only) = &self.alg {
            algorithms.retain(|algorithm| algorithm.as_str() == only);
        }
        (!algorithms.is_empty()).then_some((self.kid, Key { algorithms, key }))
    }
}

fn bytes(text: Option<&str>, length: usize) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text?).ok().filter(|bytes| bytes.len() == length)
}

/// A provider has a handful: the present one, the next, those before, one per algorithm.
const MAX_KEYS: usize = 64;
/// 2048 bits, in bytes.
const SHORTEST_MODULUS: usize = 256;
/// 8192 bits: longer ones cost more to check than they are worth.
const LONGEST_MODULUS: usize = 1024;

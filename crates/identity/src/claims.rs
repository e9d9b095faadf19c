//! What every ID token says (OpenID Connect Core §2), and what is left when it was found to be true.

use std::fmt;

use kw_domain::Instant;
use serde::{Deserialize, Deserializer};

/// The claims that are judged here. Doubled ones are refused by the reader.
#[derive(Deserialize)]
pub(crate) struct Registered {
    pub(crate) iss: String,
    pub(crate) sub: String,
    pub(crate) aud: Audience,
    #[serde(default)]
    pub(crate) azp: Option<String>,
    #[serde(deserialize_with = "numeric_date")]
    pub(crate) exp: i64,
    #[serde(deserialize_with = "numeric_date")]
    pub(crate) iat: i64,
    #[serde(default, deserialize_with = "optional_numeric_date")]
    pub(crate) nbf: Option<i64>,
    #[serde(default)]
    pub(crate) nonce: Option<String>,
}

/// One audience, or several.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    pub(crate) fn contains(&self, wanted: &str) -> bool {
        match self {
            Self::One(one) => one == wanted,
            Self::Many(many) => many.iter().any(|one| one == wanted),
        }
    }

    pub(crate) fn is_shared(&self) -> bool {
        matches!(self, Self::Many(many) if many.len() > 1)
    }
}

/// What an ID token says, checked. What it says of a person is redacted in `Debug`.
#[derive(Clone)]
pub struct Verified<C> {
    /// Whom it is about, as the provider calls them.
    pub subject: String,
    /// When it was issued.
    pub issued_at: Instant,
    /// Until when it is good.
    pub expires_at: Instant,
    /// The claims that the caller asked for.
    pub claims: C,
}

impl<C> fmt::Debug for Verified<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("issued_at", &self.issued_at)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Seconds since 1970, whole or not (RFC 7519 §2, `NumericDate`).
fn numeric_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let number = serde_json::Number::deserialize(deserializer)?;
    let whole = number.as_i64().or_else(|| {
        let seconds = number.as_f64()?.floor();
        (seconds.abs() < LATEST as f64).then_some(seconds as i64)
    });
    whole
        .filter(|seconds| (0..LATEST).contains(seconds))
        .ok_or_else(|| serde::de::Error::custom("not a moment"))
}

fn optional_numeric_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    numeric_date(deserializer).map(Some)
}

/// The year 9999, in seconds since 1970: later, and the arithmetic with it means nothing.
const LATEST: i64 = 253_402_300_800;

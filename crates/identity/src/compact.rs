//! The compact form (RFC 7515 §7.1) of the tokens that are looked at.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_protocol::IdToken;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::{SigningAlgorithm, TokenError};

/// A token whose header is acceptable; nothing else of it is believed yet.
pub(crate) struct Compact<'a> {
    pub(crate) algorithm: SigningAlgorithm,
    /// The name of the key that it says it was signed with.
    pub(crate) kid: String,
    /// What the signature is over.
    pub(crate) signed: &'a str,
    pub(crate) signature: &'a str,
    claims: &'a str,
}

impl<'a> Compact<'a> {
    /// Takes a token apart. Every algorithm but the allowed ones is refused here, before any key is looked for.
    pub(crate) fn parse(token: &'a IdToken) -> Result<Self, TokenError> {
        let text = token.reveal();
        if text.len() > IdToken::MAX_BYTES {
            return Err(TokenError::Oversized);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(TokenError::Form)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenError::Form)?;
        if claims.contains('.') || signature.is_empty() {
            return Err(TokenError::Form);
        }
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| TokenError::Form)?;
        let algorithm = SigningAlgorithm::parse(&header.alg).ok_or(TokenError::Algorithm)?;
        // RFC 8725 §3.11: another kind of token of the same provider is no ID token.
        if header.typ.is_some_and(|kind| !kind.eq_ignore_ascii_case(JWT)) {
            return Err(TokenError::Type);
        }
        // What a critical member means is not known here, so the token is not understood (RFC 7515 §4.1.11).
        if header.crit.is_some() {
            return Err(TokenError::Form);
        }
        let kid = header.kid.filter(|kid| (1..=LONGEST_KID).contains(&kid.len())).ok_or(TokenError::Form)?;
        Ok(Self { algorithm, kid, signed, signature, claims })
    }

    /// The claims as JSON: to be believed only after the signature was checked.
    pub(crate) fn claims(&self) -> Result<Vec<u8>, TokenError> {
        decode(self.claims)
    }
}

impl fmt::Debug for Compact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compact").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// What of the header is used. Keys and their addresses (`jwk`, `jku`, `x5c`, `x5u`) are not: a token does not choose what
/// it is checked with.
#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    typ: Option<String>,
    #[serde(default)]
    crit: Option<IgnoredAny>,
}

/// Padding and the other alphabet fail here.
fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Form)
}

const JWT: &str = "JWT";
const LONGEST_KID: usize = 256;

//! The compact form (RFC 7515 §7.1) of the kinds of token that are accepted.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_protocol::grant::GrantClaims;
use serde::de::DeserializeOwned;

use super::GrantError;

/// The longest grant that is read, in bytes. One is a few hundred.
pub const MAX_GRANT: usize = 8 * 1024;

/// A token whose header is acceptable; nothing else of it is believed yet.
pub(super) struct Compact<'a> {
    /// The key it says it was signed with.
    pub(super) kid: String,
    signed: &'a str,
    claims: &'a str,
    signature: Vec<u8>,
}

impl<'a> Compact<'a> {
    /// Takes the token apart and refuses every algorithm but one and every type but `wanted`.
    pub(super) fn parse(token: &'a str, wanted: &str) -> Result<Self, GrantError> {
        if token.len() > MAX_GRANT {
            return Err(GrantError::Form);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(GrantError::Form)?;
        let (header, claims) = signed.split_once('.').ok_or(GrantError::Form)?;
        if claims.contains('.') {
            return Err(GrantError::Form);
        }
        let header: StrictHeader = serde_json::from_slice(&decode(header)?).map_err(|_| GrantError::Form)?;
        if header.alg != ALGORITHM {
            return Err(GrantError::Algorithm);
        }
        if header.typ != wanted {
            return Err(GrantError::Type);
        }
        Ok(Self { kid: header.kid, signed, claims, signature: decode(signature)? })
    }

    /// The claims, if this key (an uncompressed point) signed them.
    pub(super) fn verify<P: DeserializeOwned>(self, point: &[u8; 65]) -> Result<GrantClaims<P>, GrantError> {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            .verify(self.signed.as_bytes(), &self.signature)
            .map_err(|_| GrantError::Signature)?;
        serde_json::from_slice(&decode(self.claims)?).map_err(|_| GrantError::Form)
    }
}

/// A header with the known members and no others: `crit`, `jwk`, `jku` and `x5u` have no meaning here, and a token
/// that relies on one is not ours.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct StrictHeader {
    alg: String,
    kid: String,
    typ: String,
}

fn decode(part: &str) -> Result<Vec<u8>, GrantError> {
    // Padding and the other alphabet fail here.
    URL_SAFE_NO_PAD.decode(part).map_err(|_| GrantError::Form)
}

const ALGORITHM: &str = "ES256";

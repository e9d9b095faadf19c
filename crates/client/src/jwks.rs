//! The switchboard's grant keys (RFC 7517, RFC 7518 §6.2).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// A set of public keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwks {
    /// The keys. Those of kinds we do not use are kept, and give no point.
    pub keys: Vec<Jwk>,
}

/// One public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// `EC` for ours.
    pub kty: String,
    /// The key's id, as in the header of a grant.
    #[serde(default)]
    pub kid: String,
    /// `P-256` for ours.
    #[serde(default)]
    pub crv: String,
    /// The x coordinate, unpadded base64url.
    #[serde(default)]
    pub x: String,
    /// The y coordinate, unpadded base64url.
    #[serde(default)]
    pub y: String,
    /// `ES256` for ours, when it is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// `sig` for ours, when it is said.
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub key_use: Option<String>,
}

impl Jwk {
    /// The uncompressed point (SEC 1 §2.3.3) of an ES256 signing key; `None` for every other kind. Whether it lies on the
    /// curve is for the verifier to check.
    pub fn es256_point(&self) -> Option<[u8; 65]> {
        let for_signing = self.key_use.as_deref().is_none_or(|key_use| key_use == "sig");
        let for_es256 = self.alg.as_deref().is_none_or(|alg| alg == "ES256");
        if self.kty != "EC" || self.crv != "P-256" || !for_signing || !for_es256 {
            return None;
        }
        let mut point = [4; 65];
        for (text, place) in [(&self.x, 1..33), (&self.y, 33..65)] {
            if URL_SAFE_NO_PAD.decode_slice(text, &mut point[place]) != Ok(32) {
                return None;
            }
        }
        Some(point)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7515 appendix A.3.
    const KEY: &str = r#"{"kty":"EC","crv":"P-256","kid":"1",
        "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

    #[test]
    fn a_p256_signing_key_gives_its_point() {
        let key: Jwk = serde_json::from_str(KEY).unwrap();
        let point = key.es256_point().unwrap();
        assert_eq!((point[0], point[1], point[64]), (4, 127, 173));
    }

    #[test]
    fn other_kinds_and_uses_give_none() {
        let key: Jwk = serde_json::from_str(KEY).unwrap();
        for wrong in [
            Jwk { kty: "RSA".into(), ..key.clone() },
            Jwk { crv: "P-384".into(), ..key.clone() },
            Jwk { alg: Some("none".into()), ..key.clone() },
            Jwk { key_use: Some("enc".into()), ..key.clone() },
            Jwk { x: "AAAA".into(), ..key.clone() },
            Jwk { y: format!("{}=", key.y), ..key.clone() },
        ] {
            assert_eq!(wrong.es256_point(), None);
        }
    }
}

//! `POST /v1/authorisation/par` (RFC 9126): what the personal environment wants, said over mutual TLS and never in an
//! address.

use kw_domain::Oin;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::SecretText;

/// A pushed authorisation request: a form (`application/x-www-form-urlencoded`).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PushedRequest {
    /// Always a code.
    pub response_type: ResponseType,
    /// The personal environment: the OIN of its certificate.
    #[schema(value_type = String)]
    pub client_id: Oin,
    /// Where the person's browser goes back to: exactly one of those that the holder has for this client.
    pub redirect_uri: String,
    /// Categories, and `onbehalfof` or `onbehalfofchild` for somebody else: see [`super::Scope`].
    pub scope: String,
    /// The client's own: at least 128 random bits (22 characters of base64url), at most 256 characters. Comes back once.
    pub state: SecretText,
    /// Unpadded base64url of SHA-256 of the code verifier (RFC 7636).
    pub code_challenge: String,
    /// Always SHA-256.
    pub code_challenge_method: CodeChallengeMethod,
    /// The birth date of the person that it is about, `YYYYMMDD`; `00` where the day or month is not known. Required for
    /// somebody else (MedMij: `MedMij_geboortedatum`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub birth_date: Option<SecretText>,
}

/// What the client wants back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ResponseType {
    /// An authorisation code.
    Code,
}

/// How the code challenge was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum CodeChallengeMethod {
    /// SHA-256.
    S256,
}

/// The request is kept: `201`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PushedAuthorisation {
    /// Stands for the request, at the `authorize` address of the holder, once.
    pub request_uri: String,
    /// For so many seconds.
    pub expires_in: u64,
}

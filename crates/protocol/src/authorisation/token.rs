//! `POST /v1/authorisation/tokens` (RFC 6749 §4.1.3, RFC 7636, RFC 8705): the code for a token.

use kw_domain::Oin;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::SecretText;

/// Asks for a token: a form (`application/x-www-form-urlencoded`), by the client that pushed the request.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// Always for a code.
    pub grant_type: GrantType,
    /// The code that the person's browser brought.
    #[schema(value_type = String)]
    pub code: SecretText,
    /// As in the pushed request.
    pub redirect_uri: String,
    /// What the code challenge was made of: 43 to 128 unreserved characters.
    #[schema(value_type = String)]
    pub code_verifier: SecretText,
    /// The personal environment: the OIN of its certificate.
    #[schema(value_type = String)]
    pub client_id: Oin,
}

/// What a token is asked for with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// A code.
    AuthorizationCode,
}

/// A token, bound to the certificate of the client that got it (RFC 8705 §3) and to one person.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// Opaque; goes into the `Authorization` header of collections.
    #[schema(value_type = String)]
    pub access_token: SecretText,
    /// Always `Bearer`: the binding to the certificate is known to the holder.
    pub token_type: TokenType,
    /// For so many seconds: at most 900.
    pub expires_in: u64,
    /// What it is good for: as asked.
    pub scope: String,
}

/// How a token is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum TokenType {
    /// In the `Authorization` header (RFC 6750).
    Bearer,
}

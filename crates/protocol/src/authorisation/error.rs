//! How `par` and `tokens` refuse (RFC 6749 §4.1.2.1 and §5.2, RFC 9126 §2.3), and what a redirect says.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A refusal of `par` or `tokens`: `application/json`, as the RFCs say. Never repeats any part of the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OauthError {
    /// The code.
    pub error: OauthErrorCode,
    /// What to do about it, for the client's developer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
}

/// The codes of RFC 6749 that are used here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OauthErrorCode {
    /// In a redirect: the person said no, or may not. Why is told to the person, not to the client.
    AccessDenied,
    /// The client is not the party of the certificate.
    InvalidClient,
    /// The code is unknown, expired, used, of another client, or its verifier does not fit.
    InvalidGrant,
    /// A parameter is missing or not well formed.
    InvalidRequest,
    /// A category or kind of representation that is not offered.
    InvalidScope,
    /// Something broke inside.
    ServerError,
    /// Try again later.
    TemporarilyUnavailable,
    /// The client may not ask here: the holder has no redirect address of it, or it is suspended.
    UnauthorizedClient,
    /// Not for a code.
    UnsupportedGrantType,
    /// Not for a code.
    UnsupportedResponseType,
}

impl OauthErrorCode {
    /// All of them, in alphabetical order.
    pub const ALL: [Self; 10] = [
        Self::AccessDenied,
        Self::InvalidClient,
        Self::InvalidGrant,
        Self::InvalidRequest,
        Self::InvalidScope,
        Self::ServerError,
        Self::TemporarilyUnavailable,
        Self::UnauthorizedClient,
        Self::UnsupportedGrantType,
        Self::UnsupportedResponseType,
    ];

    /// The code as it stands in bodies and redirects.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidScope => "invalid_scope",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
        }
    }

    /// The status of a refusal with this code.
    pub fn status(self) -> u16 {
        match self {
            Self::InvalidClient => 401,
            Self::AccessDenied | Self::UnauthorizedClient => 403,
            Self::ServerError => 500,
            Self::TemporarilyUnavailable => 503,
            _ => 400,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_written_as_the_rfc_has_them() {
        let codes = OauthErrorCode::ALL.map(OauthErrorCode::as_str);
        assert!(codes.is_sorted());
        for code in OauthErrorCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }
}

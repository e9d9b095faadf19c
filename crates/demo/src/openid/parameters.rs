//! Parameters and errors as OAuth 2.0 has them (RFC 6749).

use std::collections::HashMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde_json::json;
use url::form_urlencoded;
use zeroize::Zeroizing;

/// Parameters, each at most once (RFC 6749 §3.1); an empty one counts as left out.
pub(crate) struct Parameters(HashMap<String, Zeroizing<String>>);

impl Parameters {
    pub(crate) fn parse(encoded: &[u8]) -> Option<Self> {
        let mut parameters = HashMap::new();
        for (name, value) in form_urlencoded::parse(encoded) {
            let value = Zeroizing::new(value.into_owned());
            if parameters.len() >= MOST || parameters.insert(name.into_owned(), value).is_some() {
                return None;
            }
        }
        parameters.retain(|_, value| !value.is_empty());
        Some(Self(parameters))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.as_str())
    }
}

/// An error of the token endpoint (RFC 6749 §5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenFailure {
    /// The client did not show who it is.
    Client,
    /// The code is not one that this client can use here and now.
    Grant,
    /// The request is not one.
    Request,
    /// Another kind of grant.
    GrantType,
    /// Nothing can be stated now.
    Server,
}

impl TokenFailure {
    pub(crate) fn answer(self) -> HttpResponse {
        let (status, code, description) = match self {
            Self::Client => {
                (StatusCode::UNAUTHORIZED, "invalid_client", "the client is not who it says it is")
            }
            Self::Grant => {
                (StatusCode::BAD_REQUEST, "invalid_grant", "the code cannot be used, or not again")
            }
            Self::GrantType => (StatusCode::BAD_REQUEST, "unsupported_grant_type", "use authorization_code"),
            Self::Request => {
                (StatusCode::BAD_REQUEST, "invalid_request", "a parameter is missing or doubled")
            }
            Self::Server => (StatusCode::SERVICE_UNAVAILABLE, "server_error", "nothing can be stated now"),
        };
        HttpResponse::build(status)
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header((CONTENT_TYPE, "application/json"))
            .body(json!({ "error": code, "error_description": description }).to_string())
    }
}

const MOST: usize = 32;

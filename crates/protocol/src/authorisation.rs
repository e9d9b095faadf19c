//! The holder's authorisation server: a personal environment pushes a request, a person says who they are and consents,
//! the personal environment gets a code, a token and one document at a time.
//!
//! Forms and errors of `par` and `tokens` are those of RFC 6749, RFC 7636 and RFC 9126, so their names have underscores.
//! What a person's browser and a collection exchange is JSON with camelCase names. Codes, tokens, verifiers, states and
//! birth dates are redacted in `Debug`.

mod collection;
mod error;
mod interaction;
mod pushed;
mod scope;
mod secret;
mod token;

pub use collection::{BirthDatePrecision, Collected, CollectionRequest};
pub use error::{OauthError, OauthErrorCode};
pub use interaction::{
    Acting, ConsentDecision, ConsentQuestion, ConsentVerdict, ConsentView, Decided, EndedAuthorisation,
    FailureCode, NamedCategory, NamedParty, Represented,
};
pub use pushed::{CodeChallengeMethod, PushedAuthorisation, PushedRequest, ResponseType};
pub use scope::{RepresentationScope, Scope, ScopeError};
pub use secret::SecretText;
pub use token::{GrantType, Token, TokenRequest, TokenType};

/// Where a personal environment pushes its request, at the holder's service listener (mutual TLS).
pub const PAR_PATH: &str = "/v1/authorisation/par";
/// Where a personal environment gets a token, at the holder's service listener (mutual TLS).
pub const TOKENS_PATH: &str = "/v1/authorisation/tokens";
/// Where a personal environment collects, at the holder's service listener (mutual TLS).
pub const COLLECTIONS_PATH: &str = "/v1/collections";
/// Where the person's browser is sent, at the holder's public listener.
pub const AUTHORIZE_PATH: &str = "/v1/authorisation/authorize";
/// Where the provider sends the person's browser back to, at the holder's public listener.
pub const CALLBACK_PATH: &str = "/v1/authorisation/callback";
/// Where the person sees what is asked and decides, at the holder's public listener; the id follows.
pub const CONSENTS_PATH: &str = "/v1/authorisation/consents";

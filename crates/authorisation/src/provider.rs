//! Who says who somebody is: the OpenID provider that the agreement names.

mod oidc;

use std::fmt;

use async_trait::async_trait;
use kw_protocol::authorisation::RepresentationScope;
use kw_telemetry::{Explain, Reason};

use crate::rules::statement::Statement;

pub use oidc::{OidcParts, OidcProvider};

/// The provider as the authorisation server needs it. [`crate::OidcProvider`] is one; tests have another.
#[async_trait]
pub trait Provider: fmt::Debug + Send + Sync {
    /// Where the person's browser goes to sign in.
    async fn sign_in_address(&self, request: &SignIn<'_>) -> Result<String, ProviderError>;

    /// What the provider says of the person, for the code that the browser brought back. Checked for who said it, to whom,
    /// when, and in answer to what.
    async fn statement(&self, answer: &SignedIn<'_>) -> Result<Statement, ProviderError>;

    /// Who it says it is (`iss`).
    fn issuer(&self) -> String;
}

/// A request to sign in.
#[derive(Clone, Copy)]
pub struct SignIn<'a> {
    /// Where the browser comes back to.
    pub redirect_uri: &'a str,
    /// Comes back with the browser.
    pub state: &'a str,
    /// Comes back in the statement.
    pub nonce: &'a str,
    /// What the code verifier will meet.
    pub code_challenge: &'a str,
    /// Whether the person is to choose somebody to act for, and on which ground.
    pub representation: Option<RepresentationScope>,
}

/// What the browser came back with, and what was kept meanwhile.
#[derive(Clone, Copy)]
pub struct SignedIn<'a> {
    /// The provider's code.
    pub code: &'a str,
    /// As in the request.
    pub redirect_uri: &'a str,
    /// As in the request.
    pub nonce: &'a str,
    /// What the code challenge was made of.
    pub code_verifier: &'a str,
}

/// Why there is no statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// The agreement names none.
    #[error("the agreement names no provider of statements")]
    None,
    /// It refused our request, or what it said cannot be believed. A security event.
    #[error("the provider's statement is refused: {0}")]
    Refused(&'static str),
    /// It cannot be reached now, or does not answer as OpenID Connect says.
    #[error("the provider does not answer: {0}")]
    Unavailable(&'static str),
}

impl Explain for ProviderError {
    fn explain(&self, reason: &mut Reason) {
        match self {
            Self::None => reason.say("the agreement names no provider of statements"),
            Self::Refused(why) => reason.say("the statement is refused").say(why),
            Self::Unavailable(why) => reason.say("the provider does not answer").say(why),
        };
    }
}

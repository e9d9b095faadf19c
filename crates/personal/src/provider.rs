//! Where people sign in: the chain's provider says who they are, and whom they may represent.

pub mod oidc;

use async_trait::async_trait;

use crate::rules::Statement;

/// The provider of the agreement, as a personal environment uses it.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Where a person's browser goes to sign in.
    async fn sign_in_address(&self, request: &SignIn<'_>) -> Result<String, ProviderError>;
    /// What the provider states about who came back.
    async fn statement(&self, answer: &SignedIn<'_>) -> Result<Statement, ProviderError>;
}

/// A sign-in that begins.
pub struct SignIn<'a> {
    /// Where the browser comes back to.
    pub redirect_uri: &'a str,
    /// Comes back with it.
    pub state: &'a str,
    /// Stands in the statement.
    pub nonce: &'a str,
    /// S256 of the code verifier.
    pub code_challenge: &'a str,
}

/// What came back.
pub struct SignedIn<'a> {
    /// The provider's code.
    pub code: &'a str,
    /// As in the request.
    pub redirect_uri: &'a str,
    /// What the challenge was made of.
    pub code_verifier: &'a str,
    /// As in the request.
    pub nonce: &'a str,
}

/// Why nobody is signed in. The reason is a fixed text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// What it says cannot be believed, or it refused.
    #[error("the provider's statement is refused: {0}")]
    Refused(&'static str),
    /// It cannot be asked now.
    #[error("the provider cannot be asked: {0}")]
    Unavailable(&'static str),
}

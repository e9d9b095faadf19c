//! Why a token is not believed, and who must mend it.

use kw_telemetry::{Explain, Reason};

use crate::AddressError;

/// Why an ID token is not believed. None of the variants holds any part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is signed in a way that is not accepted: none, a shared secret, or one that nobody needs.
    #[error("the token is signed in a way that is not accepted: use ES256, PS256, RS256 or EdDSA")]
    Algorithm,
    /// It is for somebody else.
    #[error(
        "the token is for another client: use one that the provider issued for the client that is agreed"
    )]
    Audience,
    /// It says something that is not there to be understood, or lacks a claim that is needed.
    #[error("the token lacks a claim that is needed, or has it in another form")]
    Claims,
    /// It is issued in the future: a clock is wrong.
    #[error("the token is not valid yet: the clocks of provider and service differ by more than 30 seconds")]
    Early,
    /// It was good once.
    #[error("the token has expired: sign in again")]
    Expired,
    /// It is no compact JWS with a header that is understood.
    #[error("the token cannot be read: send it as the provider issued it")]
    Form,
    /// Another provider issued it.
    #[error("the token is of another issuer than the one that is agreed")]
    Issuer,
    /// The provider's keys cannot be had now.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// It answers another sign-in than the one that was begun here.
    #[error("the token answers another sign-in: begin again")]
    Nonce,
    /// It was issued longer ago than is accepted.
    #[error("the token is older than is accepted: sign in again")]
    Old,
    /// It is longer than any token is.
    #[error("the token is longer than 8 KiB")]
    Oversized,
    /// The named key did not sign it.
    #[error("the token's signature is wrong: send it as the provider issued it")]
    Signature,
    /// It is another kind of token, such as an access token.
    #[error("this token is no ID token")]
    Type,
    /// The provider publishes no such key.
    #[error("the provider publishes no key of this name: sign in again")]
    UnknownKey,
}

impl TokenError {
    /// The reason as it stands in records and logs.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Algorithm => "id-token-algorithm",
            Self::Audience => "id-token-audience",
            Self::Claims => "id-token-claims",
            Self::Early => "id-token-early",
            Self::Expired => "id-token-expired",
            Self::Form => "id-token-form",
            Self::Issuer => "id-token-issuer",
            Self::Keys(_) => "id-token-keys-unavailable",
            Self::Nonce => "id-token-nonce",
            Self::Old => "id-token-old",
            Self::Oversized => "id-token-oversized",
            Self::Signature => "id-token-signature",
            Self::Type => "id-token-type",
            Self::UnknownKey => "id-token-unknown-key",
        }
    }

    /// Whether nobody can tell now whether the token is good: trying again later may help.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Keys(_))
    }
}

impl Explain for TokenError {
    fn explain(&self, reason: &mut Reason) {
        reason.say(self.reason());
        if let Self::Keys(error) = self {
            reason.because(error);
        }
    }
}

/// The provider's keys cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the provider's keys cannot be fetched now, so no token can be checked: try again later")]
pub struct KeysError(pub(crate) Option<FetchError>);

impl KeysError {
    /// What went wrong at the last attempt; `None` when it was too short ago to try again.
    pub fn cause(&self) -> Option<&FetchError> {
        self.0.as_ref()
    }
}

impl Explain for KeysError {
    fn explain(&self, reason: &mut Reason) {
        reason.say("the provider's keys cannot be fetched");
        if let Some(cause) = &self.0 {
            reason.because(cause);
        }
    }
}

/// Why a document of a provider was not had: its keys, its description, an answer of its token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The address that the agreement or the provider gives cannot be used.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// What came is not what a provider publishes.
    #[error("the provider's answer is not understood")]
    Malformed,
    /// It is larger than its bound.
    #[error("the provider's answer is larger than its bound")]
    Oversized,
    /// The provider answered with something else than a success; a redirect is one such.
    #[error("the provider answered with status {0}")]
    Status(u16),
    /// No answer in time.
    #[error("the provider does not answer in time")]
    TimedOut,
    /// It cannot be reached, or its certificate is not trusted.
    #[error("the provider cannot be reached: check the network, its address and the roots that are trusted")]
    Unreachable,
}

impl Explain for FetchError {
    fn explain(&self, reason: &mut Reason) {
        match self {
            Self::Address(error) => reason.because(error),
            Self::Malformed => reason.say("the answer is not understood"),
            Self::Oversized => reason.say("the answer is larger than its bound"),
            Self::Status(status) => reason.say("an answer that is no success").with("status", status),
            Self::TimedOut => reason.say("no answer in time"),
            Self::Unreachable => reason.say("the provider cannot be reached"),
        };
    }
}

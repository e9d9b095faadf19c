//! Why a grant is not accepted, and who must mend it.

use kw_client::ClientError;
use kw_protocol::problem::ProblemCode;
use kw_telemetry::{Explain, Reason};

/// Why a grant is not accepted. Unless said otherwise, the caller changed it or uses it in another place than it was
/// issued for: a security event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantError {
    /// The pull names another person than the one the grant was issued for.
    #[error(
        "the actor is not the one the grant was issued for: send the actor and the salt of the same query"
    )]
    Actor,
    /// The header names another algorithm than ES256.
    #[error("the grant is signed in another way than ES256: send it as the switchboard issued it")]
    Algorithm,
    /// It is for another holder.
    #[error("the grant is for another holder: send it to the holder that the switchboard named with it")]
    Audience,
    /// It is bound to another certificate, possibly because the caller's was renewed since: then the caller asks again.
    #[error("the grant is bound to another certificate: ask the switchboard again with the present one")]
    Certificate,
    /// It is of another chain.
    #[error("the grant is of another chain: send it to the holder that the switchboard named with it")]
    Chain,
    /// It is not valid yet; most likely a clock is wrong, the switchboard's or this holder's.
    #[error(
        "the grant is not valid yet: the clocks of switchboard and holder differ by more than 30 seconds"
    )]
    Early,
    /// It was valid once; the caller asks again.
    #[error("the grant has expired: ask the switchboard again")]
    Expired,
    /// It is no compact JWS with the members that a grant has.
    #[error("the grant cannot be read: send it as the switchboard issued it")]
    Form,
    /// Another party than the agreement's switchboard says it issued it.
    #[error("the grant is of another issuer than this chain's switchboard")]
    Issuer,
    /// The switchboard's keys cannot be had now: for the operator of this holder.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// It is valid for longer than a grant may be, or for no time at all: the switchboard's to mend.
    #[error("the grant is not valid for a period that grants may have: ask the switchboard again")]
    Life,
    /// It was issued to another requester.
    #[error("the grant was issued to another requester: use only your own")]
    Requester,
    /// The signature is not that of the named key.
    #[error("the grant's signature is wrong: send it as the switchboard issued it")]
    Signature,
    /// It is another kind of token.
    #[error("this token is no grant for what is asked here: send the one that the switchboard gave for it")]
    Type,
    /// It names no place in the switchboard's log where its leaf could be looked for.
    #[error("the grant has no place in the switchboard's log: ask the switchboard again")]
    Unlogged,
    /// The switchboard publishes no such key.
    #[error("the switchboard publishes no key of this name: ask the switchboard again")]
    UnknownKey,
}

/// The switchboard's keys cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the switchboard's keys cannot be fetched now, so no grant can be checked: try again later")]
pub struct KeysError(pub(super) Option<ClientError>);

impl Explain for KeysError {
    fn explain(&self, reason: &mut Reason) {
        reason.say("the switchboard's keys cannot be fetched");
        if let Some(cause) = &self.0 {
            reason.because(cause);
        }
    }
}

impl KeysError {
    /// What went wrong at the last attempt; `None` when it was too short ago to try again.
    pub fn cause(&self) -> Option<&ClientError> {
        self.0.as_ref()
    }
}

impl GrantError {
    /// The problem type that the caller gets.
    pub fn code(&self) -> ProblemCode {
        match self {
            Self::Actor => ProblemCode::ActorMismatch,
            Self::Early | Self::Expired => ProblemCode::GrantExpired,
            Self::Keys(_) => ProblemCode::Unavailable,
            Self::Algorithm
            | Self::Audience
            | Self::Certificate
            | Self::Chain
            | Self::Form
            | Self::Issuer
            | Self::Life
            | Self::Requester
            | Self::Signature
            | Self::Type
            | Self::Unlogged
            | Self::UnknownKey => ProblemCode::GrantRefused,
        }
    }

    /// The reason as it stands in records.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Actor => "grant-actor",
            Self::Algorithm => "grant-algorithm",
            Self::Audience => "grant-audience",
            Self::Certificate => "grant-certificate",
            Self::Chain => "grant-chain",
            Self::Early => "grant-early",
            Self::Expired => "grant-expired",
            Self::Form => "grant-form",
            Self::Issuer => "grant-issuer",
            Self::Keys(_) => "grant-keys-unavailable",
            Self::Life => "grant-life",
            Self::Requester => "grant-requester",
            Self::Signature => "grant-signature",
            Self::Type => "grant-type",
            Self::UnknownKey => "grant-unknown-key",
            Self::Unlogged => "grant-unlogged",
        }
    }
}

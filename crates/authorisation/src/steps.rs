//! The steps of an authorisation, each once, in the order in which they are taken.

mod ask;
mod collect;
mod push;
mod redeem;
mod send;
mod state;

pub(crate) use push::BODY_LIMIT as FORM_LIMIT;
pub use state::CallbackQuery;

use kw_protocol::authorisation::{OauthError, OauthErrorCode};
use kw_protocol::problem::ProblemCode;
use kw_runtime::Refusal;

use crate::rules::request::RefusedForm;

/// How `par` and `tokens` refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OauthRefusal(pub(crate) OauthError);

impl OauthRefusal {
    pub(crate) fn new(error: OauthErrorCode, description: &str) -> Self {
        Self(OauthError { error, error_description: Some(description.to_owned()) })
    }
}

impl From<RefusedForm> for OauthRefusal {
    fn from(refused: RefusedForm) -> Self {
        Self::new(refused.error, refused.description)
    }
}

impl From<Refusal> for OauthRefusal {
    fn from(refusal: Refusal) -> Self {
        let error = match refusal.code() {
            ProblemCode::Unavailable | ProblemCode::TooMany => OauthErrorCode::TemporarilyUnavailable,
            ProblemCode::Fault => OauthErrorCode::ServerError,
            _ => OauthErrorCode::InvalidRequest,
        };
        Self::new(error, refusal.detail())
    }
}

//! When there is no page to show: a page that says so, in the reader's language, and what to do next.

use std::fmt;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use kw_client::ClientError;
use kw_protocol::problem::ProblemCode;

/// What a handler of pages gives.
pub type Outcome = Result<HttpResponse, Failure>;

/// Why there is no page. It is made into one at the edge, where the language is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Somebody has to sign in first; afterwards they come back to `next`, a path of ours.
    SignIn {
        /// Where they wanted to be.
        next: String,
        /// Whether a sign-in of just now is wanted, although there is a session.
        again: bool,
    },
    /// The problem of one of the services, or of ours.
    Problem {
        /// What it is; the messages are `problem-<code>` and `problem-<code>-next`.
        code: ProblemCode,
    },
    /// The form was not made by a page of this session.
    Forged,
}

impl Failure {
    /// Nothing is there, or not for this reader.
    pub fn not_found() -> Self {
        Self::Problem { code: ProblemCode::NotFound }
    }

    /// Not for this reader.
    pub fn denied() -> Self {
        Self::Problem { code: ProblemCode::Denied }
    }

    /// What was sent is not understood.
    pub fn invalid() -> Self {
        Self::Problem { code: ProblemCode::Invalid }
    }

    /// Another service does not answer.
    pub fn unavailable() -> Self {
        Self::Problem { code: ProblemCode::Unavailable }
    }

    /// A mistake of ours.
    pub fn fault() -> Self {
        Self::Problem { code: ProblemCode::Fault }
    }

    pub(crate) fn forged() -> Self {
        Self::Forged
    }
}

/// What a service refused, as it said it; what it cannot be asked, as unavailable. Its own words stay with it.
impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::TimedOut | ClientError::Unreachable => Self::unavailable(),
            ClientError::Problem(_) => {
                Self::Problem { code: error.code().unwrap_or(ProblemCode::Unavailable) }
            }
            ClientError::Address(_) | ClientError::Identity | ClientError::Malformed(_) => Self::fault(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignIn { .. } => f.write_str("not signed in"),
            Self::Problem { code } => write!(f, "{code:?}"),
            Self::Forged => f.write_str("not a form of this session"),
        }
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::SignIn { .. } => StatusCode::UNAUTHORIZED,
            Self::Problem { code } => {
                StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
            Self::Forged => StatusCode::FORBIDDEN,
        }
    }

    /// Replaced by the page (`routes`).
    fn error_response(&self) -> HttpResponse<BoxBody> {
        HttpResponse::new(self.status_code())
    }
}

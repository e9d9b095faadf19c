//! What can go wrong with a call.

use std::fmt;
use std::io;
use std::time::Duration;

use kw_protocol::problem::{Problem, ProblemCode};
use kw_telemetry::{Explain, Reason};

/// Why a call has no answer. None of the variants holds a body, an address or a header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The configured address cannot be used: the operator's to mend.
    #[error("the address cannot be used: {0}")]
    Address(&'static str),
    /// A certificate was refused, ours or theirs, or theirs carries another OIN: for the operators of both sides, and a
    /// security event when it is unexpected.
    #[error(
        "the TLS identity was refused: check both certificates, their revocation and the OIN in the agreement"
    )]
    Identity,
    /// The answer is not what the interface describes, or larger than its bound: the service's to mend.
    #[error("the answer is not understood: {0}")]
    Malformed(&'static str),
    /// The service refused or failed, and said why.
    #[error(transparent)]
    Problem(Box<Refused>),
    /// No answer in time. The service may have done what was asked.
    #[error("no answer in time: try again, or look at the service")]
    TimedOut,
    /// The service cannot be reached, or broke the connection.
    #[error("the service cannot be reached: check the network and whether it runs")]
    Unreachable,
}

/// A problem as the service told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// What it said, stripped of control characters and cut to a bound.
    pub problem: Problem,
    /// When it may be asked again, if it said so.
    pub retry_after: Option<Duration>,
}

impl ClientError {
    /// The problem's code when it is one of ours.
    pub fn code(&self) -> Option<ProblemCode> {
        match self {
            Self::Problem(refused) => ProblemCode::from_code(refused.problem.code()),
            _ => None,
        }
    }

    /// Whether the same call may succeed later.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Problem(refused) => refused.problem.retryable,
            Self::TimedOut | Self::Unreachable => true,
            Self::Address(_) | Self::Identity | Self::Malformed(_) => false,
        }
    }

    /// How long the service asks to wait, if it does.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Problem(refused) => refused.retry_after,
            _ => None,
        }
    }

    /// Sorts out why the transport failed. The error itself is dropped: its text holds the address.
    pub(crate) fn from_transport(error: &reqwest::Error) -> Self {
        if tls_refused(error) {
            Self::Identity
        } else if error.is_builder() {
            Self::Address("it is no valid URL")
        } else if error.is_connect() {
            Self::Unreachable
        } else if error.is_timeout() {
            Self::TimedOut
        } else {
            // Nothing is decoded on the way, so what is left is a connection that broke.
            Self::Unreachable
        }
    }
}

/// What a service said is its own words, and is told to our caller only: here it is its code, if that is one of ours.
impl Explain for ClientError {
    fn explain(&self, reason: &mut Reason) {
        match self {
            Self::Address(why) => reason.say("the address cannot be used").say(why),
            Self::Identity => reason.say("the TLS identity was refused, ours or theirs"),
            Self::Malformed(why) => reason.say("the answer is not understood").say(why),
            Self::Problem(refused) => {
                let code = self.code().map_or("unknown", ProblemCode::code);
                reason
                    .say("the service refused")
                    .with("problem", &code)
                    .with("status", &refused.problem.status)
            }
            Self::TimedOut => reason.say("no answer in time"),
            Self::Unreachable => reason.say("the service cannot be reached"),
        };
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.problem.title, self.problem.detail)
    }
}

impl std::error::Error for Refused {}

/// The TLS layer reports a refused certificate, its own or the alert of the other side, as invalid data on the stream.
fn tls_refused(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(one) = cause {
        if let Some(io) = one.downcast_ref::<io::Error>() {
            if io.kind() == io::ErrorKind::InvalidData {
                return true;
            }
            // An io::Error hides the error it wraps from `source`, so look inside.
            cause = io.get_ref().map(|inner| inner as &(dyn std::error::Error + 'static));
            if cause.is_some() {
                continue;
            }
        }
        cause = one.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_service_said_does_not_get_into_the_reason() {
        for kind in ["urn:ketenwijzer:problem:denied", "https://elsewhere.example/999990342"] {
            let problem = Problem {
                kind: kind.to_owned(),
                title: "999990342".to_owned(),
                status: 403,
                detail: "no 999990342 here".to_owned(),
                retryable: false,
                trace_id: Some("999990342".to_owned()),
                errors: Vec::new(),
            };
            let refused = Refused { problem, retry_after: None };
            let reason = format!("{:?}", Reason::of(&ClientError::Problem(Box::new(refused))));
            assert!(!reason.contains("999990342"), "{reason}");
        }
    }
}

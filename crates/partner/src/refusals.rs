//! What the partner's own systems are told when the chain does not answer.

use kw_client::{ClientError, PseudonymError};
use kw_protocol::problem::ProblemCode;
use kw_requester::RequestError;
use kw_runtime::Refusal;

/// A question without an answer.
pub(crate) fn of_request(error: &RequestError) -> Refusal {
    match error {
        RequestError::Index(error) => of_client("switchboard", error),
        RequestError::Pseudonym(PseudonymError::Client(error)) => of_client("pseudonymiser", error),
        RequestError::Pseudonym(PseudonymError::Blind(reason)) => {
            Refusal::new(ProblemCode::Invalid, "This subject cannot be asked about.")
                .field("/subject", reason.to_string())
        }
        RequestError::Pseudonym(
            PseudonymError::NoKnownKey | PseudonymError::ProofRefused { .. } | PseudonymError::Stopped,
        )
        | RequestError::TimedOut
        | RequestError::Record(_) => Refusal::new(ProblemCode::Unavailable, sentence(error)),
    }
}

/// A call that failed. What the service itself refused is passed on, in its own words, with its own code.
pub(crate) fn of_client(service: &'static str, error: &ClientError) -> Refusal {
    let ClientError::Problem(refused) = error else {
        return Refusal::new(ProblemCode::Unavailable, format!("The {service}: {error}."));
    };
    let code = match error.code() {
        // What they refuse of ours is ours to mend, not our caller's.
        Some(ProblemCode::CertificateRefused | ProblemCode::PartyUnknown | ProblemCode::Fault) | None => {
            ProblemCode::Unavailable
        }
        Some(code) => code,
    };
    let mut refusal = Refusal::new(code, format!("The {service}: {}", refused.problem.detail));
    for error in &refused.problem.errors {
        refusal = refusal.field(error.pointer.clone(), error.detail.clone());
    }
    refused.retry_after.into_iter().fold(refusal, Refusal::retry_after)
}

fn sentence(error: &RequestError) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

//! From what became of a call to what the dossier says of it.

use kw_client::ClientError;
use kw_protocol::dossier::SectionStatus;
use kw_protocol::problem::ProblemCode;

use crate::breaker::Health;

/// What the dossier says of a pull that delivered nothing, and what it tells about the holder's health.
///
/// Reasons are codes of ours, never text of the holder's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) status: SectionStatus,
    pub(crate) reason: Option<&'static str>,
    pub(crate) health: Health,
}

impl Outcome {
    pub(crate) const fn new(status: SectionStatus, reason: &'static str, health: Health) -> Self {
        Self { status, reason: Some(reason), health }
    }

    const fn plain(status: SectionStatus, health: Health) -> Self {
        Self { status, reason: None, health }
    }

    /// The breaker of this holder is open.
    pub(crate) const CIRCUIT_OPEN: Self =
        Self::new(SectionStatus::Unavailable, "circuit-open", Health::Unknown);
    /// The grant is not the one for this pull.
    pub(crate) const GRANT_MALFORMED: Self =
        Self::new(SectionStatus::Malformed, "grant-malformed", Health::Unknown);
    /// The switchboard disclosed what was not asked for, so it is not pulled.
    pub(crate) const NOT_ASKED: Self = Self::new(SectionStatus::Malformed, "not-asked", Health::Unknown);
    /// Our agreement does not know this holder, or it is suspended.
    pub(crate) const PARTY_UNKNOWN: Self =
        Self::new(SectionStatus::Unavailable, "party-unknown", Health::Unknown);
    /// There was not enough time left to ask, or to wait as long as the holder may take.
    pub(crate) const CUT_OFF: Self = Self::plain(SectionStatus::TimedOut, Health::Unknown);

    /// What a failed call comes to.
    pub(crate) fn of(error: &ClientError) -> Self {
        use SectionStatus::{Malformed, Refused, TimedOut, Unavailable};
        match error {
            ClientError::TimedOut => Self::plain(TimedOut, Health::Failed),
            ClientError::Unreachable => Self::new(Unavailable, "unreachable", Health::Failed),
            ClientError::Address(_) => Self::new(Unavailable, "address-unusable", Health::Unknown),
            ClientError::Identity => Self::new(Unavailable, "certificate-refused", Health::Failed),
            ClientError::Malformed(_) => Self::new(Malformed, "answer-malformed", Health::Alive),
            ClientError::Problem(refused) => match error.code() {
                Some(code) => Self::of_problem(code),
                None if refused.problem.status >= 500 => Self::new(Unavailable, "unknown", Health::Failed),
                None => Self::new(Refused, "unknown", Health::Alive),
            },
        }
    }

    fn of_problem(code: ProblemCode) -> Self {
        use SectionStatus::{Malformed, Refused, Unavailable};
        let reason = code.code();
        match code {
            ProblemCode::SubjectMismatch => Self::plain(SectionStatus::SubjectMismatch, Health::Alive),
            ProblemCode::BirthDateMismatch => Self::plain(SectionStatus::BirthDateMismatch, Health::Alive),
            ProblemCode::BirthDateUnknown => Self::plain(SectionStatus::BirthDateUnknown, Health::Alive),
            ProblemCode::DocumentMalformed => Self::new(Malformed, reason, Health::Alive),
            // The process answers; only one of its sources is away.
            ProblemCode::SourceUnavailable | ProblemCode::TooMany | ProblemCode::BudgetExhausted => {
                Self::new(Unavailable, reason, Health::Alive)
            }
            ProblemCode::Unavailable | ProblemCode::Fault | ProblemCode::TooSlow => {
                Self::new(Unavailable, reason, Health::Failed)
            }
            ProblemCode::ActorMismatch
            | ProblemCode::ActorUnproven
            | ProblemCode::BirthDateRequired
            | ProblemCode::CertificateRefused
            | ProblemCode::CheckpointRefused
            | ProblemCode::Conflict
            | ProblemCode::ConsentWithheld
            | ProblemCode::CountMismatch
            | ProblemCode::DelegationRefused
            | ProblemCode::Denied
            | ProblemCode::EpochUnknown
            | ProblemCode::GrantExpired
            | ProblemCode::GrantRefused
            | ProblemCode::GrantReused
            | ProblemCode::IdempotencyConflict
            | ProblemCode::IllegalTransition
            | ProblemCode::Invalid
            | ProblemCode::MethodNotAllowed
            | ProblemCode::NotFound
            | ProblemCode::Objected
            | ProblemCode::PartyUnknown
            | ProblemCode::ProofRefused
            | ProblemCode::RepresentationAge
            | ProblemCode::RepresentationEnded
            | ProblemCode::SignedOut
            | ProblemCode::TokenRefused
            | ProblemCode::TooLarge
            | ProblemCode::UnsupportedMediaType => Self::new(Refused, reason, Health::Alive),
        }
    }
}

#[cfg(test)]
mod tests {
    use kw_protocol::problem::{Problem, TYPE_BASE};

    use super::*;

    fn told(code: &str, status: u16) -> ClientError {
        let problem = Problem {
            kind: format!("{TYPE_BASE}{code}"),
            title: String::new(),
            status,
            detail: String::new(),
            retryable: false,
            trace_id: None,
            errors: Vec::new(),
        };
        ClientError::Problem(Box::new(kw_client::Refused { problem, retry_after: None }))
    }

    #[test]
    fn no_problem_ever_counts_as_delivered_or_nothing() {
        for code in ProblemCode::ALL {
            let outcome = Outcome::of(&told(code.code(), code.status()));
            assert!(
                !matches!(outcome.status, SectionStatus::Delivered | SectionStatus::Nothing),
                "{code:?} would make a dossier look complete"
            );
            assert!(outcome.reason.is_none_or(|reason| reason == code.code()), "{code:?}");
        }
    }

    #[test]
    fn a_code_that_we_do_not_know_is_judged_by_its_status_and_not_repeated() {
        assert_eq!(
            Outcome::of(&told("999990342", 418)),
            Outcome::new(SectionStatus::Refused, "unknown", Health::Alive)
        );
        assert_eq!(
            Outcome::of(&told("999990342", 507)),
            Outcome::new(SectionStatus::Unavailable, "unknown", Health::Failed)
        );
    }

    #[test]
    fn mix_ups_keep_their_own_status() {
        for (code, status) in [
            ("subject-mismatch", SectionStatus::SubjectMismatch),
            ("birth-date-mismatch", SectionStatus::BirthDateMismatch),
            ("birth-date-unknown", SectionStatus::BirthDateUnknown),
            ("birth-date-required", SectionStatus::Refused),
            ("document-malformed", SectionStatus::Malformed),
            ("source-unavailable", SectionStatus::Unavailable),
        ] {
            assert_eq!(Outcome::of(&told(code, 403)).status, status, "{code}");
        }
    }

    #[test]
    fn only_what_tells_that_the_holder_is_broken_counts_against_it() {
        for (error, health) in [
            (ClientError::TimedOut, Health::Failed),
            (ClientError::Unreachable, Health::Failed),
            (ClientError::Identity, Health::Failed),
            (ClientError::Malformed(""), Health::Alive),
            (told("denied", 403), Health::Alive),
            (told("source-unavailable", 503), Health::Alive),
            (told("fault", 500), Health::Failed),
        ] {
            assert_eq!(Outcome::of(&error).health, health, "{error:?}");
        }
    }
}

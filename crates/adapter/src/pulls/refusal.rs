//! Why a pull is not answered.

use kw_agreement::DenialReason;
use kw_domain::{Oin, TransactionId};
use kw_identity::ActorError;
use kw_protocol::problem::ProblemCode;
use kw_runtime::Refusal;

use crate::events::{PullFailed, PullRefused};
use crate::grants::GrantError;

/// Why a pull is not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PullRefusal {
    /// The person who asks is not shown to be who they are said to be.
    Actor(ActorError),
    /// The asker's birth date is another than the source's: one of them has the wrong person, or a wrong date.
    BirthDateMismatch,
    /// The asker has to prove a birth date and did not.
    BirthDateRequired,
    /// Asker or source does not know enough of the date.
    BirthDateUnknown,
    /// The handle's category is not among those of the grant: the switchboard and this holder disagree.
    Category,
    /// The switchboard cannot say what the person chose, and what it said before does not count any more.
    ConsentUnknown,
    /// The holder's own agreement does not allow it.
    Denied(DenialReason),
    /// The source's document is not what the agreement describes: the holder's to mend.
    Document,
    /// The grant is not accepted.
    Grant(GrantError),
    /// This holder never had a record under this handle, as far as its database knows: the database was lost or is an older
    /// one, or the switchboard has a handle that is not ours. The holder's to mend, by a synchronisation from the start.
    Handle,
    /// The represented person is not of the age that the mandate is for.
    RepresentationAge {
        /// Younger than the mandate could ever have been for: somebody has the wrong person.
        is_mix_up: bool,
    },
    /// The grant was used for another request.
    Reused,
    /// A value that this holder sealed does not open: the operator's to mend.
    Sealed,
    /// The source does not answer: the holder's to mend.
    Source,
    /// The source did not answer in time.
    SourceSlow,
    /// No proof was made with the binding's epoch: one side has to refresh.
    SubjectEpoch,
    /// The asker means another person.
    SubjectMismatch,
    /// The holder's own database cannot be read now.
    Unavailable,
}

impl PullRefusal {
    /// The problem type.
    pub(crate) fn code(&self) -> ProblemCode {
        match self {
            Self::Actor(error) => error.code(),
            Self::BirthDateMismatch => ProblemCode::BirthDateMismatch,
            Self::BirthDateRequired => ProblemCode::BirthDateRequired,
            Self::BirthDateUnknown => ProblemCode::BirthDateUnknown,
            Self::Category | Self::Handle => ProblemCode::GrantRefused,
            Self::Denied(DenialReason::ConsentWithheld) => ProblemCode::ConsentWithheld,
            Self::Denied(_) => ProblemCode::Denied,
            Self::Document => ProblemCode::DocumentMalformed,
            Self::Grant(error) => error.code(),
            Self::RepresentationAge { .. } => ProblemCode::RepresentationAge,
            Self::Reused => ProblemCode::GrantReused,
            Self::Sealed => ProblemCode::Fault,
            Self::Source | Self::SourceSlow => ProblemCode::SourceUnavailable,
            Self::SubjectEpoch | Self::SubjectMismatch => ProblemCode::SubjectMismatch,
            Self::ConsentUnknown | Self::Unavailable => ProblemCode::Unavailable,
        }
    }

    /// The reason as it stands in the record.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Actor(error) => error.reason(),
            Self::Category => "category-not-granted",
            Self::ConsentUnknown => "consent-unknown",
            Self::Denied(reason) => reason.as_str(),
            Self::Grant(error) => error.reason(),
            Self::Handle => "handle-unknown",
            Self::Sealed => "sealed-value-damaged",
            Self::SourceSlow => "source-too-slow",
            Self::SubjectEpoch => "binding-epoch-unproven",
            other => other.code().code(),
        }
    }

    /// Whether something broke, rather than being refused.
    pub(crate) fn is_failure(&self) -> bool {
        if let Self::Actor(error) = self {
            return error.code() == ProblemCode::Unavailable;
        }
        matches!(
            self,
            Self::ConsentUnknown
                | Self::Document
                | Self::Grant(GrantError::Keys(_))
                | Self::Sealed
                | Self::Source
                | Self::SourceSlow
                | Self::Unavailable
        )
    }

    /// Whether the grant is not used up by this refusal: nothing about the subject was tried with it.
    ///
    /// Every refusal after the proofs were looked at uses it up. Otherwise one grant could be spent on trying out all
    /// birth dates of a person.
    pub(crate) fn keeps_the_grant(&self) -> bool {
        matches!(self, Self::Actor(_) | Self::Grant(_) | Self::Handle | Self::Reused | Self::Unavailable)
    }

    /// What the caller is told, with a line in the log where the operator or the security officer must know.
    pub(crate) fn tell(&self, caller: Oin, transaction: Option<TransactionId>) -> Refusal {
        let reason = self.reason();
        if self.is_failure() {
            PullFailed { caller, transaction, reason }.log();
        } else if self.is_security_event() {
            PullRefused { caller, transaction, reason }.log();
        }
        self.told()
    }

    /// The same without the line.
    pub(crate) fn told(&self) -> Refusal {
        if *self == Self::Sealed {
            return Refusal::fault("a sealed value of a local record does not open");
        }
        Refusal::new(self.code(), self.detail())
    }

    /// Whether the security officer must know.
    pub(crate) fn is_security_event(&self) -> bool {
        match self {
            Self::Grant(error) => !matches!(error, GrantError::Early | GrantError::Expired),
            // A person who chose is no incident.
            Self::Denied(reason) => !reason.is_about_subject(),
            Self::Actor(_)
            | Self::BirthDateMismatch
            | Self::Category
            | Self::Handle
            | Self::RepresentationAge { is_mix_up: true }
            | Self::Reused
            | Self::SubjectMismatch => true,
            _ => false,
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::Actor(error) => return error.detail(),
            Self::BirthDateMismatch => {
                "The birth date differs from the one at the source. Make sure that you have the right person; do not \
                 combine this with other data."
            }
            Self::BirthDateRequired => {
                "This purpose or category, or acting for somebody else, demands the birth date. Ask again with it."
            }
            Self::BirthDateUnknown => {
                "The birth date is known to one of both sides by its year at most, so it cannot tell two people apart. \
                 Follow the two-person procedure."
            }
            Self::Category => {
                "The grant does not cover the category of this handle. Ask the switchboard again, and report it to the \
                 chain's operator if it happens twice."
            }
            Self::ConsentUnknown => {
                "The holder cannot find out what the person chose, so it discloses nothing. Send the same request again."
            }
            Self::Denied(DenialReason::ConsentWithheld) => "The person does not consent to this, or objected.",
            Self::Denied(_) => "The holder's own agreement does not allow this. Compare the agreements of both sides.",
            Self::Document => "The source gave a document that does not fit the agreement. The holder has to mend it.",
            Self::Grant(error) => return sentence(&error.to_string()),
            Self::Handle => {
                "This holder knows nothing of this handle, so it cannot say whether it has data. Treat the dossier as \
                 incomplete; the holder has to synchronise from the start."
            }
            Self::RepresentationAge { .. } => {
                "The person is not of the age that this mandate is for. The mandate has to be ended or made anew by its \
                 registrar; do not combine this with other data."
            }
            Self::Reused => "The grant was used for another request. Ask the switchboard for a new one.",
            Self::Sealed => "",
            Self::Source => "The source cannot be read now. Try again later, with a new query.",
            Self::SourceSlow => "The source did not answer in time. Send the same request again, or ask again later.",
            Self::SubjectEpoch => {
                "No proof was made with the key generation that this holder has. The holder refreshes after a rotation \
                 of keys; the asker proves with every generation that the pseudonymiser gives. Ask again later."
            }
            Self::SubjectMismatch => {
                "The handle belongs to another person than the one you mean. Do not combine this with other data, and \
                 report it to the chain's operator."
            }
            Self::Unavailable => "The holder cannot look this up now. Send the same request again.",
        }
        .to_owned()
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

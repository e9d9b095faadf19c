//! What the person is shown and decides: `GET` and `POST /v1/authorisation/consents/{id}`, for the browser that has the
//! cookie of this authorisation and for nobody else.

use kw_domain::{AuthorisationId, Category, Oin};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::RepresentationScope;

/// How far it is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum ConsentView {
    /// The person is asked.
    Asked(Box<ConsentQuestion>),
    /// It ended without a question. The person is told why, and led back.
    Ended(EndedAuthorisation),
}

/// What the person is asked (the *Toestemmingsverklaring*): who, for whom, which holder, which recipient, which data.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConsentQuestion {
    /// This authorisation.
    #[schema(value_type = String)]
    pub id: AuthorisationId,
    /// Who decides.
    pub acting: Acting,
    /// For whom, when not for themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub represented: Option<Represented>,
    /// Who would give the data.
    pub holder: NamedParty,
    /// Who would get them.
    pub recipient: NamedParty,
    /// Which data.
    pub categories: Vec<NamedCategory>,
    /// What for, in words for the person.
    pub purpose: String,
    /// The article of law.
    pub legal_basis: String,
    /// To be decided within so many seconds.
    pub expires_in: u64,
}

/// The person who is at the keys.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Acting {
    /// First name, if the provider's statement has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How sure the provider is that it is this person (a URI).
    pub assurance: String,
}

/// The person whom it is about.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Represented {
    /// First name, if the provider's statement has one. Never from the holder's own files: that would tell, before any
    /// consent, whether there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// On what ground the acting person acts.
    pub kind: RepresentationScope,
}

/// A party as people know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NamedParty {
    /// Who.
    #[schema(value_type = String)]
    pub oin: Oin,
    /// Its name in the agreement.
    pub name: String,
}

/// A category as people know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NamedCategory {
    /// Its code.
    #[schema(value_type = String)]
    pub code: Category,
    /// Its title in the agreement.
    pub title: String,
}

/// It ended before the person could be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EndedAuthorisation {
    /// Why, for the person. The personal environment is told `access_denied` or `temporarily_unavailable` only.
    pub reason: FailureCode,
    /// Where the person's browser goes back to.
    pub redirect_to: String,
}

/// Why an authorisation ended without a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FailureCode {
    /// The provider is less sure of the person than the agreement demands.
    AssuranceTooLow,
    /// The person did not sign in, or stopped.
    AuthenticationFailed,
    /// The birth date in the request is not that of the person in the statement.
    BirthDateMismatch,
    /// The birth date cannot be compared: on one side no more than the year is known.
    BirthDateUnknown,
    /// The mandate is not active, of another kind, or does not cover what is asked.
    MandateRefused,
    /// The represented person's age is not one at which such a mandate exists.
    RepresentationAge,
    /// Asked for somebody else, and the statement is about the acting person themselves (autorisatie.202).
    RepresentationMissing,
    /// The statement is about somebody else, and that was not asked for (autorisatie.204).
    RepresentationUnasked,
    /// What the provider said cannot be trusted: signature, audience, nonce, age.
    StatementRefused,
    /// Something that it takes cannot be reached now.
    Unavailable,
}

impl FailureCode {
    /// All of them, in alphabetical order.
    pub const ALL: [Self; 10] = [
        Self::AssuranceTooLow,
        Self::AuthenticationFailed,
        Self::BirthDateMismatch,
        Self::BirthDateUnknown,
        Self::MandateRefused,
        Self::RepresentationAge,
        Self::RepresentationMissing,
        Self::RepresentationUnasked,
        Self::StatementRefused,
        Self::Unavailable,
    ];

    /// The code as it stands in messages, records and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AssuranceTooLow => "assurance-too-low",
            Self::AuthenticationFailed => "authentication-failed",
            Self::BirthDateMismatch => "birth-date-mismatch",
            Self::BirthDateUnknown => "birth-date-unknown",
            Self::MandateRefused => "mandate-refused",
            Self::RepresentationAge => "representation-age",
            Self::RepresentationMissing => "representation-missing",
            Self::RepresentationUnasked => "representation-unasked",
            Self::StatementRefused => "statement-refused",
            Self::Unavailable => "unavailable",
        }
    }

    /// The code with this word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }
}

/// What the person decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConsentDecision {
    /// Yes or no.
    pub decision: ConsentVerdict,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ConsentVerdict {
    /// The data may go to the recipient.
    Given,
    /// They may not.
    Refused,
}

/// Where the person's browser goes now: `code`, `state` and `iss` (RFC 9207), or `error`, `state` and `iss`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Decided {
    /// The personal environment's redirect address with its parameters.
    pub redirect_to: String,
}

impl std::fmt::Debug for Decided {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // It has the code.
        f.write_str("Decided(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failure_codes_are_sorted_written_as_named_and_read_back() {
        assert!(FailureCode::ALL.map(FailureCode::as_str).is_sorted());
        for code in FailureCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
            assert_eq!(FailureCode::parse(code.as_str()), Some(code));
        }
    }

    #[test]
    fn where_the_browser_goes_is_not_shown_in_debug() {
        let decided = Decided { redirect_to: "https://pgo.example/back?code=secret".to_owned() };
        assert!(!format!("{decided:?}").contains("secret"));
    }
}

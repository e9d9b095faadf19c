//! Problem details (RFC 9457) with stable codes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The base of every problem type; the code follows.
pub const TYPE_BASE: &str = "urn:ketenwijzer:problem:";

/// A refusal or fault as it goes over the wire. Never repeats any part of the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// `urn:ketenwijzer:problem:<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The code in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened and what to do next.
    pub detail: String,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// W3C trace id of the request, for the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// Which fields are wrong, all at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FieldProblem {
    /// JSON pointer (RFC 6901) into the body, or the name of the parameter or header.
    pub pointer: String,
    /// What was expected.
    pub detail: String,
}

impl Problem {
    /// The stable code: what follows [`TYPE_BASE`].
    pub fn code(&self) -> &str {
        self.kind.strip_prefix(TYPE_BASE).unwrap_or("unknown")
    }
}

macro_rules! problem_codes {
    ($($(#[$doc:meta])+ $name:ident = $code:literal, $status:literal, $retryable:literal, $title:literal;)+) => {
        /// Every problem type there is (docs/errors.md).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ProblemCode { $($(#[$doc])+ $name,)+ }

        impl ProblemCode {
            /// All problem types, in alphabetical order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable code.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// The HTTP status.
            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status,)+ }
            }

            /// Whether the same request may succeed later.
            pub fn retryable(self) -> bool {
                match self { $(Self::$name => $retryable,)+ }
            }

            /// The title.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)+ }
            }

            /// The type with this code.
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

problem_codes! {
    /// The pull names another actor than the grant.
    ActorMismatch = "actor-mismatch", 403, false, "The actor is not the one the grant was issued for";
    /// The actor is said to be proven, and the proof does not show it.
    ActorUnproven = "actor-unproven", 403, false, "The proof of who asks is refused";
    /// The birth date differs.
    BirthDateMismatch = "birth-date-mismatch", 403, false, "The birth date differs from the holder's";
    /// A birth date was demanded and not proven.
    BirthDateRequired = "birth-date-required", 403, false, "A birth-date proof is required";
    /// The birth date cannot be compared.
    BirthDateUnknown = "birth-date-unknown", 403, false, "The birth date cannot be compared";
    /// A budget is used up.
    BudgetExhausted = "budget-exhausted", 429, true, "The budget is used up";
    /// The certificate has no usable identity, or was revoked or expired since the connection was made.
    CertificateRefused = "certificate-refused", 401, false, "The certificate is refused";
    /// No key that is trusted for the log signed the checkpoint.
    CheckpointRefused = "checkpoint-refused", 403, false, "The checkpoint is not signed by its log";
    /// The request conflicts with what is stored.
    Conflict = "conflict", 409, false, "The request conflicts with the stored state";
    /// The person did not consent, or objected, and the purpose lets the asker know.
    ConsentWithheld = "consent-withheld", 403, false, "The person does not consent";
    /// The expected count is wrong.
    CountMismatch = "count-mismatch", 409, false, "The expected count is wrong";
    /// The supplier has no mandate for this.
    DelegationRefused = "delegation-refused", 403, false, "There is no mandate for this";
    /// Role, purpose and category do not go together.
    Denied = "denied", 403, false, "The agreement does not allow this";
    /// The document does not fit the agreement's schema.
    DocumentMalformed = "document-malformed", 502, false, "The source's document does not fit its schema";
    /// The pseudonymiser's key epoch is not live.
    EpochUnknown = "epoch-unknown", 409, true, "The key epoch is not live";
    /// Something broke inside.
    Fault = "fault", 500, true, "An internal fault";
    /// The grant is void.
    GrantExpired = "grant-expired", 403, true, "The grant is void at this time";
    /// The grant is not one that this holder can accept.
    GrantRefused = "grant-refused", 403, false, "The grant is refused";
    /// The grant was used for another request.
    GrantReused = "grant-reused", 409, false, "The grant was used before";
    /// The idempotency key was used for another request.
    IdempotencyConflict = "idempotency-conflict", 409, false, "The idempotency key belongs to another request";
    /// The transition is not legal.
    IllegalTransition = "illegal-transition", 409, false, "The state does not allow this";
    /// The request is not well formed.
    Invalid = "invalid", 400, false, "The request is invalid";
    /// The method is not offered here.
    MethodNotAllowed = "method-not-allowed", 405, false, "The method is not offered here";
    /// There is no such thing, or it is not the caller's.
    NotFound = "not-found", 404, false, "Not found";
    /// An objection of the person was upheld.
    Objected = "objected", 409, false, "An objection to this registration was upheld";
    /// The caller's party is not in the agreement, or suspended.
    PartyUnknown = "party-unknown", 403, false, "The party is not in the agreement";
    /// The proof does not lead from what the witness saw to the checkpoint.
    ProofRefused = "proof-refused", 422, false, "The consistency proof does not fit";
    /// The represented person is not of the age that the mandate is for.
    RepresentationAge = "representation-age", 403, false, "The person is not of the age of this mandate";
    /// The mandate under which a token was given does not count any more.
    RepresentationEnded = "representation-ended", 403, false, "The representation has ended";
    /// There is no session, or it has ended.
    SignedOut = "signed-out", 401, false, "Nobody is signed in";
    /// The source cannot answer.
    SourceUnavailable = "source-unavailable", 503, true, "The source cannot be read";
    /// The handle is another person's.
    SubjectMismatch = "subject-mismatch", 403, false, "The handle belongs to another person";
    /// The token is unknown, expired, or not of this certificate.
    TokenRefused = "token-refused", 401, false, "The token is refused";
    /// The body is too large.
    TooLarge = "too-large", 413, false, "The request is too large";
    /// The service is at its bound.
    TooMany = "too-many", 429, true, "The service is at its bound";
    /// A body did not come in time.
    TooSlow = "too-slow", 408, true, "The request took too long";
    /// The service cannot record what it does, so it does nothing.
    Unavailable = "unavailable", 503, true, "The service cannot do this now";
    /// The media type is not understood.
    UnsupportedMediaType = "unsupported-media-type", 415, false, "The media type is not understood";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_sorted_and_read_back() {
        let codes: Vec<_> = ProblemCode::ALL.iter().map(|code| code.code()).collect();
        assert!(codes.is_sorted(), "{codes:?}");
        for code in ProblemCode::ALL {
            assert_eq!(ProblemCode::from_code(code.code()), Some(*code));
        }
    }
}
